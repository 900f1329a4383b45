//! A note: what it holds, the rules of its texts, and how an edit changes it.
//!
//! Knows neither how a note is written on the wire nor where it is kept.

use std::cmp::Reverse;
use std::fmt;

use chassis::clock::Timestamp;
use chassis::entropy::Stream;
use chassis::id::AccountId;
use uuid::{Builder, Uuid};

/// Length of a title at most, in UTF-16 units (CONTRACT.md, *Fields and their messages*).
const TITLE_UNITS_MAX: usize = 100;

/// The id of a note: a UUID, of version 4 when it is drawn here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NoteId(Uuid);

impl NoteId {
    /// Draws a fresh id.
    pub(crate) fn random(stream: &Stream) -> Self {
        Self(Builder::from_random_bytes(stream.bytes()).into_uuid())
    }

    /// Reads the hyphenated form, in either case; no other spelling of a UUID is an id.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let hyphenated = text.len() == uuid::fmt::Hyphenated::LENGTH;
        Uuid::try_parse(text).ok().filter(|_| hyphenated).map(Self)
    }

    /// The id with these bytes.
    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// The id's bytes.
    pub(crate) const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

/// The hyphenated form in lower case.
impl fmt::Display for NoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// Any Unicode text without a NUL character.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Text(String);

impl Text {
    /// Takes a text; `None` when it holds a NUL.
    pub(crate) fn new(text: String) -> Option<Self> {
        (!text.contains('\0')).then_some(Self(text))
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, given away.
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

/// A note's title: a text of at most 100 UTF-16 units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Title(Text);

impl Title {
    /// Takes a title; `None` when it is too long.
    pub(crate) fn new(text: Text) -> Option<Self> {
        let units = text.as_str().encode_utf16().count();
        (units <= TITLE_UNITS_MAX).then_some(Self(text))
    }

    /// The title as text.
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The title, given away.
    pub(crate) fn into_string(self) -> String {
        self.0.into_string()
    }
}

/// `Untitled`.
impl Default for Title {
    fn default() -> Self {
        Self(Text("Untitled".to_owned()))
    }
}

/// What an author writes when a note begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) title: Title,
    pub(crate) content: Text,
    /// In the author's order, duplicates kept.
    pub(crate) tags: Vec<Text>,
    pub(crate) is_pinned: bool,
    pub(crate) is_archived: bool,
    pub(crate) background_color: Text,
}

impl Draft {
    /// The background of a note whose author chose none.
    pub(crate) fn default_background() -> Text {
        Text("#ffffff".to_owned())
    }
}

/// What an author changes; fields that are `None` stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) title: Option<Title>,
    pub(crate) content: Option<Text>,
    pub(crate) tags: Option<Vec<Text>>,
    pub(crate) is_pinned: Option<bool>,
    pub(crate) is_archived: Option<bool>,
    pub(crate) background_color: Option<Text>,
}

/// A note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) id: NoteId,
    pub(crate) author: AccountId,
    pub(crate) draft: Draft,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// Where a note stands in its author's lists: pinned ones first, then the newest change, then by id, so that
/// no two notes share a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) is_pinned: Reverse<bool>,
    pub(crate) updated_at: Reverse<Timestamp>,
    pub(crate) id: NoteId,
}

impl Note {
    /// A note that begins at `now`.
    pub(crate) const fn new(id: NoteId, author: AccountId, draft: Draft, now: Timestamp) -> Self {
        Self {
            id,
            author,
            draft,
            created_at: now,
            updated_at: now,
        }
    }

