//! Logging in.
//!
//! Whoever lacks the password learns nothing: not whether the account exists, nor whether it is in use. Only the
//! operator gets a token without one.

use std::sync::Arc;

use chassis::address::Address;
use chassis::blocking;
use chassis::email::Email;
use chassis::id::AccountId;

use super::Service;
use crate::account::Identity;
use crate::error::Error;
use crate::password::Password;
use crate::token::Validity;

/// An account as somebody names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// By its e-mail.
    Email(Email),
    /// By its id.
    Account(AccountId),
}

impl Service {
    /// A token for the account whose e-mail and password these are, unless `client` failed at it too often.
    pub(crate) async fn log_in(
        &self,
        email: Email,
        password: Password,
        client: Address,
    ) -> Result<String, Error> {
        let guess = self.guesses.admit(&email, client)?;
        let outcome = self.try_password(email, password).await;
        match &outcome {
            Err(Error::BadCredentials) => {}
            Ok(_) | Err(Error::Deactivated) => guess.was_right(),
            Err(_) => guess.was_not_looked_at(),
        }
        outcome
    }

    async fn try_password(&self, email: Email, password: Password) -> Result<String, Error> {
        let found = blocking::brief(|| self.store.find_by_email(&email))?;
        let Some(identity) = found.filter(Identity::is_known) else {
            self.hashing.matches_nobody(password).await?;
            return Err(Error::BadCredentials);
        };
        if !self.hashing.matches(identity.hash.clone(), password.clone()).await? {
            return Err(Error::BadCredentials);
        }
        if !identity.is_active() {
            return Err(Error::Deactivated);
        }
        if let Err(error) = self.renew_hash(&identity, password).await {
            // Whoever has the password comes in, also when nothing can be written; the next log-in tries again.
            tracing::warn!(account = %identity.account, %error, "a hash keeps its old cost");
        }
        Ok(self.issuer.issue(&identity)?)
    }

    /// A token for any account, also one that is not in use, for any time.
    pub(crate) fn log_in_as(&self, whose: &Whose, validity: Validity) -> Result<String, Error> {
        let found = blocking::brief(|| match whose {
            Whose::Email(email) => self.store.find_by_email(email),
            Whose::Account(account) => self.store.find(*account),
        })?;
        let identity = found.filter(Identity::is_known).ok_or(Error::AccountUnknown)?;
        Ok(self.issuer.issue_for(&identity, validity)?)
    }

    /// Brings the stored hash to today's cost: a cheap one protects nobody, and tells by its time that there is an
    /// account.
    async fn renew_hash(&self, identity: &Identity, password: Password) -> Result<(), Error> {
        let Some(renewed) = self.hashing.renew(&identity.hash, password).await? else { return Ok(()) };
        let (store, account, checked) = (Arc::clone(&self.store), identity.account, identity.hash.clone());
        Ok(blocking::run(move || store.renew_hash(account, checked, renewed)).await?)
    }
}
