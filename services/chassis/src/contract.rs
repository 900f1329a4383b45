//! The messages between services: only what crosses a service boundary, and nothing else.
//!
//! Each is idempotent by construction: a standing joins on the ladder, a versioned fact yields to a later
//! version, a creation is guarded by the receiver's tombstones.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::AccountId;
use crate::standing::Standing;

/// `PUT /internal/profiles/{account}` at user: the profile of an account being registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewProfile {
    /// The registration that asks; the same one may ask again and gets the same answer.
    pub saga: String,
    /// The canonical e-mail.
    pub email: String,
    /// The chosen username, or none for a generated one.
    pub username: Option<String>,
    /// A few words about the person.
    pub bio: Option<String>,
    /// The URL of a picture.
    pub avatar: Option<String>,
    /// What auth still knows of a profile that was lost and is made again; none for a registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<LostProfile>,
}

/// What auth knows of a profile that the user service has lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LostProfile {
    /// Where the account stands.
    pub standing: Standing,
    /// The role as it was last told.
    pub role: Role,
    /// The version that it was told with, or a later one: news of the new profile must not look older.
    pub version: u64,
}

/// `PUT /internal/profiles/{account}/abort` at user: the registration did not happen, whatever arrived before
/// or arrives later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AbortProfile {
    /// The registration that is undone.
    pub saga: String,
}

/// `PUT /internal/beat` at notes: there is no news that the receiver has not heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beat {}

/// `PUT /internal/accounts/{account}/role` at auth (a fact for tokens) and at user (a command by the operator).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoleChange {
    /// The new role.
    pub role: Role,
    /// The profile's version that carries it; 0 in a command.
    pub version: u64,
}

/// `PUT /internal/accounts/{account}/email` at auth: the reserved e-mail becomes the account's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EmailMove {
    /// The canonical e-mail.
    pub email: String,
    /// The profile's version that carries it.
    pub version: u64,
}

/// `PUT /internal/claims/{email}` at auth: reserve an e-mail for an account's change; and
/// `PUT /internal/claims/{email}/release`: give it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EmailClaim {
    /// Whose change it is.
    pub account: AccountId,
    /// Which change: the same one may ask again.
    pub change: String,
}

/// The answer of `GET /internal/accounts?email=` at auth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountFound {
    /// The account that owns the e-mail.
    pub account: AccountId,
}

/// The answer of `POST /internal/fixtures` at every service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FixturesTaken {
    /// Objects that were not there before and are now.
    pub added: u64,
}

/// The answer of `POST /internal/fixtures/check` at auth and user: what loading the same objects would refuse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FixturesChecked {
    /// Values that other accounts hold already.
    pub taken: Vec<FixtureTaken>,
}

/// A field of a fixture's new account whose value another account holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FixtureTaken {
    /// The account in the fixture.
    pub account: AccountId,
    /// The field's name there.
    pub field: String,
}

impl FixturesChecked {
    /// The same field of several accounts.
    pub fn taken(field: &str, accounts: Vec<AccountId>) -> Self {
        let taken = |account| FixtureTaken { account, field: field.to_owned() };
        Self { taken: accounts.into_iter().map(taken).collect() }
    }
}

/// The answer of `GET /internal/mail` at auth: captured mails, oldest first, as many as fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MailsFound {
    /// The mails.
    pub mails: Vec<CapturedMail>,
    /// Whether asking for those after the last of them gives more.
    pub has_more: bool,
}

/// The answer of `GET /internal/mail/wait` at auth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailFound {
    /// The mail that was waited for.
    pub mail: CapturedMail,
}

/// A mail that was kept instead of being sent. It may hold a token, so `Debug` shows the rest only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CapturedMail {
    /// Digits that grow with each mail.
    pub id: String,
    /// The recipient's canonical address.
    pub to: String,
    /// The sender.
    pub from: String,
    /// The subject line.
    pub subject: String,
    /// Why it was written: `reset`, or `other` for what is not recognised.
    pub kind: String,
    /// The plain part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// The link that it carries.
    pub link: Option<String>,
    /// The token in that link.
    pub token: Option<String>,
    /// When it was written, RFC 3339.
    pub sent_at: String,
}

impl fmt::Debug for CapturedMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CapturedMail").field("id", &self.id).field("to", &self.to).finish_non_exhaustive()
    }
}

/// The answer of `POST /internal/tokens` at auth.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenMade {
    /// What `Authorization: Bearer` takes.
    pub token: String,
}

/// What a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Their own things.
    User,
    /// Other people's accounts too.
    Admin,
}

impl Role {
    /// The role that `text` names.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "user" => Some(Self::User),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }

    /// The role's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }
}
