//! Ready-made accounts, for demos and tests.
//!
//! What is there already stays as it is, so that the same fixture may be loaded at every start.

use std::sync::Arc;

use chassis::blocking;
use chassis::clock::Timestamp;
use chassis::contract::Role;
use chassis::email::Email;
use chassis::id::AccountId;
use chassis::standing::{Rung, Standing};

use super::Service;
use crate::account::Identity;
use crate::error::Error;
use crate::password::Password;

/// The registration that ready-made accounts name.
const SAGA: &str = "fixture";

/// An account to be there.
#[derive(Clone, Debug)]
pub(crate) struct NewAccount {
    pub(crate) account: AccountId,
    pub(crate) email: Email,
    pub(crate) password: Password,
    pub(crate) role: Role,
    pub(crate) is_active: bool,
    /// When it was made, or none for now.
    pub(crate) created_at: Option<Timestamp>,
}

impl Service {
    /// Tells for which of `accounts` loading would be refused, because another account holds the e-mail.
    pub(crate) fn refused(&self, accounts: &[NewAccount]) -> Result<Vec<AccountId>, Error> {
        let mut refused = Vec::new();
        for new in accounts {
            if blocking::brief(|| self.store.is_refused(new.account, &new.email))? {
                refused.push(new.account);
            }
        }
        Ok(refused)
    }

    /// Adds those of `accounts` that have never been here and tells how many they were.
    pub(crate) async fn load(&self, accounts: Vec<NewAccount>) -> Result<u64, Error> {
        let mut identities = Vec::new();
        for new in accounts {
            if blocking::brief(|| self.store.is_new(new.account))? {
                identities.push(self.ready_made(new).await?);
            }
        }
        let store = Arc::clone(&self.store);
        Ok(blocking::run(move || store.insert_new(identities)).await?)
    }

    async fn ready_made(&self, new: NewAccount) -> Result<Identity, Error> {
        let hash = self.hashing.hash(new.password).await?;
        let created_at = new.created_at.unwrap_or_else(|| self.clock.now());
        let rung = if new.is_active { Rung::Active } else { Rung::Disabled };
        let pending = Identity::pending(new.account, new.email, hash, SAGA.to_owned(), created_at);
        Ok(Identity { role: new.role, standing: Standing::new(rung), is_confirmed: true, ..pending })
    }
}
