//! Open changes of e-mails: one document lists them, because a start must find them without a scan.

use std::collections::BTreeSet;

use chassis::id::AccountId;
use chassis::outbox::Sequence;
use chassis::profile::Username;

use super::doc::{CHANGE, ChangeDoc, OpenChangesDoc};
use super::engine::{Engine, EngineError, Tx};
use super::{Store, StoreError, find_listed, is_taken};
use crate::change::Change;

/// The list's `_id`.
const OPEN_ID: i32 = 0;
/// Changes at a time: each is an administrator's request in flight, and all stand in one document.
const OPEN_MAX: usize = 64;

impl Store {
    /// How many changes are open.
    pub(crate) fn open_changes(&self) -> Result<usize, StoreError> {
        let doc = self.engine.find::<OpenChangesDoc>(CHANGE, OPEN_ID)?;
        Ok(doc.map_or(0, |doc| doc.changes.len()))
    }

    /// Puts `change` on record, before auth hears of it; `false` if its account has no profile. A `username`
    /// that the same edit wants must be free.
    pub(crate) fn begin(&self, change: Change, username: Option<Username>) -> Result<bool, StoreError> {
        self.outbox().touch(change.account);
        self.write("begin", move |tx| {
            let Some(listed) = find_listed(tx, change.account)? else {
                return Ok(false);
            };
            if let Some(name) = &username
                && is_taken(tx, &listed.profile, name)?
            {
                return Err(StoreError::taken(name));
            }
            let mut open = open(tx)?;
            // Each may have to give its e-mail back.
            if open.len() >= OPEN_MAX.min(tx.room()) {
                return Err(StoreError::Crowded);
            }
            open.push(ChangeDoc::of(&change));
            keep(tx, open)?;
            Ok(true)
        })
    }

    /// Takes `change` off the record and gives its e-mail back to auth.
    pub(crate) fn abandon(&self, change: Change) -> Result<(), StoreError> {
        self.write("abandon", move |tx| {
            end(tx, &change.id)?;
            tx.owe(change.release())?;
            Ok(())
        })
    }
}

/// Takes the change `id` off the record.
pub(super) fn end(tx: &Tx, id: &str) -> Result<(), EngineError> {
    let mut open = open(tx)?;
    open.retain(|change| change.id != id);
    keep(tx, open)
}

/// The accounts whose changes are open.
pub(super) fn moving(engine: &Engine) -> Result<BTreeSet<AccountId>, EngineError> {
    let doc = engine.find::<OpenChangesDoc>(CHANGE, OPEN_ID)?;
    Ok(doc.map_or_else(BTreeSet::new, |doc| doc.changes.iter().map(|change| change.account).collect()))
}

/// Abandons the open changes of `account`.
pub(super) fn abandon_of(tx: &Tx, account: AccountId) -> Result<Vec<Sequence>, EngineError> {
    let (left, open): (Vec<_>, Vec<_>) = open(tx)?.into_iter().partition(|change| change.account == account);
    if left.is_empty() {
        return Ok(Vec::new());
    }
    let left = left.into_iter().map(ChangeDoc::read).collect::<Result<Vec<_>, _>>()?;
    keep(tx, open)?;
    left.iter().map(|change| tx.owe(change.release())).collect()
}

/// Abandons every change that a crash left open.
pub(super) fn abandon_orphans(engine: &Engine) -> Result<(), EngineError> {
    if !engine.is_writable() {
        return Ok(());
    }
    engine.write("abandon_orphans", |tx| {
        let open = open(tx)?;
        if open.is_empty() {
            return Ok(());
        }
        for change in open {
            tx.owe(change.read()?.release())?;
        }
        keep(tx, Vec::new())
    })
}

fn open(tx: &Tx) -> Result<Vec<ChangeDoc>, EngineError> {
    let doc = tx.find::<OpenChangesDoc>(CHANGE, OPEN_ID)?;
    Ok(doc.map_or_else(Vec::new, |doc| doc.changes))
}

fn keep(tx: &Tx, changes: Vec<ChangeDoc>) -> Result<(), EngineError> {
    let is_first = tx.find::<OpenChangesDoc>(CHANGE, OPEN_ID)?.is_none();
    let doc = OpenChangesDoc { id: OPEN_ID, changes };
    if is_first { tx.insert(CHANGE, &doc) } else { tx.replace(CHANGE, &doc) }
}
