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

/// Bytes of a note's texts at most, as an answer writes them: a page of 1,000 notes stays an answer that the gateway
/// takes. One request brings half as many.
const WRITTEN_MAX: usize = 20 * 1024;

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
    /// Whether it is more than a page has room for.
    pub(crate) fn is_too_large(&self) -> bool {
        self.written() > WRITTEN_MAX
    }

    /// Bytes of its texts in an answer.
    fn written(&self) -> usize {
        let texts = [self.title.as_str(), self.content.as_str(), self.background_color.as_str()];
        texts.into_iter().chain(self.tags.iter().map(Text::as_str)).map(written).sum()
    }

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

/// A note from elsewhere, with as much of its past as is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Import {
    pub(crate) id: NoteId,
    pub(crate) author: AccountId,
    pub(crate) draft: Draft,
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) updated_at: Option<Timestamp>,
}

impl Import {
    /// The note as it arrives at `now`: created then if no time is known, and not changed since.
    pub(crate) fn into_note(self, now: Timestamp) -> Note {
        let created_at = self.created_at.unwrap_or(now);
        let updated_at = self.updated_at.unwrap_or(created_at);
        Note { id: self.id, author: self.author, draft: self.draft, created_at, updated_at }
    }
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
        Self { id, author, draft, created_at: now, updated_at: now }
    }

    /// Whether an edit made this of `before`, and made it larger than a note may be. One that came from elsewhere and is
    /// larger already may be edited down.
    pub(crate) fn outgrew(&self, before: &Self) -> bool {
        self.draft.is_too_large() && self.draft.written() > before.draft.written()
    }

    /// The note after `edit` at `now`; an edit without fields leaves everything as it is, the time included.
    pub(crate) fn edited(&self, edit: Edit, now: Timestamp) -> Self {
        if edit == Edit::default() {
            return self.clone();
        }
        let Self { id, author, draft, created_at, .. } = self.clone();
        let draft = Draft {
            title: edit.title.unwrap_or(draft.title),
            content: edit.content.unwrap_or(draft.content),
            tags: edit.tags.unwrap_or(draft.tags),
            is_pinned: edit.is_pinned.unwrap_or(draft.is_pinned),
            is_archived: edit.is_archived.unwrap_or(draft.is_archived),
            background_color: edit.background_color.unwrap_or(draft.background_color),
        };
        Self { id, author, draft, created_at, updated_at: now }
    }
}

/// Bytes of a JSON string (RFC 8259, section 7), and of the comma behind it.
fn written(text: &str) -> usize {
    let of = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0..=0x1f => 6,
        _ => 1,
    };
    text.bytes().map(of).sum::<usize>() + "\"\",".len()
}

#[cfg(test)]
mod tests;
