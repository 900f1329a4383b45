//! Accounts as the user service moves them, and who is calling.
//!
//! These verbs repeat without harm: each takes a state and not a step, and a message is carried out once.

use std::sync::Arc;

use chassis::blocking;
use chassis::contract::Role;
use chassis::email::Email;
use chassis::id::AccountId;
use chassis::inbox::Receipt;
use chassis::standing::{Ended, Standing};
use chassis::token::Caller;

use super::Service;
use crate::account::Identity;
use crate::error::Error;

impl Service {
    /// The caller's account, if it and the session still stand.
    pub(crate) fn admit(&self, caller: Caller) -> Result<Identity, Error> {
        let found = blocking::brief(|| self.store.find(caller.account))?;
        let identity = found.ok_or(Error::SessionEnded(Ended::Account))?;
        identity.standing.admits(caller.session).map_err(Error::SessionEnded)?;
        Ok(identity)
    }

    /// The account that `email` belongs to.
    pub(crate) fn find_account(&self, email: &Email) -> Result<AccountId, Error> {
        let found = blocking::brief(|| self.store.find_by_email(email))?;
        found.filter(Identity::is_known).map(|identity| identity.account).ok_or(Error::AccountUnknown)
    }

    /// Moves an account up to where `told` says it stands.
    pub(crate) async fn hear(
        &self,
        account: AccountId,
        told: Standing,
        receipt: Option<Receipt>,
    ) -> Result<(), Error> {
        let store = Arc::clone(&self.store);
        Ok(blocking::run(move || store.apply_standing(account, told, receipt)).await?)
    }

    /// Takes over a role, unless a later one is known.
    pub(crate) async fn set_role(
        &self,
        account: AccountId,
        role: Role,
        version: u64,
        receipt: Option<Receipt>,
    ) -> Result<(), Error> {
        let store = Arc::clone(&self.store);
        Ok(blocking::run(move || store.apply_role(account, role, version, receipt)).await?)
    }

    /// Moves an account to an e-mail that was reserved for it.
    pub(crate) async fn move_email(
        &self,
        account: AccountId,
        email: Email,
        version: u64,
        receipt: Option<Receipt>,
    ) -> Result<(), Error> {
        let store = Arc::clone(&self.store);
        Ok(blocking::run(move || store.apply_email(account, email, version, receipt)).await?)
    }

    /// Holds an e-mail for an account's change.
    pub(crate) async fn reserve_email(
        &self,
        email: Email,
        account: AccountId,
        change: String,
        receipt: Option<Receipt>,
    ) -> Result<(), Error> {
        let store = Arc::clone(&self.store);
        Ok(blocking::run(move || store.reserve(email, account, change, receipt)).await?)
    }

    /// Gives back an e-mail whose change did not happen.
    pub(crate) async fn release_email(
        &self,
        email: Email,
        account: AccountId,
        change: String,
        receipt: Option<Receipt>,
    ) -> Result<(), Error> {
        let store = Arc::clone(&self.store);
        Ok(blocking::run(move || store.release(email, account, change, receipt)).await?)
    }
}
