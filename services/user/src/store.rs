//! Profiles on disk: who bears which name, in which order they are listed, and what waits to be told to others.
//!
//! Every verb is one unit of work on the writer thread, or a read by key. Rules that need no other document are
//! the domain's; which messages a change sends is the service's to say.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use chassis::clock::Clock;
use chassis::dir;
use chassis::id::AccountId;
use chassis::inbox::Receipt;
use chassis::outbox::{Message, Outbox, Sequence};
use chassis::page::Page;
use chassis::profile::Username;
use chassis::standing::{Rung, Standing};
use chassis::writer::Busy;

mod bundle;
mod change;
mod doc;
mod doctor;
mod engine;
mod inbox;
#[cfg(test)]
mod plant;
mod registration;
mod roster;

use doc::{ClaimDoc, PROFILE, ProfileDoc, TOMBSTONE, TombstoneDoc, USERNAME_CLAIM};
use engine::{Engine, EngineError, Setting, Tx};
pub(crate) use registration::Newcomer;

use crate::profile::Profile;
use crate::roster::Listing;
use crate::{NAME, OpenError};

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// Someone else bears the username.
    #[error("the username is taken")]
    UsernameTaken {
        /// As it was asked for.
        name: String,
    },
    /// Someone else bears each of the usernames that were generated.
    #[error("no generated username is free")]
    NoUsernameFree,
    /// The account was erased, or its registration aborted.
    #[error("the account is gone for good")]
    Erased,
    /// Another registration made the account's profile.
    #[error("the account has a profile of another registration")]
    AccountTaken,
    /// More changes are open than one list may hold.
    #[error("too many changes are open")]
    Crowded,
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
    fn taken(name: &Username) -> Self {
        Self::UsernameTaken { name: name.as_str().to_owned() }
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

/// What one commit makes of a profile.
#[derive(Debug)]
pub(crate) struct Revision {
    pub(crate) profile: Profile,
    /// What others must hear of it.
    pub(crate) news: Vec<Message>,
    /// The change that is done with this commit.
    pub(crate) ends: Option<String>,
}

/// A profile as committed, with its messages' places in the outbox.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) profile: Profile,
    pub(crate) sent: Vec<Sequence>,
}

/// The open database of one process.
///
/// Field order is drop order: the database closes before another process may have the lock.
pub(crate) struct Store {
    engine: Engine,
    _lock: File,
}

impl Store {
    /// Opens or creates the store in `data_dir` for this process alone, and gives back every e-mail that was
    /// held for a change when the last process ended. One that lost its end answers reads only, unless
    /// `accept_loss` says to go on without it.
    pub(crate) fn open(data_dir: &Path, clock: Clock, accept_loss: bool) -> Result<Self, OpenError> {
        let lock = dir::lock(data_dir)?;
        let setting = Setting { data_dir, service: NAME, clock, accept_loss };
        let engine = Engine::open(&setting)
            .and_then(|engine| change::abandon_orphans(&engine).map(|()| engine))
            .map_err(|error| OpenError::Database { path: data_dir.join("db"), source: error.into() })?;
        Ok(Self { engine, _lock: lock })
    }

    /// What waits to be told to others.
    pub(crate) fn outbox(&self) -> &Arc<Outbox> {
        self.engine.outbox()
    }

    /// Removes a delivered message.
    pub(crate) fn remove_message(&self, sequence: Sequence) -> Result<(), StoreError> {
        Ok(self.engine.remove_message(sequence)?)
    }

    /// Sets a message aside that its receiver refused for good, for the reason `why`.
    pub(crate) fn park(&self, sequence: Sequence, why: String) -> Result<(), StoreError> {
        Ok(self.engine.park(sequence, why)?)
    }

    /// The profile of `account`.
    pub(crate) fn find(&self, account: AccountId) -> Result<Option<Profile>, StoreError> {
        let found = self.engine.find::<ProfileDoc>(PROFILE, account.to_string())?;
        Ok(found.map(ProfileDoc::read).transpose()?)
    }

    /// The profiles of `page` in the order of their creation. One that is erased meanwhile is left out.
    pub(crate) fn page(&self, page: Page) -> Result<Listing, StoreError> {
        let roster = roster::find(&self.engine)?;
        let mut profiles = Vec::new();
        for slice in roster.slices(page.offset(), page.limit()) {
            for account in roster::accounts(&self.engine, slice)? {
                profiles.extend(self.find(account)?);
            }
        }
        Ok(Listing { total: roster.total(), profiles })
    }

