//! PoloDB in the only way it is safe to use: documents by `_id`, one writer thread, one fsync for a batch.
//!
//! Unique indexes, updates by filter, sorting and counting are not enforced or not right under concurrency
//! (ARCHITECTURE.md, *Engines*), so none of them is reachable from here. It knows no kind of document but its own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use bson::Bson;
use chassis::clock::Clock;
use chassis::dir::{self, DirError};
use chassis::history::Witness;
use chassis::outbox::{Outbox, Sequence};
use chassis::writer::Writer;
use serde::de::DeserializeOwned;

mod backend;
mod batch;
mod error;
#[cfg(any(test, feature = "simulation"))]
mod memory;
mod past;
mod polo;
mod record;
mod tx;

use backend::Backend;
use batch::{Committer, OUTBOX_MAX, Task, Work};
pub(crate) use error::EngineError;
use past::Past;
pub(crate) use tx::Tx;

/// What an engine is opened with.
#[derive(Clone, Debug)]
pub(crate) struct Setting<'a> {
    /// The service's directory, taken for this process: the database is its folder `db`, the witness of how far it
    /// had come the file `history`.
    pub(crate) data_dir: &'a Path,
    /// The service's name.
    pub(crate) service: &'static str,
    /// Dates the messages.
    pub(crate) clock: Clock,
    /// Whether to go on with a database that lost its end.
    pub(crate) accept_loss: bool,
}

/// An open database with its writer thread.
///
/// Field order is drop order: the writer ends before the database closes, which panics under an open transaction.
pub(crate) struct Engine {
    writer: Writer<Box<dyn Work>>,
    outbox: Arc<Outbox>,
    backend: Arc<dyn Backend>,
    past: Past,
    data_dir: PathBuf,
}

impl Engine {
    /// Opens or creates the database and reads the messages that still wait. One that lost its end is reported;
    /// then it answers reads, refuses changes and offers no messages.
    pub(crate) fn open(setting: &Setting<'_>) -> Result<Self, EngineError> {
        let backend = backend::open(&setting.data_dir.join("db"))?;
        let mut witness = Witness::open(&setting.data_dir.join("history"))?;
        let rows = record::rows(&*backend)?;
        let past = past::examine(setting, record::history(&*backend, &rows)?, &mut witness)?;
        let offered = if past.is_lost() { Vec::new() } else { rows };
        let outbox = Arc::new(Outbox::new(offered));
        let committer = Committer {
            backend: Arc::clone(&backend),
            outbox: Arc::clone(&outbox),
            history: past.history(),
            witness,
            clock: setting.clock.clone(),
            service: setting.service,
            outbox_max: OUTBOX_MAX,
            reopens_at: None,
            full_since: None,
        };
        let data_dir = setting.data_dir.to_owned();
        let engine = Self { writer: committer.start()?, outbox, backend, past, data_dir };
        engine.begin()?;
        Ok(engine)
    }

    /// Whether changes are taken: not after a loss that nobody accepted.
    pub(crate) fn is_writable(&self) -> bool {
        !self.past.is_lost()
    }

    /// The messages that wait for delivery.
    pub(crate) fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    /// The committed document `id` of `collection`.
    pub(crate) fn find<T: DeserializeOwned>(
        &self,
        collection: &'static str,
        id: impl Into<Bson>,
    ) -> Result<Option<T>, EngineError> {
        let id = id.into();
        let found = match self.backend.find(collection, &id) {
            // Only the writer opens it again, and it does so before whatever it is asked.
            Err(EngineError::Closed) => {
                self.write("open", |_tx| Ok(()))?;
                self.backend.find(collection, &id)?
            }
            found => found?,
        };
        found.map(|document| record::decode(collection, &id, document)).transpose()
    }

    /// Shows `look` every committed document of `collection`. It walks over all of them: for a thread that may
    /// wait.
    pub(crate) fn each<T: DeserializeOwned>(
        &self,
        collection: &'static str,
        mut look: impl FnMut(T),
    ) -> Result<(), EngineError> {
        self.backend.scan(collection, &mut |document| {
            let id = document.get("_id").cloned().unwrap_or(Bson::Null);
            look(record::decode(collection, &id, document)?);
            Ok(())
        })
    }

    /// The least `limit` of what `read` makes of the `_id`s in `collection`. It walks over all of them, whatever it
    /// keeps: for a thread that may wait.
    pub(crate) fn least<T: Ord>(
        &self,
        collection: &'static str,
        limit: usize,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<BTreeSet<T>, EngineError> {
        let mut least = BTreeSet::new();
        self.backend.scan(collection, &mut |document| {
            least.extend(document.get_str("_id").ok().and_then(&read));
            if least.len() > limit {
                least.pop_last();
            }
            Ok(())
        })?;
        Ok(least)
    }

    /// Runs `work` on the writer thread and returns once what it wrote is durable; `verb` names the commit.
    ///
    /// `work` must decide before its first write: a refusal is a value (with no write before it), an error rolls
    /// back and may make it run a second time, alone.
    pub(crate) fn write<T, F>(&self, verb: &'static str, work: F) -> Result<T, EngineError>
    where
        T: Send + 'static,
        F: FnMut(&Tx) -> Result<T, EngineError> + Send + 'static,
    {
        self.past.admits_changes()?;
        let (answer, answered) = sync_channel(1);
        self.writer.submit(Box::new(Task { verb, work, outcome: None, answer }))?;
        answered.recv().map_err(|_ended| EngineError::Ended)?
    }

    /// Removes a delivered message.
    pub(crate) fn remove_message(&self, sequence: Sequence) -> Result<(), EngineError> {
        self.write("remove_message", move |tx| tx.remove_message(sequence))
    }

    /// Takes a message out of its lane whose receiver refused it for the reason `why`.
    pub(crate) fn park(&self, sequence: Sequence, why: String) -> Result<(), EngineError> {
        self.write("park", move |tx| tx.repark(sequence, Some(why.clone())))
    }

    /// Offers every parked message again.
    pub(crate) fn unpark(&self) -> Result<(), EngineError> {
        let parked = self.outbox.parked();
        if parked.is_empty() {
            return Ok(());
        }
        self.write("unpark", move |tx| parked.iter().try_for_each(|(sequence, _)| tx.repark(*sequence, None)))
    }

    /// Copies the database and its witness into the folder `to`, as the last commit left them.
    pub(crate) fn copy(&self, to: &Path) -> Result<(), EngineError> {
        let (from, to) = (self.data_dir.clone(), to.to_owned());
        // On the writer thread, so that nothing is written meanwhile. RocksDB's tables never change once they are there.
        self.write("copy", move |_tx| {
            let is_table = |path: &Path| path.extension().is_some_and(|extension| extension == "sst");
            dir::duplicate(&from.join("db"), &to.join("db"), is_table)?;
            let (history, copy) = (from.join("history"), to.join("history"));
            std::fs::copy(&history, copy).map(drop).map_err(DirError::io(&history))?;
            Ok(())
        })
    }

    /// What a start commits before anything else.
    fn begin(&self) -> Result<(), EngineError> {
        if self.past.is_accepted() {
            // The database must be ahead of its witness before anyone relies on it.
            self.write("accept_loss", |tx| {
                tx.touch();
                Ok(())
            })?;
        }
        self.unpark()
    }
}

#[cfg(test)]
pub(super) mod tests;
