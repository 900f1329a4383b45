//! Notes in fixture files: what one may say, by the very rules of the public routes.
//!
//! Knows one object at a time; files, their users and what they leave out are the topology's business.

use chassis::clock::Timestamp;
use chassis::failure::FieldError;
use chassis::field::Fields;
use chassis::id::AccountId;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::api::draft_of;
use crate::note::{Note, NoteId};

/// A note of a fixture, valid by construction: `account`, `id`, `createdAt`, `updatedAt` and the fields of a new
/// note. A JSON array of them is the body of `POST /internal/fixtures`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub struct Item {
    note: Note,
    /// What it was read from, and is sent as.
    source: Value,
}

/// Reads one note with everything filled in that a file may leave out (`account`, `id`, the times).
///
/// # Errors
/// Every field that is wrong, in the order of the contract's table.
pub fn parse(value: &Value) -> Result<Item, Vec<FieldError>> {
    let mut fields = Fields::of(Some(value.clone())).map_err(|failure| {
        vec![FieldError {
            field: "note".into(),
            message: failure.message().to_owned().into(),
        }]
    })?;
    let note = note_of(&mut fields);
    fields.finish().map_err(|failure| failure.fields().to_vec())?;
    note.map(|note| Item {
        note,
        source: value.clone(),
    })
    .ok_or_else(Vec::new)
}

fn note_of(fields: &mut Fields) -> Option<Note> {
    let author = parsed(
        fields,
        "account",
        "account must be the id of a user",
        AccountId::parse,
    );
    let id = parsed(fields, "id", "id must be a UUID", NoteId::parse);
    let draft = draft_of(fields);
    let created_at = parsed(
        fields,
        "createdAt",
        "createdAt must be an RFC 3339 time",
        Timestamp::parse,
    );
    let updated_at = parsed(
        fields,
        "updatedAt",
        "updatedAt must be an RFC 3339 time",
        Timestamp::parse,
    );
    Some(Note {
        id: id?,
        author: author?,
        draft: draft?,
        created_at: created_at?,
        updated_at: updated_at?,
    })
}

fn parsed<T>(
    fields: &mut Fields,
    name: &'static str,
    message: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let text = fields.required_string(name, message)?;
    parse(&text).or_else(|| fields.fail(name, message))
}

impl Item {
    /// The note.
    pub(crate) fn into_note(self) -> Note {
        self.note
    }
}

impl TryFrom<Value> for Item {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        parse(&value).map_err(|errors| {
            let told = errors
                .iter()
                .map(|error| format!("{}: {}", error.field, error.message));
            told.collect::<Vec<_>>().join("; ")
        })
    }
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.source.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value() -> Value {
        json!({
            "account": "a190d9a9551b5d3780443007",
            "id": "b1cb1816-7d85-457c-9f32-2a1422d00e17",
            "title": "House rules",
            "content": "Close the door.",
            "tags": ["rules"],
            "isPinned": true,
            "createdAt": "2026-01-06T09:00:00.000Z",
            "updatedAt": "2026-01-07T09:00:00.000Z",
        })
    }

    #[test]
    fn an_item_reads_like_a_new_note_with_its_past() {
        let note = parse(&value()).unwrap().into_note();
        assert_eq!(note.author.to_string(), "a190d9a9551b5d3780443007");
        assert_eq!(
            (note.draft.is_pinned, note.draft.background_color.as_str()),
            (true, "#ffffff")
        );
        assert_eq!(note.updated_at.to_string(), "2026-01-07T09:00:00.000Z");
    }

    #[test]
    fn every_wrong_field_is_named() {
        let mut wrong = value();
        wrong["account"] = json!("me");
        wrong["title"] = json!("t".repeat(101));
        wrong["tags"] = json!("rules");
        wrong["updatedAt"] = json!("yesterday");
        wrong.as_object_mut().unwrap().remove("content");
        let errors = parse(&wrong).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_ref()).collect();
        assert_eq!(fields, ["account", "title", "content", "tags", "updatedAt"]);
        assert_eq!(parse(&json!([])).unwrap_err()[0].field, "note");
    }

    #[test]
    fn an_item_survives_the_wire_and_is_checked_again() {
        let item = parse(&value()).unwrap();
        let sent = serde_json::to_string(&item).unwrap();
        assert_eq!(serde_json::from_str::<Item>(&sent).unwrap(), item);
        assert!(serde_json::from_str::<Item>(&sent.replace("-7d85-", "-")).is_err());
    }
}
