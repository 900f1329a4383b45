//! What the doctor of notes does about each fault.
//!
//! Only ordinary changes, in batches that let others write in between; each decides again whether there is something
//! to do.

use std::sync::Arc;

use chassis::blocking;
use chassis::doctor::Repair;
use chassis::id::AccountId;
use chassis::standing::{Rung, Standing};

use super::Doctor;
use crate::doctor::{Case, Fault, Subject};
use crate::error::Error;
use crate::service::purge;
use crate::store::{Changes, Check, Store, StoreError};

/// Rows of tags that one transaction mends, so that other writes come in between.
const TAGS_BATCH: u32 = 1000;
/// The same for trigrams, which take longer: some 30 ms of the writer's time.
const TRIGRAMS_BATCH: u32 = 200;
/// Batches of one repair: more than an author with millions of notes needs.
const BATCHES_MAX: u32 = 100_000;

impl Doctor {
    /// Applies the remedy for `case`.
    pub(super) async fn repair(&self, case: &Case) -> Result<Repair, Error> {
        let (store, fault) = (Arc::clone(&self.data.store), case.fault);
        match case.subject {
            Subject::Account(account) => {
                let mended = blocking::run(move || mend(&store, fault, account));
                Ok(Repair::silent(mended.await?))
            }
            Subject::Database => Ok(Repair::silent(blocking::run(move || rebuild(&store)).await?)),
            Subject::Index => {
                self.data.index.rebuild();
                Ok(Repair::Done(Vec::new()))
            }
            Subject::Number(_) | Subject::Note(_) | Subject::Service(_) => Ok(Repair::Needless),
        }
    }
}

/// Mends one author; `false` when there was nothing to do.
fn mend(store: &Store, fault: Fault, account: AccountId) -> Result<bool, StoreError> {
    match fault {
        Fault::UndeletedNotes => {
            store.change("raise", move |notes| notes.raise(account, Standing::new(Rung::Deleted)))?;
            purge(store, account)?;
            Ok(true)
        }
        Fault::UnknownAuthor => store.change("deactivate", move |notes| deactivate(notes, account)),
        Fault::DifferingCounts => store.change("recount", move |notes| notes.recount(account)),
        Fault::DifferingTags => {
            in_batches(|| store.change("retag", move |notes| notes.retag(account, TAGS_BATCH)))
        }
        Fault::DifferingTrigrams => {
            in_batches(|| store.change("regram", move |notes| notes.regram(account, TRIGRAMS_BATCH)))
        }
        Fault::AuthorlessNotes
        | Fault::DamagedFile
        | Fault::DamagedNote
        | Fault::DifferingIndex
        | Fault::NotCompared => Ok(false),
    }
}

/// Repeats `mend` while it says that there may be more.
fn in_batches(mut mend: impl FnMut() -> Result<bool, StoreError>) -> Result<bool, StoreError> {
    for _ in 0..BATCHES_MAX {
        if !mend()? {
            break;
        }
    }
    Ok(true)
}

fn deactivate(notes: &Changes<'_>, account: AccountId) -> Result<bool, StoreError> {
    let Some(known) = notes.standing(account)?.filter(|known| known.rung == Rung::Active) else {
        return Ok(false);
    };
    notes.raise(account, Standing { rung: Rung::Disabled, ..known }).map(|_| true)
}

/// Builds the indexes again; an error if the database is damaged beyond that.
fn rebuild(store: &Store) -> Result<bool, StoreError> {
    store.change("reindex", |notes| notes.reindex().map(|()| true))?;
    let is_sound = store.view(|notes| notes.is_sound(Check::Whole))?;
    if is_sound { Ok(true) } else { Err(StoreError::Corrupt { table: "database", key: 0, what: "damaged" }) }
}
