//! Registrations: the account comes first as pending, and is confirmed or removed once its profile is decided.
//!
//! One index document lists those that are under way or being undone, so that no start has to scan for them.
//! Each transition happens only from the state it belongs to, inside the writer (PROTOCOL.md §3).

use std::sync::Arc;
use std::time::Duration;

use chassis::id::AccountId;
use chassis::outbox::Sequence;
use chassis::standing::Rung;

use super::doc::{
    CLAIM, ClaimDoc, IDENTITY, INDEX, IdentityDoc, KEY, KeyDoc, OpenRegistration, REGISTRATIONS,
    RegistrationsDoc,
};
use super::engine::{Engine, EngineError, Tx};
use super::{Store, StoreError, find_claim, find_identity, remove};
use crate::account::{Claim, Identity};
use crate::idempotency::IdempotencyKey;
use crate::news;

/// After which a registration that is still open has nobody who carries it out (PROTOCOL.md, R1).
const DEADLINE: Duration = Duration::from_secs(10);
/// Open registrations: each is rewritten with the list, and so many only wait when the user service is down.
const OPEN_MAX: usize = 1024;

/// How many registrations are neither done nor undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenRegistrations {
    /// Under way.
    pub(crate) started: usize,
    /// Being undone.
    pub(crate) aborting: usize,
}

impl Store {
    /// How many registrations are open.
    pub(crate) fn open_registrations(&self) -> Result<OpenRegistrations, StoreError> {
        let found = self.engine.find::<RegistrationsDoc>(INDEX, REGISTRATIONS)?;
        let open = found.map(RegistrationsDoc::read).transpose()?.unwrap_or_default();
        let aborting = open.iter().filter(|one| one.abort.is_some()).count();
        Ok(OpenRegistrations { started: open.len() - aborting, aborting })
    }

    /// The account whose registration `key` names.
    pub(crate) fn find_by_key(&self, key: &IdempotencyKey) -> Result<Option<Identity>, StoreError> {
        match self.engine.find::<KeyDoc>(KEY, key.as_str())? {
            Some(found) => self.find(found.account()?),
            None => Ok(None),
        }
    }

    /// R1: claims the e-mail for a pending account, and the key that names its registration.
    pub(crate) fn begin(&self, identity: Identity) -> Result<(), StoreError> {
        self.outbox().touch(identity.account);
        self.write("begin", move |tx| {
            let mut open = read(tx)?;
            let key = identity.repeatable.as_ref().map(|repeatable| &repeatable.key);
            if let Some(key) = key
                && tx.find::<KeyDoc>(KEY, key.as_str())?.is_some()
            {
                return Err(StoreError::KeyTaken);
            }
            if let Some(claim) = find_claim(tx, &identity.email)? {
                return Err(refusal(&open, &claim));
            }
            // Each owes a message in the end, whichever way it goes.
            if open.len() >= OPEN_MAX.min(tx.room()) {
                return Err(StoreError::Crowded);
            }
            let (account, saga) = (identity.account, identity.saga.clone());
            let deadline = tx.now().plus(DEADLINE);
            open.push(OpenRegistration { account, saga, abort: None, deadline });
            let claim = Claim { email: identity.email.clone(), account, change: None };
            tx.insert(CLAIM, &ClaimDoc::of(&claim))?;
            if let Some(key) = key {
                tx.insert(KEY, &KeyDoc::of(account, key))?;
            }
            tx.insert(IDENTITY, &IdentityDoc::of(&identity))?;
            Ok(write(tx, &open)?)
        })
    }

    /// R3, the pivot: the account is in use. `None` when it was removed or deactivated meanwhile; then nothing of it
    /// stays.
    pub(crate) fn confirm(&self, account: AccountId, saga: &str) -> Result<Option<Identity>, StoreError> {
        let saga = saga.to_owned();
        self.write("confirm", move |tx| {
            let mut open = read(tx)?;
            let Some(place) = running(&open, account, &saga) else {
                return Ok(None);
            };
            let Some(before) = find_identity(tx, account)? else {
                open.swap_remove(place);
                return Ok(write(tx, &open).map(|()| None)?);
            };
            let mut after = before.clone();
            if !after.confirm() {
                // Someone deactivated the profile before anyone was told of it.
                if let Some(one) = open.get_mut(place) {
                    one.abort = Some(tx.owe(news::aborted(account, &saga))?);
                }
                return Ok(write(tx, &open).map(|()| None)?);
            }
            open.swap_remove(place);
            write(tx, &open)?;
            super::save(tx, &before, &after)?;
            tx.owe(news::activated(&after))?;
            Ok(Some(after))
        })
    }

    /// The profile was refused and nothing was made there: the account is removed, its e-mail free at once.
    pub(crate) fn undo(&self, account: AccountId, saga: &str) -> Result<(), StoreError> {
        let saga = saga.to_owned();
        self.write("undo", move |tx| {
            let mut open = read(tx)?;
            let Some(place) = running(&open, account, &saga) else {
                return Ok(());
            };
            open.swap_remove(place);
            clear(tx, account)?;
            Ok(write(tx, &open)?)
        })
    }

