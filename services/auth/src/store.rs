//! Accounts on disk: who they are, which e-mails they hold, and what waits to be told to others.
//!
//! Every verb is one unit of work on the writer thread, or a read by key. Rules that need no other document
//! are the domain's; when to call what is the service's.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use chassis::clock::Clock;
use chassis::dir;
use chassis::email::Email;
use chassis::id::AccountId;
use chassis::outbox::{Outbox, Sequence};
use chassis::writer::Busy;

mod account;
mod bundle;
mod credential;
mod doc;
mod doctor;
mod engine;
pub(crate) mod fixture;
mod inbox;
#[cfg(test)]
mod plant;
mod registration;

pub(crate) use credential::Changed;
#[cfg(test)]
pub(crate) use doc::OpenRegistration;
use doc::{CLAIM, ClaimDoc, IDENTITY, IdentityDoc, KEY, RESET, ResetDoc, TOMBSTONE};
use engine::{Engine, EngineError, Setting, Tx};

use crate::account::{Claim, Identity};
use crate::{NAME, OpenError};

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The e-mail belongs to an account or is held for one.
    #[error("the e-mail is taken")]
    EmailTaken,
    /// The e-mail is held by something that ends soon: a registration that is being undone, a change of the same
    /// account.
    #[error("the e-mail will be free in a moment")]
    EmailHeld,
    /// The key names a registration that came first.
    #[error("the key names another registration")]
    KeyTaken,
    /// More registrations are open than one list may hold.
    #[error("too many registrations are open")]
    Crowded,
    /// There is no such account and never was one.
    #[error("there is no such account")]
    AccountUnknown,
    /// The reset token works no more.
    #[error("the reset token is invalid or has expired")]
    ResetExpired,
    /// The password that was checked is not the account's any more.
    #[error("the password was changed meanwhile")]
    PasswordChanged,
    /// The key of a message came with another message.
    #[error("the key was used for another message")]
    MessageKeyReused,
    /// The writer's queue is full.
    #[error("the writer takes no more work")]
    Busy,
    /// The newest part of the database is gone and nobody accepted that: reads only.
    #[error(transparent)]
    Lost(EngineError),
    /// The engine failed: a full disk, an end in midst of work.
    #[error(transparent)]
    Failed(EngineError),
    /// What is stored is not what it should be.
    #[error(transparent)]
    Corrupt(EngineError),
}

impl StoreError {
    /// Whether the store decided, before it wrote anything; otherwise something in it failed.
    pub(crate) fn is_refusal(&self) -> bool {
        !matches!(self, Self::Busy | Self::Failed(_) | Self::Corrupt(_))
    }

    /// Whether nothing can have been written: it was refused, or the store took no work.
    pub(crate) fn is_nothing_done(&self) -> bool {
        self.is_refusal() || self.is_closed() || matches!(self, Self::Busy)
    }

    /// Whether the database was closed by a fault of the disk and waits to be opened again.
    pub(crate) fn is_closed(&self) -> bool {
        matches!(self, Self::Failed(EngineError::Closed))
    }
}

impl From<EngineError> for StoreError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Busy(_) => Self::Busy,
            EngineError::Lost { .. } => Self::Lost(error),
            EngineError::Database(_)
            | EngineError::Full(_)
            | EngineError::Closed
            | EngineError::Commit(_)
            | EngineError::Dir(_)
            | EngineError::Ended => Self::Failed(error),
            EngineError::Corrupt { .. } | EngineError::Unexpected { .. } => Self::Corrupt(error),
        }
    }
}

/// The accounts of the platform.
///
/// Field order is drop order: the database closes before another process may have the lock.
pub(crate) struct Store {
    engine: Engine,
    _lock: File,
}

impl Store {
    /// Opens or creates the store in `data_dir` for this process alone; registrations that a crash left open
    /// did not happen. One that lost its end answers reads only, unless `accept_loss` says to go on without it.
    pub(crate) fn open(data_dir: &Path, clock: Clock, accept_loss: bool) -> Result<Self, OpenError> {
        let lock = dir::lock(data_dir)?;
        let setting = Setting { data_dir, service: NAME, clock, accept_loss };
        let engine = Engine::open(&setting)
            .and_then(|engine| registration::abort_orphans(&engine).map(|()| engine))
            .map_err(|error| OpenError::Database { path: data_dir.join("db"), source: error.into() })?;
        Ok(Self { engine, _lock: lock })
    }

