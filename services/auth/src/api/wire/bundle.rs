//! Records of a bundle on the wire: all that auth keeps of an account, field by field.
//!
//! Names here are those of a file that people keep: they change only with the version of its format.

use chassis::bundle::{self, account, email, instant, moment, role, standing, version};
use chassis::contract::Role;
use chassis::failure::Failure;
use chassis::field::Fields;
use chassis::id::AccountId;
use chassis::standing::Standing;
use serde::Serialize;

use super::chosen;
use crate::NAME;
use crate::account::Identity;
use crate::bundle::{Account, Record};
use crate::idempotency::{Fingerprint, IdempotencyKey, Repeatable};
use crate::password::{Password, PasswordHash};
use crate::reset::{Reset, ResetHash};

/// Passwords in bundles may be as short as the contract allows, also in a stricter world.
const PASSWORD_MIN: usize = 8;
/// The registration that an account names which never had one.
const SAGA: &str = "bundle";
const SHA256: &str = "expected a SHA-256 in lower-case hexadecimal digits";

/// A record as a line.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Line<'a> {
    Account(Box<AccountLine<'a>>),
    Tombstone(TombstoneLine),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccountLine<'a> {
    service: &'static str,
    kind: &'static str,
    account: AccountId,
    email: &'a str,
    password_hash: &'a str,
    role: Role,
    #[serde(flatten)]
    standing: Standing,
    is_confirmed: bool,
    registration: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_fingerprint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reset_hash: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reset_expires_at: Option<String>,
    role_version: u64,
    email_version: u64,
    created_at: String,
}

#[derive(Serialize)]
pub(crate) struct TombstoneLine {
    service: &'static str,
    kind: &'static str,
    account: AccountId,
}

/// The line of `record`.
pub(crate) fn line(record: &Record) -> Line<'_> {
    match record {
        Record::Account(account) => Line::Account(Box::new(account_line(&account.identity))),
        Record::Tombstone(account) => {
            Line::Tombstone(TombstoneLine { service: NAME, kind: "tombstone", account: *account })
        }
    }
}

fn account_line(identity: &Identity) -> AccountLine<'_> {
    let (repeatable, reset) = (identity.repeatable.as_ref(), identity.reset.as_ref());
    AccountLine {
        service: NAME,
        kind: "account",
        account: identity.account,
        email: identity.email.as_str(),
        password_hash: identity.hash.expose(),
        role: identity.role,
        standing: identity.standing,
        is_confirmed: identity.is_confirmed,
        registration: &identity.saga,
        registration_key: repeatable.map(|repeatable| repeatable.key.as_str()),
        registration_fingerprint: repeatable.map(|repeatable| repeatable.fingerprint.as_str()),
        reset_hash: reset.map(|reset| reset.hash.as_str()),
        reset_expires_at: reset.map(|reset| reset.expires_at.to_string()),
        role_version: identity.role_version,
        email_version: identity.email_version,
        created_at: identity.created_at.to_string(),
    }
}

impl bundle::Record for Record {
    const SERVICE: &'static str = NAME;

    fn read(kind: &str, mut fields: Fields) -> Result<Self, Failure> {
        let record = match kind {
            "account" => read_account(&mut fields).map(|account| Self::Account(Box::new(account))),
            "tombstone" => account(&mut fields, "account").map(Self::Tombstone),
            _ => return Err(bundle::unknown_kind(NAME, kind)),
        };
        fields.finish_exactly()?;
        record.ok_or_else(|| Failure::invalid(Vec::new()))
    }
}

fn read_account(fields: &mut Fields) -> Option<Account> {
    let account = account(fields, "account");
    let email = email(fields);
    let (hash, password) = read_password(fields);
    let (role, standing) = (role(fields), standing(fields));
    let is_confirmed = fields.optional_boolean("isConfirmed").unwrap_or(true);
    let saga = fields.optional_string("registration").unwrap_or_else(|| SAGA.to_owned());
    let (repeatable, reset) = (read_repeatable(fields), read_reset(fields));
    let (role_version, email_version) = (version(fields, "roleVersion"), version(fields, "emailVersion"));
    let created_at = moment(fields, "createdAt");
    let pending = Identity::pending(account?, email?, hash?, saga, created_at?);
    let identity =
        Identity { role, standing, is_confirmed, repeatable, reset, role_version, email_version, ..pending };
    Some(Account { identity, password })
}

/// The hash, or an empty one with the password that it is to be made of.
fn read_password(fields: &mut Fields) -> (Option<PasswordHash>, Option<Password>) {
    if fields.has("password") {
        let typed = fields.required_string("password", "Password must be a string");
        let password = chosen(fields, "password", typed, PASSWORD_MIN, |min| {
            format!("Password must be at least {min} characters")
        });
        return (Some(PasswordHash::stored(String::new())), password);
    }
    let text = fields.required_string("passwordHash", "passwordHash is required, or a password");
    let rule = |text| PasswordHash::parse(text).ok_or("expected a hash of Argon2id");
    (fields.check("passwordHash", text, rule), None)
}