    /// Nobody knows whether the profile was made: the user service is told that it was not, and the account
    /// goes when it has heard.
    pub(crate) fn abort(&self, account: AccountId, saga: &str) -> Result<(), StoreError> {
        let saga = saga.to_owned();
        self.write("abort", move |tx| {
            let mut open = read(tx)?;
            let Some(one) = running(&open, account, &saga).and_then(|place| open.get_mut(place)) else {
                return Ok(());
            };
            one.abort = Some(tx.owe(news::aborted(account, &saga))?);
            Ok(write(tx, &open)?)
        })
    }

    /// Undoes a registration that nobody carries out any more or whose undoing got lost; `None` when there is none.
    pub(crate) fn abort_left(&self, account: AccountId) -> Result<Option<Sequence>, StoreError> {
        let outbox = Arc::clone(self.outbox());
        self.write("abort_left", move |tx| {
            let pending = find_identity(tx, account)?.filter(|found| found.standing.rung == Rung::Pending);
            let mut open = read(tx)?;
            let place = open.iter().position(|one| one.account == account);
            let abort = place.and_then(|place| open.get(place)?.abort);
            let saga = match (pending, place.and_then(|place| open.get(place))) {
                _ if abort.is_some_and(|sequence| outbox.holds(sequence)) => return Ok(None),
                (Some(pending), _) => pending.saga,
                (None, Some(one)) => one.saga.clone(),
                (None, None) => return Ok(None),
            };
            let sent = tx.owe(news::aborted(account, &saga))?;
            open.retain(|one| one.account != account);
            let deadline = tx.now().plus(DEADLINE);
            open.push(OpenRegistration { account, saga, abort: Some(sent), deadline });
            write(tx, &open)?;
            Ok(Some(sent))
        })
    }

    /// Removes a delivered message, and with an abort the account that it undid.
    pub(crate) fn delivered(&self, sequence: Sequence) -> Result<(), StoreError> {
        let undone = |one: &OpenRegistration| one.abort == Some(sequence);
        let open = listed(self.engine.find(INDEX, REGISTRATIONS)?)?;
        if !open.iter().any(undone) {
            return Ok(self.engine.remove_message(sequence)?);
        }
        self.write("delivered", move |tx| {
            let (gone, open): (Vec<_>, Vec<_>) =
                read(tx)?.into_iter().partition(|one| one.abort == Some(sequence));
            gone.iter().try_for_each(|one| bury(tx, one.account))?;
            write(tx, &open)?;
            Ok(tx.remove_message(sequence)?)
        })
    }
}

/// Presumed abort: what was under way when the last process ended did not happen, for no one was told that it
/// did. Also makes the index document of a fresh database.
pub(super) fn abort_orphans(engine: &Engine) -> Result<(), EngineError> {
    if !engine.is_writable() {
        return Ok(());
    }
    if engine.find::<RegistrationsDoc>(INDEX, REGISTRATIONS)?.is_none() {
        return engine.write("make_index", |tx| tx.insert(INDEX, &RegistrationsDoc::of(&[])));
    }
    engine.write("abort_orphans", |tx| {
        let mut open = read(tx)?;
        if open.iter().all(|one| one.abort.is_some()) {
            return Ok(());
        }
        for one in open.iter_mut().filter(|one| one.abort.is_none()) {
            one.abort = Some(tx.owe(news::aborted(one.account, &one.saga))?);
        }
        write(tx, &open)
    })
}

/// Why a claimed e-mail cannot be registered.
fn refusal(open: &[OpenRegistration], claim: &Claim) -> StoreError {
    let undone = |one: &OpenRegistration| one.account == claim.account && one.abort.is_some();
    if open.iter().any(undone) { StoreError::EmailHeld } else { StoreError::EmailTaken }
}

/// The place of a registration that nothing has decided yet.
fn running(open: &[OpenRegistration], account: AccountId, saga: &str) -> Option<usize> {
    open.iter().position(|one| one.account == account && one.saga == saga && one.abort.is_none())
}

fn clear(tx: &Tx, account: AccountId) -> Result<(), EngineError> {
    find_identity(tx, account)?.map_or(Ok(()), |identity| remove(tx, &identity))
}

/// Removes the account and keeps its tombstone: news of it may still be on its way from the user service.
fn bury(tx: &Tx, account: AccountId) -> Result<(), EngineError> {
    clear(tx, account)?;
    super::entomb(tx, account)
}

fn read(tx: &Tx) -> Result<Vec<OpenRegistration>, EngineError> {
    listed(tx.find(INDEX, REGISTRATIONS)?)
}

pub(super) fn listed(found: Option<RegistrationsDoc>) -> Result<Vec<OpenRegistration>, EngineError> {
    found.map_or_else(|| Ok(Vec::new()), RegistrationsDoc::read)
}

fn write(tx: &Tx, open: &[OpenRegistration]) -> Result<(), EngineError> {
    tx.replace(INDEX, &RegistrationsDoc::of(open))
}
