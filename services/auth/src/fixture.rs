//! Users of fixture files: the account's part of one, under the rules of the public routes.
//!
//! Where an object stands in its file, and what its absent id becomes, is the reader's business.

use chassis::clock::Timestamp;
use chassis::contract::Role;
use chassis::failure::{Failure, FieldError};
use chassis::field::Fields;
use chassis::id::AccountId;
use serde::Deserialize;
use serde_json::Value;

use crate::api::wire::{chosen, required_email};
use crate::service::NewAccount;

/// Passwords in fixtures may be as short as the contract allows, also in a stricter world.
const PASSWORD_MIN: usize = 8;

/// A valid account of a fixture: `account`, `email`, `password` and, if they are given, `role`, `isActive`,
/// `createdAt`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub struct Item(NewAccount);

/// Checks one object; other fields than its own are passed over.
pub fn parse(value: &Value) -> Result<Item, Vec<FieldError>> {
    let whole =
        |failure: &Failure| FieldError { field: "user".into(), message: failure.message().to_owned().into() };
    read(value).map(Item).map_err(|failure| match failure.fields() {
        [] => vec![whole(&failure)],
        fields => fields.to_vec(),
    })
}

fn read(value: &Value) -> Result<NewAccount, Failure> {
    let mut fields = Fields::of(Some(value.clone()))?;
    let account = fields.required_string("account", "Account is required");
    let account = fields.check("account", account.as_deref(), account_id);
    let email = required_email(&mut fields, "Invalid email format");
    let typed = fields.required_string("password", "Password is required");
    let password = chosen(&mut fields, "password", typed, PASSWORD_MIN, |min| {
        format!("Password must be at least {min} characters")
    });
    let name = fields.optional_string("role");
    let role = fields.check("role", name.as_deref(), role).unwrap_or(Role::User);
    let is_active = fields.optional_boolean("isActive").unwrap_or(true);
    let time = fields.optional_string("createdAt");
    let created_at = fields.check("createdAt", time.as_deref(), timestamp);
    fields.finish()?;
    let (Some(account), Some(email), Some(password)) = (account, email, password) else {
        return Err(Failure::invalid(Vec::new()));
    };
    Ok(NewAccount { account, email, password, role, is_active, created_at })
}

fn account_id(text: &str) -> Result<AccountId, &'static str> {
    AccountId::parse(text).ok_or("Account must have 24 hexadecimal digits")
}

fn role(text: &str) -> Result<Role, &'static str> {
    Role::parse(text).ok_or("Invalid role: expected user or admin")
}

fn timestamp(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::parse(text).ok_or("createdAt must be an RFC 3339 time")
}

impl Item {
    /// What the account starts from.
    pub(crate) fn into_account(self) -> NewAccount {
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
    fn an_account_needs_an_id_an_email_and_a_password_only() {
        let value =
            json!({"account": "01".repeat(12), "email": "Ada@example.test", "password": "password-1"});
        let new = parse(&value).unwrap().into_account();
        assert_eq!((new.email.as_str(), new.password.expose()), ("ada@example.test", "password-1"));
        assert_eq!((new.role, new.is_active, new.created_at), (Role::User, true, None));
    }

    #[test]
    fn the_rules_are_those_of_the_public_routes_and_all_mistakes_are_told() {
        let value = json!({
            "account": "1", "email": "ada", "password": "short", "role": "queen", "isActive": "yes",
            "createdAt": "yesterday", "username": 7,
        });
        let errors = parse(&value).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_ref()).collect();
        assert_eq!(fields, ["account", "email", "password", "role", "isActive", "createdAt"]);
        assert_eq!(errors[2].message, "Password must be at least 8 characters");
        assert_eq!(parse(&json!([])).unwrap_err()[0].field, "user");
    }

    #[test]
    fn a_wrong_item_is_refused_on_the_wire_too() {
        let error = serde_json::from_value::<Item>(json!({"account": "01".repeat(12)})).unwrap_err();
        assert!(error.to_string().contains("email: Email is required"), "{error}");
    }
}
