//! Passwords and reset tokens: each change ends what the old ones opened, in the same commit.
//!
//! Hashing is done before anyone comes here.

use chassis::clock::Timestamp;
use chassis::id::AccountId;
use chassis::outbox::Sequence;

use super::doc::{RESET, ResetDoc};
use super::engine::Tx;
use super::{Store, StoreError, find_identity, save};
use crate::account::Identity;
use crate::news;
use crate::password::PasswordHash;
use crate::reset::{Reset, ResetHash};

/// A password that was changed.
#[derive(Debug)]
pub(crate) struct Changed {
    /// The account with its new epoch.
    pub(crate) identity: Identity,
    /// The messages that end its old sessions elsewhere.
    pub(crate) told: Vec<Sequence>,
}

impl Store {
    /// Makes `reset` the account's only reset token; `false` when nobody may use it.
    pub(crate) fn start_reset(&self, account: AccountId, reset: Reset) -> Result<bool, StoreError> {
        self.write("start_reset", move |tx| {
            let found = find_identity(tx, account)?.filter(Identity::is_active);
            let Some(before) = found else { return Ok(false) };
            save(tx, &before, &Identity { reset: Some(reset.clone()), ..before.clone() })?;
            Ok(true)
        })
    }

    /// Whether the token with this hash would be taken at `now`.
    pub(crate) fn can_reset(&self, hash: &ResetHash, now: Timestamp) -> Result<bool, StoreError> {
        let Some(found) = self.engine.find::<ResetDoc>(RESET, hash.as_str())? else {
            return Ok(false);
        };
        Ok(self.find(found.account()?)?.is_some_and(|identity| admits(&identity, hash, now)))
    }

    /// Spends the token with this hash on a new password.
    pub(crate) fn reset_password(
        &self,
        hash: ResetHash,
        now: Timestamp,
        password: PasswordHash,
    ) -> Result<Changed, StoreError> {
        self.write("reset_password", move |tx| {
            let Some(found) = tx.find::<ResetDoc>(RESET, hash.as_str())? else {
                return Err(StoreError::ResetExpired);
            };
            match find_identity(tx, found.account()?)? {
                Some(identity) if admits(&identity, &hash, now) => change(tx, &identity, password.clone()),
                Some(_) | None => Err(StoreError::ResetExpired),
            }
        })
    }

    /// Replaces the password whose hash `checked` was found right.
    pub(crate) fn change_password(
        &self,
        account: AccountId,
        checked: PasswordHash,
        password: PasswordHash,
    ) -> Result<Changed, StoreError> {
        self.write("change_password", move |tx| {
            match find_identity(tx, account)?.filter(Identity::is_active) {
                Some(identity) if identity.hash == checked => change(tx, &identity, password.clone()),
                Some(_) | None => Err(StoreError::PasswordChanged),
            }
        })
    }

    /// Replaces the hash `checked` by another one of the same password, which ends no session.
    pub(crate) fn renew_hash(
        &self,
        account: AccountId,
        checked: PasswordHash,
        renewed: PasswordHash,
    ) -> Result<(), StoreError> {
        self.write("renew_hash", move |tx| match find_identity(tx, account)? {
            Some(before) if before.hash == checked => {
                Ok(save(tx, &before, &Identity { hash: renewed.clone(), ..before.clone() })?)
            }
            // The password was changed meanwhile, which renewed it too.
            Some(_) | None => Ok(()),
        })
    }
}

fn admits(identity: &Identity, hash: &ResetHash, now: Timestamp) -> bool {
    identity.is_active() && identity.reset.as_ref().is_some_and(|reset| reset.admits(hash, now))
}

fn change(tx: &Tx, before: &Identity, password: PasswordHash) -> Result<Changed, StoreError> {
    let mut identity = before.clone();
    identity.change_password(password);
    #[cfg(feature = "simulation")]
    if chassis::simulation::has_bug("an epoch is not raised with a new password") {
        identity.standing.epoch = before.standing.epoch;
    }
    save(tx, before, &identity)?;
    let sent: Result<Vec<_>, _> =
        news::sessions_ended(&identity).into_iter().map(|news| tx.send(news)).collect();
    Ok(Changed { identity, told: sent? })
}
