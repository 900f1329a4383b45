//! Documents as PoloDB keeps them, and their way to the domain and back.
//!
//! Names and types here are the format on disk: they change only with a migration, never with the API.

use chassis::clock::Timestamp;
use chassis::contract::Role;
use chassis::email::Email;
use chassis::id::AccountId;
use chassis::profile::{AvatarUrl, Bio, Username};
use chassis::standing::{Rung, Standing};
use serde::{Deserialize, Serialize};

use super::engine::EngineError;
use crate::change::Change;
use crate::profile::Profile;

/// Profiles, by account.
pub(super) const PROFILE: &str = "profile";
/// Claims on usernames, by canonical name.
pub(super) const USERNAME_CLAIM: &str = "username_claim";
/// Accounts that are gone for good.
pub(super) const TOMBSTONE: &str = "tombstone";
/// The one document that lists the open changes.
pub(super) const CHANGE: &str = "change";

/// A profile, with its chunk of the roster.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ProfileDoc {
    #[serde(rename = "_id")]
    account: AccountId,
    email: String,
    username: String,
    bio: Option<String>,
    avatar: Option<String>,
    role: Role,
    generation: u32,
    rung: Rung,
    epoch: u32,
    version: u64,
    saga: Option<String>,
    pub(super) chunk: u32,
    created_at: i64,
    updated_at: i64,
}

/// Whose a username is.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ClaimDoc {
    #[serde(rename = "_id")]
    canonical: String,
    pub(super) account: AccountId,
}

/// An account that is gone: its id and nothing personal.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TombstoneDoc {
    #[serde(rename = "_id")]
    pub(super) account: AccountId,
}

/// The changes that wait for auth or for their commit.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OpenChangesDoc {
    #[serde(rename = "_id")]
    pub(super) id: i32,
    pub(super) changes: Vec<ChangeDoc>,
}

/// One open change.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ChangeDoc {
    pub(super) id: String,
    pub(super) account: AccountId,
    email: String,
}

impl ProfileDoc {
    /// The document of `profile`, listed in `chunk`.
    pub(super) fn of(profile: &Profile, chunk: u32) -> Self {
        Self {
            account: profile.account,
            email: profile.email.to_string(),
            username: profile.username.as_str().to_owned(),
            bio: profile.bio.as_ref().map(|bio| bio.as_str().to_owned()),
            avatar: profile.avatar.as_ref().map(|avatar| avatar.as_str().to_owned()),
            role: profile.role,
            generation: profile.standing.generation,
            rung: profile.standing.rung,
            epoch: profile.standing.epoch,
            version: profile.version,
            saga: profile.saga.clone(),
            chunk,
            created_at: profile.created_at.as_millis(),
            updated_at: profile.updated_at.as_millis(),
        }
    }

    /// The profile that was written; what the rules refuse by now is corrupt.
    pub(super) fn read(self) -> Result<Profile, EngineError> {
        let account = self.account;
        let corrupt = |field: &str| corrupt(PROFILE, account.to_string(), field);
        let bio = self.bio.as_deref().map(Bio::parse).transpose();
        let avatar = self.avatar.as_deref().map(|url| AvatarUrl::parse(url).ok_or_else(|| corrupt("avatar")));
        Ok(Profile {
            account,
            email: Email::parse(&self.email).ok_or_else(|| corrupt("email"))?,
            username: Username::parse(&self.username).map_err(|_rule| corrupt("username"))?,
            bio: bio.map_err(|_rule| corrupt("bio"))?,
            avatar: avatar.transpose()?,
            role: self.role,
            standing: Standing { generation: self.generation, rung: self.rung, epoch: self.epoch },
            version: self.version,
            saga: self.saga,
            created_at: Timestamp::from_millis(self.created_at),
            updated_at: Timestamp::from_millis(self.updated_at),
        })
    }
}

impl ClaimDoc {
    /// The claim of `profile` on its name.
    pub(super) fn of(profile: &Profile) -> Self {
        Self { canonical: profile.username.canonical(), account: profile.account }
    }
}

impl ChangeDoc {
    /// The document of `change`.
    pub(super) fn of(change: &Change) -> Self {
        Self { id: change.id.clone(), account: change.account, email: change.email.to_string() }
    }

    /// The change that was written.
    pub(super) fn read(self) -> Result<Change, EngineError> {
        let email = Email::parse(&self.email).ok_or_else(|| corrupt(CHANGE, self.id.clone(), "email"))?;
        Ok(Change { id: self.id, account: self.account, email })
    }
}

fn corrupt(collection: &'static str, id: String, field: &str) -> EngineError {
    EngineError::Corrupt { collection, id, what: format!("{field} breaks its rule") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::tests::profile;

    #[test]
    fn a_profile_is_read_as_it_was_written() {
        let mut written = profile(1, "Ada");
        written.bio = Bio::parse("b").ok();
        written.avatar = AvatarUrl::parse("https://example.test/a.png");
        let bytes = bson::to_vec(&ProfileDoc::of(&written, 3)).unwrap();
        let doc: ProfileDoc = bson::from_slice(&bytes).unwrap();
        assert_eq!((doc.chunk, doc.read().unwrap()), (3, written));
    }

    #[test]
    fn a_stored_value_that_no_rule_allows_is_corrupt_and_stays_unseen() {
        let mut doc = ProfileDoc::of(&profile(1, "ada"), 0);
        doc.email = "secret at home".into();
        let error = doc.read().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("document {} of profile is corrupt: email breaks its rule", "01".repeat(12))
        );
    }
}