fn read_repeatable(fields: &mut Fields) -> Option<Repeatable> {
    let key = fields.optional_string("registrationKey");
    let key = fields.check("registrationKey", key, |digits| IdempotencyKey::hashed(digits).ok_or(SHA256));
    let print = fields.optional_string("registrationFingerprint");
    let rule = |digits| Fingerprint::hashed(digits).ok_or(SHA256);
    match (key, fields.check("registrationFingerprint", print, rule)) {
        (None, None) => None,
        (Some(key), Some(fingerprint)) => Some(Repeatable { key, fingerprint }),
        _ => fields.fail("registrationKey", "stands with a registrationFingerprint only"),
    }
}

fn read_reset(fields: &mut Fields) -> Option<Reset> {
    let digits = fields.optional_string("resetHash");
    let hash = fields.check("resetHash", digits, |digits| ResetHash::parse(digits).ok_or(SHA256));
    match (hash, instant(fields, "resetExpiresAt")) {
        (None, None) => None,
        (Some(hash), Some(expires_at)) => Some(Reset { hash, expires_at }),
        _ => fields.fail("resetHash", "stands with a resetExpiresAt only"),
    }
}

#[cfg(test)]
mod tests {
    use chassis::bundle::Record as _;
    use serde_json::{Value, json};

    use super::*;
    use crate::account::tests::identity;
    use crate::reset::tests::reset;

    fn read(mut line: Value) -> Result<Record, Failure> {
        let line_of = line.as_object_mut().unwrap();
        let kind = line_of.remove("kind").unwrap();
        line_of.remove("service").unwrap();
        Record::read(kind.as_str().unwrap(), Fields::of(Some(line)).unwrap().naming_themselves())
    }

    fn full() -> Identity {
        let hash =
            "$argon2id$v=19$m=8,t=1,p=1$BwcHBwcHBwcHBwcHBwcHBw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let repeatable =
            Repeatable { key: IdempotencyKey::parse("k").unwrap(), fingerprint: Fingerprint::of(&[None]) };
        let standing = Standing { generation: 3, rung: chassis::standing::Rung::Disabled, epoch: 5 };
        Identity {
            hash: PasswordHash::stored(hash.to_owned()),
            role: Role::Admin,
            standing,
            repeatable: Some(repeatable),
            reset: Some(reset(1)),
            role_version: 7,
            email_version: u64::MAX,
            ..identity(1)
        }
    }

    #[test]
    fn an_account_is_read_as_it_was_written() {
        for identity in [full(), Identity { hash: full().hash, is_confirmed: false, ..identity(2) }] {
            let written = Record::Account(Box::new(Account { identity: identity.clone(), password: None }));
            let Record::Account(read) = read(serde_json::to_value(line(&written)).unwrap()).unwrap() else {
                panic!("an account became something else");
            };
            assert_eq!((&read.identity, read.password.is_none()), (&identity, true));
        }
    }

    #[test]
    fn an_account_by_hand_needs_little_and_may_have_its_password_in_the_clear() {
        let line = json!({"service": "auth", "kind": "account", "account": "01".repeat(12), "email": "a@example.test",
            "password": "password-1", "createdAt": "2026-01-01T00:00:00.000Z"});
        let Record::Account(read) = read(line).unwrap() else { panic!("an account became something else") };
        assert_eq!(read.password.unwrap().expose(), "password-1");
        assert!(read.identity.is_active());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_field() {
        let good = serde_json::to_value(line(&Record::Account(Box::new(Account {
            identity: full(),
            password: None,
        }))));
        for (field, value) in [
            ("account", json!("1")),
            ("email", json!("nobody")),
            ("passwordHash", json!("$2b$10$x")),
            ("role", json!("queen")),
            ("rung", json!("up")),
            ("epoch", json!(-1)),
            ("generation", json!(5_000_000_000_u64)),
            ("registrationKey", json!(null)),
            ("resetHash", json!("00")),
            ("createdAt", json!("yesterday")),
            ("isActive", json!(true)),
        ] {
            let mut wrong = good.as_ref().unwrap().clone();
            wrong[field] = value;
            let failure = read(wrong).unwrap_err();
            assert!(failure.fields().iter().any(|error| error.field == field), "{field}: {failure:?}");
        }
        let unknown = json!({"service": "auth", "kind": "ghost"});
        assert_eq!(read(unknown).unwrap_err().message(), "auth has no records of the kind \"ghost\"");
    }
}
