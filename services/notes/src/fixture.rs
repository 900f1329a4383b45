//! Notes of fixture files: what one may say, under the rules of the public routes.
//!
//! Where an object stands in its file, and what its absent id becomes, is the reader's business.

use chassis::clock::Timestamp;
use chassis::failure::{Failure, FieldError};
use chassis::field::Fields;
use chassis::id::AccountId;
use serde::Deserialize;
use serde_json::Value;

use crate::api::wire::draft_of;
use crate::note::{Import, NoteId};

/// A valid note of a fixture: `account`, `id`, the fields of a new note and, if they are given, `createdAt` and
/// `updatedAt`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub struct Item(Import);

/// Checks one object; other fields than its own are passed over.
pub fn parse(value: &Value) -> Result<Item, Vec<FieldError>> {
    let whole =
        |failure: &Failure| FieldError { field: "note".into(), message: failure.message().to_owned().into() };
    read(value).map(Item).map_err(|failure| match failure.fields() {
        [] => vec![whole(&failure)],
        fields => fields.to_vec(),
    })
}

fn read(value: &Value) -> Result<Import, Failure> {
    let mut fields = Fields::of(Some(value.clone()))?;
    let account = fields.required_string("account", "Account is required");
    let author = fields.check("account", account.as_deref(), account_id);
    let id = fields.required_string("id", "Id is required");
    let id = fields.check("id", id.as_deref(), note_id);
    let draft = draft_of(&mut fields);
    let created_at = instant(&mut fields, "createdAt");
    let updated_at = instant(&mut fields, "updatedAt");
    if let (Some(created_at), Some(updated_at)) = (created_at, updated_at)
        && updated_at < created_at
    {
        fields.fail::<()>("updatedAt", "updatedAt lies before createdAt");
    }
    fields.finish()?;
    let (Some(author), Some(id), Some(draft)) = (author, id, draft) else {
        return Err(Failure::bad_request("Account, id and content are required"));
    };
    Ok(Import { id, author, draft, created_at, updated_at })
}

fn account_id(text: &str) -> Result<AccountId, &'static str> {
    AccountId::parse(text).ok_or("Account must have 24 hexadecimal digits")
}

fn note_id(text: &str) -> Result<NoteId, &'static str> {
    NoteId::parse(text).ok_or("Id must be a UUID")
}

fn instant(fields: &mut Fields, name: &'static str) -> Option<Timestamp> {
    let text = fields.optional_string(name)?;
    Timestamp::parse(&text).or_else(|| fields.fail(name, format!("{name} must be an RFC 3339 time")))
}

impl Item {
    /// What the note starts from.
    pub(crate) fn into_import(self) -> Import {
        self.0
    }
}

impl TryFrom<Value> for Item {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let told = |error: &FieldError| format!("{}: {}", error.field, error.message);
        parse(&value).map_err(|errors| errors.iter().map(told).collect::<Vec<_>>().join("; "))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value() -> Value {
        json!({
            "account": "a190d9a9551b5d3780443007", "id": "b1cb1816-7d85-457c-9f32-2a1422d00e17",
            "content": "Close the door.", "isPinned": true,
            "createdAt": "2026-01-06T09:00:00.000Z", "updatedAt": "2026-01-07T09:00:00.000Z",
        })
    }

    #[test]
    fn an_item_reads_like_a_new_note_with_its_past() {
        let import = parse(&value()).unwrap().into_import();
        assert_eq!(import.author.to_string(), "a190d9a9551b5d3780443007");
        assert_eq!((import.draft.is_pinned, import.draft.title.as_str()), (true, "Untitled"));
        assert_eq!(import.updated_at.unwrap().to_string(), "2026-01-07T09:00:00.000Z");
    }

    #[test]
    fn the_rules_are_those_of_the_public_routes_and_all_mistakes_are_told() {
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
    fn a_change_before_the_beginning_is_refused() {
        let mut wrong = value();
        wrong["updatedAt"] = json!("2026-01-06T08:59:59.999Z");
        assert_eq!(parse(&wrong).unwrap_err()[0].message, "updatedAt lies before createdAt");
    }
}
