//! Records of a bundle on the wire: all that notes keeps of a note and of its author.
//!
//! Names here are those of a file that people keep: they change only with the version of its format.

use chassis::bundle::{self, account, instant, moment, standing};
use chassis::failure::Failure;
use chassis::field::Fields;
use chassis::id::AccountId;
use chassis::standing::Standing;
use serde::Serialize;

use super::draft_of;
use crate::NAME;
use crate::bundle::Record;
use crate::note::{Note, NoteId, Text};

/// A record as a line.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Line<'a> {
    Author(AuthorLine),
    Note(Box<NoteLine<'a>>),
}

#[derive(Serialize)]
pub(crate) struct AuthorLine {
    service: &'static str,
    kind: &'static str,
    account: AccountId,
    #[serde(flatten)]
    standing: Standing,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NoteLine<'a> {
    service: &'static str,
    kind: &'static str,
    id: String,
    author: AccountId,
    title: &'a str,
    content: &'a str,
    tags: Vec<&'a str>,
    is_pinned: bool,
    is_archived: bool,
    background_color: &'a str,
    created_at: String,
    updated_at: String,
}

/// The line of `record`.
pub(crate) fn line(record: &Record) -> Line<'_> {
    match record {
        Record::Author(account, standing) => {
            Line::Author(AuthorLine { service: NAME, kind: "author", account: *account, standing: *standing })
        }
        Record::Note(note) => Line::Note(Box::new(note_line(note))),
    }
}

fn note_line(note: &Note) -> NoteLine<'_> {
    let draft = &note.draft;
    NoteLine {
        service: NAME,
        kind: "note",
        id: note.id.to_string(),
        author: note.author,
        title: draft.title.as_str(),
        content: draft.content.as_str(),
        tags: draft.tags.iter().map(Text::as_str).collect(),
        is_pinned: draft.is_pinned,
        is_archived: draft.is_archived,
        background_color: draft.background_color.as_str(),
        created_at: note.created_at.to_string(),
        updated_at: note.updated_at.to_string(),
    }
}

impl bundle::Record for Record {
    const SERVICE: &'static str = NAME;

    fn read(kind: &str, mut fields: Fields) -> Result<Self, Failure> {
        let record = match kind {
            "author" => {
                account(&mut fields, "account").map(|account| Self::Author(account, standing(&mut fields)))
            }
            "note" => read_note(&mut fields).map(|note| Self::Note(Box::new(note))),
            _ => return Err(bundle::unknown_kind(NAME, kind)),
        };
        fields.finish_exactly()?;
        record.ok_or_else(|| Failure::invalid(Vec::new()))
    }
}

fn read_note(fields: &mut Fields) -> Option<Note> {
    let id = fields.required_string("id", "Id is required");
    let id = fields.check("id", id.as_deref(), |text| NoteId::parse(text).ok_or("Id must be a UUID"));
    let (author, draft) = (account(fields, "author"), draft_of(fields));
    let created_at = moment(fields, "createdAt")?;
    let updated_at = instant(fields, "updatedAt").unwrap_or(created_at);
    let (id, author, draft) = (id?, author?, draft?);
    Some(Note { id, author, draft, created_at, updated_at })
}

#[cfg(test)]
mod tests {
    use chassis::bundle::Record as _;
    use chassis::clock::Timestamp;
    use chassis::standing::Rung;
    use serde_json::{Value, json};

    use super::*;
    use crate::note::{Draft, Title};

    fn read(mut line: Value) -> Result<Record, Failure> {
        let members = line.as_object_mut().unwrap();
        let kind = members.remove("kind").unwrap();
        members.remove("service").unwrap();
        Record::read(kind.as_str().unwrap(), Fields::of(Some(line)).unwrap().naming_themselves())
    }

    fn text(text: &str) -> Text {
        Text::new(text.to_owned()).unwrap()
    }

    fn full() -> Note {
        let draft = Draft {
            title: Title::new(text("")).unwrap(),
            content: text(" \u{1}\u{2028}\u{feff}🙂\r\n\"\\ "),
            tags: ["b", "a", "b", ""].map(text).to_vec(),
            is_pinned: true,
            is_archived: true,
            background_color: text(""),
        };
        let author = AccountId::from_bytes([7; 12]);
        let note = Note::new(NoteId::from_bytes([9; 16]), author, draft, Timestamp::from_millis(-1));
        Note { updated_at: Timestamp::from_millis(-2), ..note }
    }

    #[test]
    fn a_note_is_read_as_it_was_written_whatever_it_says() {
        let written = serde_json::to_value(line(&Record::Note(Box::new(full())))).unwrap();
        let Record::Note(read) = read(written).unwrap() else { panic!("a note became something else") };
        assert_eq!(*read, full());
    }

    #[test]
    fn an_author_is_read_as_it_was_written() {
        let author = AccountId::from_bytes([7; 12]);
        for rung in [Rung::Active, Rung::Disabled, Rung::Deleted] {
            let standing = Standing { generation: 2, rung, epoch: 9 };
            let written = serde_json::to_value(line(&Record::Author(author, standing))).unwrap();
            let Record::Author(account, read) = read(written).unwrap() else {
                panic!("an author became something else");
            };
            assert_eq!((account, read), (author, standing));
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_field() {
        let good = serde_json::to_value(line(&Record::Note(Box::new(full())))).unwrap();
        for (field, value) in [
            ("id", json!("1")),
            ("author", json!("1")),
            ("title", json!("t".repeat(101))),
            ("content", json!("a\u{0}b")),
            ("tags", json!("one")),
            ("isPinned", json!("yes")),
            ("createdAt", json!(7)),
            ("account", json!("07".repeat(12))),
        ] {
            let mut wrong = good.clone();
            wrong[field] = value;
            let failure = read(wrong).unwrap_err();
            assert!(failure.fields().iter().any(|error| error.field == field), "{field}: {failure:?}");
        }
    }
}