    /// The note after `edit` at `now`; an edit without fields leaves everything as it is, the time included.
    pub(crate) fn edited(&self, edit: Edit, now: Timestamp) -> Self {
        if edit == Edit::default() {
            return self.clone();
        }
        let Self {
            id,
            author,
            draft,
            created_at,
            ..
        } = self.clone();
        let draft = Draft {
            title: edit.title.unwrap_or(draft.title),
            content: edit.content.unwrap_or(draft.content),
            tags: edit.tags.unwrap_or(draft.tags),
            is_pinned: edit.is_pinned.unwrap_or(draft.is_pinned),
            is_archived: edit.is_archived.unwrap_or(draft.is_archived),
            background_color: edit.background_color.unwrap_or(draft.background_color),
        };
        Self {
            id,
            author,
            draft,
            created_at,
            updated_at: now,
        }
    }
}

#[cfg(test)]
mod tests {
    use chassis::entropy::Entropy;

    use super::*;

    const AUTHOR: AccountId = AccountId::from_bytes([7; 12]);

    fn text(text: &str) -> Text {
        Text::new(text.to_owned()).unwrap()
    }

    fn note(updated_ms: i64) -> Note {
        let draft = Draft {
            title: Title::default(),
            content: text("c"),
            tags: vec![text("a"), text("a")],
            is_pinned: false,
            is_archived: true,
            background_color: Draft::default_background(),
        };
        Note::new(
            NoteId::from_bytes([1; 16]),
            AUTHOR,
            draft,
            Timestamp::from_millis(updated_ms),
        )
    }

    #[test]
    fn a_drawn_id_is_a_version_4_uuid() {
        let id = NoteId::random(&Entropy::seeded(1).stream("notes", "note id")).to_string();
        assert_eq!((id.len(), id.chars().nth(14)), (36, Some('4')));
        assert!(matches!(id.chars().nth(19), Some('8' | '9' | 'a' | 'b')), "{id}");
    }

    #[test]
    fn only_the_hyphenated_form_is_an_id() {
        let id = "b1cb1816-7d85-457c-9f32-2a1422d00e17";
        assert_eq!(NoteId::parse(&id.to_uppercase()).unwrap().to_string(), id);
        let plain = id.replace('-', "");
        for other in [
            "",
            "123",
            "ü",
            &plain,
            &format!("{{{id}}}"),
            &format!("urn:uuid:{id}"),
            &format!("{id}0"),
        ] {
            assert_eq!(NoteId::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_title_has_at_most_100_utf_16_units() {
        for (char, fitting) in [("t", 100), ("é", 100), ("🙂", 50)] {
            assert!(Title::new(text(&char.repeat(fitting))).is_some(), "{char}");
            assert!(Title::new(text(&char.repeat(fitting + 1))).is_none(), "{char}");
        }
        assert_eq!(Text::new("a\0b".to_owned()), None);
    }

    #[test]
    fn an_edit_changes_only_its_fields_and_the_time() {
        let before = note(1);
        let edit = Edit {
            content: Some(text("new")),
            is_pinned: Some(true),
            ..Edit::default()
        };
        let after = before.edited(edit, Timestamp::from_millis(2));
        assert_eq!(
            (after.draft.content.as_str(), after.draft.is_pinned),
            ("new", true)
        );
        assert_eq!(
            (after.created_at, after.updated_at),
            (before.created_at, Timestamp::from_millis(2))
        );
        assert_eq!(
            (&after.draft.tags, after.draft.is_archived),
            (&before.draft.tags, true)
        );
    }

    #[test]
    fn an_edit_without_fields_changes_nothing_at_all() {
        assert_eq!(
            note(1).edited(Edit::default(), Timestamp::from_millis(2)),
            note(1)
        );
    }

    #[test]
    fn pinned_notes_come_first_then_the_newest_then_the_lower_id() {
        let place = |is_pinned, ms, id| Place {
            is_pinned: Reverse(is_pinned),
            updated_at: Reverse(Timestamp::from_millis(ms)),
            id: NoteId::from_bytes([id; 16]),
        };
        let in_order = [
            place(true, 1, 3),
            place(false, 9, 1),
            place(false, 9, 2),
            place(false, 8, 0),
        ];
        assert!(in_order.is_sorted());
    }
}