    /// What waits to be told to others.
    pub(crate) fn outbox(&self) -> &Arc<Outbox> {
        self.engine.outbox()
    }

    /// Sets a message aside that its receiver refused for good, for the reason `why`.
    pub(crate) fn park(&self, sequence: Sequence, why: String) -> Result<(), StoreError> {
        Ok(self.engine.park(sequence, why)?)
    }

    /// The account with this id.
    pub(crate) fn find(&self, account: AccountId) -> Result<Option<Identity>, StoreError> {
        let found = self.engine.find::<IdentityDoc>(IDENTITY, account.to_string())?;
        Ok(found.map(IdentityDoc::read).transpose()?)
    }

    /// The account whose e-mail this is; an e-mail that is only held for a change leads to nobody.
    pub(crate) fn find_by_email(&self, email: &Email) -> Result<Option<Identity>, StoreError> {
        let Some(claim) = self.engine.find::<ClaimDoc>(CLAIM, email.as_str())? else {
            return Ok(None);
        };
        let found = self.find(claim.read()?.account)?;
        Ok(found.filter(|identity| identity.email == *email))
    }

    /// Copies the database into the folder `to`.
    pub(crate) fn copy(&self, to: &Path) -> Result<(), StoreError> {
        Ok(self.engine.copy(to)?)
    }

    /// Runs `work` on the writer thread; `verb` names the commit. It must refuse before its first write.
    fn write<T, F>(&self, verb: &'static str, mut work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&Tx) -> Result<T, StoreError> + Send + 'static,
    {
        // A refusal is a value to the engine: only its own errors roll the batch back.
        self.engine.write(verb, move |tx| match work(tx) {
            Err(StoreError::Failed(error) | StoreError::Corrupt(error)) => Err(error),
            // The outbox had no room, which shows only after the first write.
            Err(StoreError::Busy) => Err(Busy.into()),
            outcome => Ok(outcome),
        })?
    }
}

fn find_identity(tx: &Tx, account: AccountId) -> Result<Option<Identity>, EngineError> {
    tx.find::<IdentityDoc>(IDENTITY, account.to_string())?.map(IdentityDoc::read).transpose()
}

fn find_claim(tx: &Tx, email: &Email) -> Result<Option<Claim>, EngineError> {
    tx.find::<ClaimDoc>(CLAIM, email.as_str())?.map(ClaimDoc::read).transpose()
}

fn is_gone(tx: &Tx, account: AccountId) -> Result<bool, EngineError> {
    Ok(tx.find::<doc::MarkDoc>(TOMBSTONE, account.to_string())?.is_some())
}

/// Leaves a mark that keeps the account from ever coming back.
fn entomb(tx: &Tx, account: AccountId) -> Result<(), EngineError> {
    if is_gone(tx, account)? {
        return Ok(());
    }
    tx.insert(TOMBSTONE, &doc::MarkDoc { id: account.to_string() })
}

/// Writes `after` in the place of `before`, and keeps the reset token's document in step.
fn save(tx: &Tx, before: &Identity, after: &Identity) -> Result<(), EngineError> {
    if before == after {
        return Ok(());
    }
    if before.reset != after.reset {
        if let Some(old) = &before.reset {
            tx.remove(RESET, old.hash.as_str())?;
        }
        if let Some(new) = &after.reset {
            tx.insert(RESET, &ResetDoc::of(after.account, new))?;
        }
    }
    tx.replace(IDENTITY, &IdentityDoc::of(after))
}

/// Removes the account with its e-mail, its reset token and the key of its registration.
fn remove(tx: &Tx, identity: &Identity) -> Result<(), EngineError> {
    if let Some(reset) = &identity.reset {
        tx.remove(RESET, reset.hash.as_str())?;
    }
    if let Some(repeatable) = &identity.repeatable {
        tx.remove(KEY, repeatable.key.as_str())?;
    }
    tx.remove(CLAIM, identity.email.as_str())?;
    tx.remove(IDENTITY, identity.account.to_string())?;
    Ok(())
}

#[cfg(test)]
mod tests;
