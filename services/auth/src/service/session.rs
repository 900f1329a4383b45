//! Logging in.
//!
//! Whoever lacks the password learns nothing: not whether the account exists, nor whether it is in use.

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
        if !self.hashing.matches(identity.hash.clone(), password).await? {
            return Err(Error::BadCredentials);
        }
        if !identity.is_active() {
            return Err(Error::Deactivated);
        }
        Ok(self.issuer.issue(&identity)?)
    }
}