    /// Commits what `revise` makes of the profile of `account`; `None` if there is no profile or `revise`
    /// declines.
    pub(crate) fn replace<F>(&self, account: AccountId, revise: F) -> Result<Option<Written>, StoreError>
    where
        F: Fn(&Profile) -> Option<Revision> + Send + 'static,
    {
        self.write("replace", move |tx| {
            let Some(listed) = find_listed(tx, account)? else {
                return Ok(None);
            };
            let Some(revision) = revise(&listed.profile) else {
                return Ok(None);
            };
            if is_taken(tx, &listed.profile, &revision.profile.username)? {
                return Err(StoreError::taken(&revision.profile.username));
            }
            Ok(Some(save(tx, &listed, revision)?))
        })
    }

    /// Takes note of what auth says about an account's sessions, of one without a profile nothing, and of its end.
    pub(crate) fn hear(
        &self,
        account: AccountId,
        told: Standing,
        receipt: Option<Receipt>,
    ) -> Result<(), StoreError> {
        self.receive("hear", receipt, move |tx| {
            if told.rung == Rung::Deleted {
                return Ok(doctor::entomb(tx, account).map(drop)?);
            }
            let Some(listed) = find_listed(tx, account)? else {
                return Ok(());
            };
            let profile = listed.profile.heard(told);
            Ok(save(tx, &listed, Revision { profile, news: Vec::new(), ends: None }).map(drop)?)
        })
    }

    /// Erases the profile of `account` for good and sends what `news` says of it; `None` if there is none.
    pub(crate) fn remove<F>(&self, account: AccountId, news: F) -> Result<Option<Vec<Sequence>>, StoreError>
    where
        F: Fn(&Profile) -> Vec<Message> + Send + 'static,
    {
        self.write("remove", move |tx| {
            let Some(listed) = find_listed(tx, account)? else {
                return Ok(None);
            };
            bury(tx, account)?;
            remove(tx, &listed)?;
            Ok(Some(send(tx, news(&listed.profile))?))
        })
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

/// A profile with the chunk of the roster that lists it.
struct Listed {
    profile: Profile,
    chunk: u32,
}

fn find_listed(tx: &Tx, account: AccountId) -> Result<Option<Listed>, EngineError> {
    let Some(doc) = tx.find::<ProfileDoc>(PROFILE, account.to_string())? else {
        return Ok(None);
    };
    let chunk = doc.chunk;
    Ok(Some(Listed { profile: doc.read()?, chunk }))
}

fn is_gone(tx: &Tx, account: AccountId) -> Result<bool, EngineError> {
    Ok(tx.find::<TombstoneDoc>(TOMBSTONE, account.to_string())?.is_some())
}

/// Whether `wanted` is borne by someone other than `profile`; its own name is free to it in any spelling.
fn is_taken(tx: &Tx, profile: &Profile, wanted: &Username) -> Result<bool, EngineError> {
    let canonical = wanted.canonical();
    let is_own = canonical == profile.username.canonical();
    Ok(!is_own && tx.find::<ClaimDoc>(USERNAME_CLAIM, canonical)?.is_some())
}

/// Writes `revision` in the place of `before`, and keeps the username's claim in step.
fn save(tx: &Tx, before: &Listed, revision: Revision) -> Result<Written, EngineError> {
    let Revision { profile, news, ends } = revision;
    if profile.username.canonical() != before.profile.username.canonical() {
        tx.remove(USERNAME_CLAIM, before.profile.username.canonical())?;
        tx.insert(USERNAME_CLAIM, &ClaimDoc::of(&profile))?;
    }
    if profile != before.profile {
        tx.replace(PROFILE, &ProfileDoc::of(&profile, before.chunk))?;
    }
    if let Some(change) = ends {
        change::end(tx, &change)?;
    }
    let sent = send(tx, news)?;
    Ok(Written { profile, sent })
}

/// Removes the profile with its username and its place in the list.
fn remove(tx: &Tx, listed: &Listed) -> Result<(), EngineError> {
    tx.remove(USERNAME_CLAIM, listed.profile.username.canonical())?;
    roster::remove(tx, listed.profile.account, listed.chunk)?;
    tx.remove(PROFILE, listed.profile.account.to_string()).map(drop)
}

/// Leaves a mark that keeps the account from ever coming back.
fn bury(tx: &Tx, account: AccountId) -> Result<(), EngineError> {
    if is_gone(tx, account)? { Ok(()) } else { tx.insert(TOMBSTONE, &TombstoneDoc { account }) }
}

fn send(tx: &Tx, news: Vec<Message>) -> Result<Vec<Sequence>, EngineError> {
    news.into_iter().map(|message| tx.send(message)).collect()
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store(..)")
    }
}

/// A fault below the domain that names `what`, for tests of what becomes of it.
#[cfg(test)]
pub(crate) fn engine_failure(what: &str) -> StoreError {
    let (collection, id) = (PROFILE, String::new());
    StoreError::Corrupt(EngineError::Corrupt { collection, id, what: what.to_owned() })
}

#[cfg(test)]
mod tests;
