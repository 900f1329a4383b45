//! The stored documents, and their way to and from the domain.
//!
//! No rule is decided here; a document that is no valid domain value is reported as corrupt.

use chassis::clock::Timestamp;
use chassis::contract::Role;
use chassis::email::Email;
use chassis::id::AccountId;
use chassis::outbox::Sequence;
use chassis::standing::{Rung, Standing};
use serde::{Deserialize, Serialize};

use super::engine::EngineError;
use crate::account::{Claim, Identity};
use crate::idempotency::{Fingerprint, IdempotencyKey, Repeatable};
use crate::password::PasswordHash;
use crate::reset::{Reset, ResetHash};

/// Accounts by id.
pub(super) const IDENTITY: &str = "identity";
/// E-mails by their canonical form: what makes them unique.
pub(super) const CLAIM: &str = "email_claim";
/// Accounts that are gone for good, by id.
pub(super) const TOMBSTONE: &str = "tombstone";
/// Accounts by the hash of their reset token.
pub(super) const RESET: &str = "reset";
/// Accounts by the hash of the key that their registration was named by.
pub(super) const KEY: &str = "registration_key";
/// E-mail changes that are over, by id: a reservation that comes after the end is refused.
pub(super) const SETTLED: &str = "settled_change";
/// Lists that spare a scan, by name.
pub(super) const INDEX: &str = "index";
/// The document of [`INDEX`] that lists open registrations.
pub(super) const REGISTRATIONS: &str = "registrations";

#[derive(Serialize, Deserialize)]
pub(super) struct IdentityDoc {
    #[serde(rename = "_id")]
    id: String,
    email: String,
    hash: String,
    role: Role,
    generation: u32,
    rung: Rung,
    epoch: u32,
    /// Absent in documents that are older than the field, whose rung tells the same.
    #[serde(default = "confirmed")]
    is_confirmed: bool,
    saga: String,
    #[serde(default)]
    repeatable: Option<RepeatableDoc>,
    reset: Option<KeptResetDoc>,
    role_version: u64,
    email_version: u64,
    created_at: i64,
}

const fn confirmed() -> bool {
    true
}

#[derive(Serialize, Deserialize)]
struct RepeatableDoc {
    key: String,
    fingerprint: String,
}

#[derive(Serialize, Deserialize)]
struct KeptResetDoc {
    hash: String,
    expires_at: i64,
}

impl IdentityDoc {
    pub(super) fn of(identity: &Identity) -> Self {
        let kept = |reset: &Reset| KeptResetDoc {
            hash: reset.hash.as_str().to_owned(),
            expires_at: reset.expires_at.as_millis(),
        };
        Self {
            id: identity.account.to_string(),
            email: identity.email.to_string(),
            hash: identity.hash.expose().to_owned(),
            role: identity.role,
            generation: identity.standing.generation,
            rung: identity.standing.rung,
            epoch: identity.standing.epoch,
            is_confirmed: identity.is_confirmed,
            saga: identity.saga.clone(),
            repeatable: identity.repeatable.as_ref().map(RepeatableDoc::of),
            reset: identity.reset.as_ref().map(kept),
            role_version: identity.role_version,
            email_version: identity.email_version,
            created_at: identity.created_at.as_millis(),
        }
    }

