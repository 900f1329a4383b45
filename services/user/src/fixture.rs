//! Users of fixture files: the profile's part of one, under the rules of the public routes.
//!
//! Where an object stands in its file, and what its absent id becomes, is the reader's business.

use chassis::clock::Timestamp;
use chassis::contract::Role;
use chassis::failure::{Failure, FieldError};
use chassis::field::Fields;
use chassis::id::AccountId;
use chassis::standing::{Rung, Standing};
use serde::Deserialize;
use serde_json::Value;

use crate::api::wire::{avatar, bio, email, role, username};
use crate::profile::Draft;

/// A valid profile of a fixture: `account`, `email` and, if they are given, `username`, `bio`, `avatar`, `role`,
/// `isActive`, `createdAt`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub struct Item(Draft);

/// Checks one object; other fields than its own are passed over.
pub fn parse(value: &Value) -> Result<Item, Vec<FieldError>> {
    let whole =
        |failure: &Failure| FieldError { field: "user".into(), message: failure.message().to_owned().into() };
    read(value).map(Item).map_err(|failure| match failure.fields() {
        [] => vec![whole(&failure)],
        fields => fields.to_vec(),
    })
}

fn read(value: &Value) -> Result<Draft, Failure> {
    let mut fields = Fields::of(Some(value.clone()))?;
    let account = fields.required_string("account", "Account is required");
    let account = fields.check("account", account.as_deref(), account_id);
    let address = fields.required_string("email", "Email is required");
    let email = fields.check("email", address.as_deref(), email);
    let name = fields.optional_string("username");
    let username = fields.check("username", name.as_deref(), username);
    let words = fields.nullable_string("bio").flatten();
    let bio = fields.check("bio", words.as_deref(), bio);
    let url = fields.nullable_string("avatar").flatten();
    let avatar = fields.check("avatar", url.as_deref(), avatar);
    let name = fields.optional_string("role");
    let role = fields.check("role", name.as_deref(), role).unwrap_or(Role::User);
    let is_active = fields.optional_boolean("isActive").unwrap_or(true);
    let time = fields.optional_string("createdAt");
    let created_at = fields.check("createdAt", time.as_deref(), timestamp);
    fields.finish()?;
    let (Some(account), Some(email)) = (account, email) else {
        return Err(Failure::bad_request("Account and email are required"));
    };
    let standing = Standing::new(if is_active { Rung::Active } else { Rung::Disabled });
    Ok(Draft { account, email, username, bio, avatar, role, standing, version: 0, saga: None, created_at })
}

fn account_id(text: &str) -> Result<AccountId, &'static str> {
    AccountId::parse(text).ok_or("Account must have 24 hexadecimal digits")
}

fn timestamp(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::parse(text).ok_or("createdAt must be an RFC 3339 time")
}

impl Item {
    /// What the profile starts from.
    pub(crate) fn into_draft(self) -> Draft {
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

    #[test]
    fn a_profile_needs_an_account_and_an_email_only() {
        let draft =
            parse(&json!({"account": "01".repeat(12), "email": "Ada@example.test"})).unwrap().into_draft();
        assert_eq!(
            (draft.email.as_str(), draft.role, draft.standing.rung),
            ("ada@example.test", Role::User, Rung::Active)
        );
        assert_eq!((draft.username, draft.saga, draft.created_at), (None, None, None));
    }

    #[test]
    fn the_rules_are_those_of_the_public_routes_and_all_mistakes_are_told() {
        let value = json!({
            "account": "1", "email": "ada", "username": "ab", "bio": "b".repeat(251), "avatar": "javascript:x",
            "role": "queen", "isActive": "yes", "createdAt": "yesterday", "password": 7,
        });
        let errors = parse(&value).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_ref()).collect();
        assert_eq!(
            fields,
            ["account", "email", "username", "bio", "avatar", "role", "isActive", "createdAt"]
        );
        assert_eq!(errors[2].message, "Username must be at least 3 characters");
        assert_eq!(parse(&json!([])).unwrap_err()[0].field, "user");
    }
}
