//! Logging in.
//!
//! Whoever lacks the password learns nothing: not whether the account exists, nor whether it is in use.

use std::sync::Arc;

use chassis::blocking;
use chassis::email::Email;

use super::Service;
use crate::account::Identity;
use crate::error::Error;
use crate::password::Password;

impl Service {
    /// A token for the account whose e-mail and password these are.
    pub(crate) async fn log_in(&self, email: Email, password: Password) -> Result<String, Error> {
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

    /// Brings the stored hash to today's cost: a cheap one protects nobody, and tells by its time that there is an
    /// account.
    async fn renew_hash(&self, identity: &Identity, password: Password) -> Result<(), Error> {
        let Some(renewed) = self.hashing.renew(&identity.hash, password).await? else { return Ok(()) };
        let (store, account, checked) = (Arc::clone(&self.store), identity.account, identity.hash.clone());
        Ok(blocking::run(move || store.renew_hash(account, checked, renewed)).await?)
    }
}