    pub(super) fn read(self) -> Result<Identity, EngineError> {
        let account = account(IDENTITY, &self.id, &self.id)?;
        let email = email(IDENTITY, &self.id, &self.email)?;
        let kept = |reset: KeptResetDoc| Reset {
            hash: ResetHash::stored(reset.hash),
            expires_at: Timestamp::from_millis(reset.expires_at),
        };
        Ok(Identity {
            account,
            email,
            hash: PasswordHash::stored(self.hash),
            role: self.role,
            standing: Standing { generation: self.generation, rung: self.rung, epoch: self.epoch },
            is_confirmed: self.is_confirmed,
            saga: self.saga,
            repeatable: self.repeatable.map(RepeatableDoc::read),
            reset: self.reset.map(kept),
            role_version: self.role_version,
            email_version: self.email_version,
            created_at: Timestamp::from_millis(self.created_at),
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct ClaimDoc {
    #[serde(rename = "_id")]
    email: String,
    account: String,
    change: Option<String>,
}

impl ClaimDoc {
    pub(super) fn of(claim: &Claim) -> Self {
        Self {
            email: claim.email.to_string(),
            account: claim.account.to_string(),
            change: claim.change.clone(),
        }
    }

    pub(super) fn read(self) -> Result<Claim, EngineError> {
        let account = account(CLAIM, &self.email, &self.account)?;
        let email = email(CLAIM, &self.email, &self.email)?;
        Ok(Claim { email, account, change: self.change })
    }
}

impl RepeatableDoc {
    fn of(repeatable: &Repeatable) -> Self {
        let Repeatable { key, fingerprint } = repeatable;
        Self { key: key.as_str().to_owned(), fingerprint: fingerprint.as_str().to_owned() }
    }

    fn read(self) -> Repeatable {
        Repeatable {
            key: IdempotencyKey::stored(self.key),
            fingerprint: Fingerprint::stored(self.fingerprint),
        }
    }
}

/// Finds the account of a registration's key.
#[derive(Serialize, Deserialize)]
pub(super) struct KeyDoc {
    #[serde(rename = "_id")]
    key: String,
    account: String,
}

impl KeyDoc {
    pub(super) fn of(account: AccountId, key: &IdempotencyKey) -> Self {
        Self { key: key.as_str().to_owned(), account: account.to_string() }
    }

    pub(super) fn account(&self) -> Result<AccountId, EngineError> {
        account(KEY, &self.key, &self.account)
    }
}

/// Finds the account of a reset token; whether the token works is for the identity to say.
#[derive(Serialize, Deserialize)]
pub(super) struct ResetDoc {
    #[serde(rename = "_id")]
    hash: String,
    account: String,
    expires_at: i64,
}

impl ResetDoc {
    pub(super) fn of(account: AccountId, reset: &Reset) -> Self {
        Self {
            hash: reset.hash.as_str().to_owned(),
            account: account.to_string(),
            expires_at: reset.expires_at.as_millis(),
        }
    }

    pub(super) fn account(&self) -> Result<AccountId, EngineError> {
        account(RESET, "a token's", &self.account)
    }
}

/// A document whose being there is all it says.
#[derive(Serialize, Deserialize)]
pub(super) struct MarkDoc {
    #[serde(rename = "_id")]
    pub(super) id: String,
}

/// An e-mail change that is over, and since when.
#[derive(Serialize, Deserialize)]
pub(super) struct SettledDoc {
    #[serde(rename = "_id")]
    pub(super) id: String,
    #[serde(default)]
    pub(super) at: i64,
}

/// The registrations that are neither done nor undone.
#[derive(Serialize, Deserialize)]
pub(super) struct RegistrationsDoc {
    #[serde(rename = "_id")]
    id: String,
    open: Vec<OpenDoc>,
}

#[derive(Serialize, Deserialize)]
struct OpenDoc {
    account: String,
    saga: String,
    abort: Option<u64>,
    #[serde(default)]
    deadline: i64,
}

/// A registration that is neither done nor undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenRegistration {
    pub(crate) account: AccountId,
    pub(crate) saga: String,
    /// The message that undoes it, once that was decided.
    pub(crate) abort: Option<Sequence>,
    /// When somebody has to look if it is still open.
    pub(crate) deadline: Timestamp,
}

impl RegistrationsDoc {
    pub(super) fn of(open: &[OpenRegistration]) -> Self {
        let open = open.iter().map(|one| OpenDoc {
            account: one.account.to_string(),
            saga: one.saga.clone(),
            abort: one.abort,
            deadline: one.deadline.as_millis(),
        });
        Self { id: REGISTRATIONS.to_owned(), open: open.collect() }
    }

    pub(super) fn read(self) -> Result<Vec<OpenRegistration>, EngineError> {
        let one = |one: OpenDoc| {
            let account = account(INDEX, REGISTRATIONS, &one.account)?;
            let deadline = Timestamp::from_millis(one.deadline);
            Ok(OpenRegistration { account, saga: one.saga, abort: one.abort, deadline })
        };
        self.open.into_iter().map(one).collect()
    }
}

fn account(collection: &'static str, id: &str, text: &str) -> Result<AccountId, EngineError> {
    AccountId::parse(text).ok_or_else(|| corrupt(collection, id, "an account id"))
}

fn email(collection: &'static str, id: &str, text: &str) -> Result<Email, EngineError> {
    Email::parse(text).ok_or_else(|| corrupt(collection, id, "an e-mail"))
}

fn corrupt(collection: &'static str, id: &str, expected: &str) -> EngineError {
    EngineError::Corrupt { collection, id: id.to_owned(), what: format!("expected {expected}") }
}
