//! Forgotten and changed passwords. Either way every session that was open before ends.
//!
//! Mails are written by [`crate::mail`]; here is decided who gets one.

use std::sync::Arc;

use chassis::address::Address;
use chassis::blocking;
use chassis::email::Email;

use super::Service;
use crate::account::Identity;
use crate::error::Error;
use crate::password::Password;
use crate::reset::{Reset, ResetToken};

impl Service {
    /// Takes note that someone forgot the password of `email`. Whether it is anyone's is looked up after the
    /// answer, so that neither its words nor its time tell.
    pub(crate) fn forget_password(&self, email: Email) {
        self.desk.hand_in(email);
    }

    /// Gives `email` a fresh reset token if it belongs to an account in use.
    pub(crate) async fn start_reset(&self, email: Email) -> Result<Option<ResetToken>, Error> {
        let found = blocking::brief(|| self.store.find_by_email(&email))?;
        let Some(identity) = found.filter(Identity::is_active) else {
            return Ok(None);
        };
        let token = ResetToken::random(&self.streams.reset_token);
        let reset = Reset::of(&token, self.clock.now());
        let store = Arc::clone(&self.store);
        let started = blocking::run(move || store.start_reset(identity.account, reset)).await?;
        Ok(started.then_some(token))
    }

    /// Spends a mailed token on a new password and logs in.
    pub(crate) async fn reset_password(
        &self,
        token: Option<ResetToken>,
        password: Password,
    ) -> Result<String, Error> {
        let hash = token.ok_or(Error::ResetExpired)?.hash();
        // A look before the costly hash; the writer decides.
        if !blocking::brief(|| self.store.can_reset(&hash, self.clock.now()))? {
            return Err(Error::ResetExpired);
        }
        let password = self.hashing.hash(password).await?;
        let (store, now) = (Arc::clone(&self.store), self.clock.now());
        let changed = blocking::run(move || store.reset_password(hash, now, password)).await?;
        self.settle(changed).await
    }

    /// Replaces the caller's password by one who knows the current one, unless `client` failed at it too often: whoever
    /// found a token may not guess on here.
    pub(crate) async fn change_password(
        &self,
        caller: Identity,
        (current, password): (Password, Password),
        client: Address,
    ) -> Result<String, Error> {
        let (account, checked) = (caller.account, caller.hash);
        let guess = self.guesses.admit(&caller.email, client)?;
        let exchanged = self.hashing.exchange(checked.clone(), current, password).await;
        match &exchanged {
            Ok(Some(_)) => guess.was_right(),
            Ok(None) => {}
            Err(_) => guess.was_not_looked_at(),
        }
        let password = exchanged?.ok_or(Error::WrongPassword)?;
        let store = Arc::clone(&self.store);
        let changed = move || store.change_password(account, checked, password);
        self.settle(blocking::run(changed).await?).await
    }
}
