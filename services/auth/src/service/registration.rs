//! Registration: an account here and a profile at the user service, both or neither (PROTOCOL.md §3).
//!
//! Auth coordinates. Until the pivot everything can be undone, and until then nobody is told that it happened.

use std::sync::Arc;

use chassis::address::Address;
use chassis::contract::NewProfile;
use chassis::email::Email;
use chassis::id::AccountId;
use chassis::profile::{AvatarUrl, Bio, Username};
use chassis::{blocking, task};

use super::Service;
use crate::account::Identity;
use crate::error::Error;
use crate::idempotency::{Fingerprint, IdempotencyKey, Repeatable};
use crate::password::Password;
use crate::peer::{Creation, Refusal};

/// What someone registers with.
#[derive(Debug)]
pub(crate) struct Registration {
    pub(crate) email: Email,
    pub(crate) password: Password,
    pub(crate) username: Option<Username>,
    pub(crate) bio: Option<Bio>,
    pub(crate) avatar: Option<AvatarUrl>,
}

impl Registration {
    /// Of all but the password, which only its slow hash may tell from another.
    fn fingerprint(&self) -> Fingerprint {
        let (username, bio, avatar) = (self.username.as_ref(), self.bio.as_ref(), self.avatar.as_ref());
        Fingerprint::of(&[
            Some(self.email.as_str()),
            username.map(Username::as_str),
            bio.map(Bio::as_str),
            avatar.map(AvatarUrl::as_str),
        ])
    }
}

impl Service {
    /// Registers an account and logs it in. Under the same `key` the same registration may be asked for again.
    pub(crate) async fn register(
        self: Arc<Self>,
        registration: Registration,
        key: Option<IdempotencyKey>,
        client: Address,
    ) -> Result<String, Error> {
        let repeatable = key.map(|key| Repeatable { key, fingerprint: registration.fingerprint() });
        if let Some(asked) = &repeatable
            && let Some(made) = blocking::brief(|| self.store.find_by_key(&asked.key))?
        {
            return self.repeat(made, asked, (registration.password, client)).await;
        }
        self.begin(registration, repeatable).await
    }

    /// Answers a registration that was asked for before as it was answered then, with a fresh token.
    async fn repeat(
        &self,
        made: Identity,
        asked: &Repeatable,
        (password, client): (Password, Address),
    ) -> Result<String, Error> {
        if made.repeatable.as_ref() != Some(asked) {
            return Err(Error::KeyReused);
        }
        if !made.is_known() {
            return Err(Error::RegistrationOpen);
        }
        let guess = self.guesses.admit(&made.email, client)?;
        let matches = self.hashing.matches(made.hash.clone(), password).await;
        match &matches {
            Ok(true) => guess.was_right(),
            Ok(false) => {}
            Err(_) => guess.was_not_looked_at(),
        }
        if !matches? {
            return Err(Error::KeyReused);
        }
        if !made.is_active() {
            return Err(Error::Deactivated);
        }
        Ok(self.issuer.issue(&made)?)
    }

    async fn begin(
        self: Arc<Self>,
        registration: Registration,
        repeatable: Option<Repeatable>,
    ) -> Result<String, Error> {
        let hash = self.hashing.hash(registration.password).await?;
        let account = AccountId::random(&self.streams.account);
        let saga = self.streams.saga.hex::<12>();
        let email = registration.email.clone();
        let pending = Identity::pending(account, email, hash, saga.clone(), self.clock.now());
        let identity = Identity { repeatable, ..pending };
        let profile = NewProfile {
            saga,
            email: registration.email.to_string(),
            username: registration.username.map(|name| name.as_str().to_owned()),
            bio: registration.bio.map(|bio| bio.as_str().to_owned()),
            avatar: registration.avatar.map(|url| url.as_str().to_owned()),
            lost: None,
        };
        // From here on it runs to its end, also when the client goes away: half a registration is nobody's.
        task::spawn("register", async move { self.run_registration(identity, profile).await }).await?
    }

    async fn run_registration(&self, identity: Identity, profile: NewProfile) -> Result<String, Error> {
        let (account, saga, store) = (identity.account, profile.saga.clone(), Arc::clone(&self.store));
        let failed = match blocking::run(move || store.begin(identity)).await {
            Ok(()) => match self.user.create(account, &profile).await {
                Creation::Made => match self.confirm(account, saga.clone()).await {
                    Ok(token) => return Ok(token),
                    Err(error) => GivenUp { error, in_doubt: true },
                },
                Creation::Refused { refusal, in_doubt } => GivenUp { error: refused(refusal), in_doubt },
                Creation::Unknown(error) => {
                    GivenUp { error: Error::ProfileUnavailable(Some(error)), in_doubt: true }
                }
            },
            Err(error) if error.is_nothing_done() => return Err(error.into()),
            Err(error) => GivenUp { error: error.into(), in_doubt: false },
        };
        self.give_up(account, saga, failed.in_doubt).await;
        Err(failed.error)
    }

    async fn confirm(&self, account: AccountId, saga: String) -> Result<String, Error> {
        let store = Arc::clone(&self.store);
        let confirmed = blocking::run(move || store.confirm(account, &saga)).await?;
        let identity = confirmed.ok_or(Error::ProfileUnavailable(None))?;
        Ok(self.issuer.issue(&identity)?)
    }

    /// Leaves nothing behind: at once when the profile was certainly not made, else when the user service has
    /// heard of it. Does nothing to a registration that was confirmed.
    async fn give_up(&self, account: AccountId, saga: String, in_doubt: bool) {
        let store = Arc::clone(&self.store);
        let undo = move || {
            let (store, saga) = (Arc::clone(&store), saga.clone());
            blocking::run(move || {
                let undone = if in_doubt { store.abort(account, &saga) } else { store.undo(account, &saga) };
                // The next opening of the store undoes what this one cannot.
                undone.or_else(|error| if error.is_closed() { Ok(()) } else { Err(error) })
            })
        };
        task::until_done("undoing a registration", undo).await;
    }
}

/// A registration that did not come to its end.
struct GivenUp {
    error: Error,
    /// Whether there may be a profile.
    in_doubt: bool,
}

fn refused(refusal: Refusal) -> Error {
    match refusal {
        Refusal::UsernameTaken => Error::UsernameTaken,
        Refusal::Invalid(message) => Error::ProfileRefused(message),
        Refusal::Other(error) => Error::ProfileUnavailable(Some(error)),
    }
}
