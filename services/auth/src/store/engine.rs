//! PoloDB in the only way it is safe to use: documents by `_id`, one writer thread, one fsync for a batch.
//!
//! Unique indexes, updates by filter, sorting and counting are not enforced or not right under concurrency
//! (ARCHITECTURE.md, *Engines*), so none of them is reachable from here. It knows no kind of document.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use bson::{Bson, Document, doc};
use chassis::outbox::{Message, Outbox, Sequence};
use chassis::writer::{Busy, Writer};
use polodb_core::{CollectionT, Database, Transaction};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Sorts before every other collection; its one document keeps PoloDB's iterators from walking over the
/// tombstones of deleted neighbours (8,000 deletes made reads of another collection 90 times slower).
const SENTINEL: &str = "!sentinel";
/// Messages to other services, by sequence number.
const OUTBOX: &str = "outbox";
/// Messages that may wait: so many only do when another service is away for long, and each costs memory. Beyond
/// it, changes that others must hear of are refused.
const OUTBOX_MAX: usize = 100_000;

/// What goes wrong below the domain.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    /// The database refused or failed.
    #[error("the database failed")]
    Database(#[source] polodb_core::Error),
    /// The writer's queue or the outbox is full.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// A document cannot be written or read as what it should be.
    #[error("document {id} of {collection} is corrupt: {what}")]
    Corrupt {
        /// Its collection.
        collection: &'static str,
        /// Its `_id`.
        id: String,
        /// What is wrong.
        what: String,
    },
    /// A document that must be there is not, or the other way round: the caller did not look first.
    #[error("document {id} of {collection} is {state}")]
    Unexpected {
        /// Its collection.
        collection: &'static str,
        /// Its `_id`.
        id: String,
        /// `there already` or `missing`.
        state: &'static str,
    },
    /// The writer ended before it could answer.
    #[error("the writer thread has ended")]
    Ended,
}

impl From<polodb_core::Error> for EngineError {
    fn from(error: polodb_core::Error) -> Self {
        Self::Database(error)
    }
}

/// An open database with its writer thread.
///
/// Field order is drop order: the writer ends before the database closes, which panics under an open transaction.
pub(crate) struct Engine {
    writer: Writer<Box<dyn Work>>,
    outbox: Arc<Outbox>,
    database: Arc<Database>,
}

/// The transaction of one batch, as a unit of work sees it: its own and its batch's writes are visible.
pub(crate) struct Tx {
    transaction: Transaction,
    dirty: Cell<bool>,
    next_sequence: Cell<Sequence>,
    sent: RefCell<Vec<(Sequence, Message)>>,
    /// Messages that the outbox still has room for.
    room: usize,
}

impl Engine {
    /// Opens or creates the database at `path` and reads the messages that still wait.
    pub(crate) fn open(path: &Path, name: &str) -> Result<Self, EngineError> {
        let database = Arc::new(Database::open_path(path)?);
        ensure_sentinel(&database)?;
        let waiting = read_outbox(&database)?;
        let mut next_sequence = waiting.last().map_or(1, |(sequence, _)| sequence + 1);
        let outbox = Arc::new(Outbox::new(waiting));
        let (written, mirrored) = (Arc::clone(&database), Arc::clone(&outbox));
        let run = move |batch| carry_out(&written, &mirrored, &mut next_sequence, batch);
        let writer = Writer::start(name, run).map_err(|error| EngineError::Database(error.into()))?;
        Ok(Self { writer, outbox, database })
    }

    /// The messages that wait for delivery.
    pub(crate) fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    /// The committed document `id` of `collection`.
    pub(crate) fn find<T>(
        &self,
        collection: &'static str,
        id: impl Into<Bson>,
    ) -> Result<Option<T>, EngineError>
    where
        T: DeserializeOwned + Send + Sync,
    {
        let id = id.into();
        let found = self.database.collection::<Document>(collection).find_one(doc! { "_id": id.clone() })?;
        found.map(|document| decode(collection, &id, document)).transpose()
    }

    /// Runs `work` on the writer thread and returns once what it wrote is durable.
    ///
    /// `work` must decide before its first write: a refusal is a value (with no write before it), an error rolls
    /// back and may make it run a second time, alone.
    pub(crate) fn write<T, F>(&self, work: F) -> Result<T, EngineError>
    where
        T: Send + 'static,
        F: FnMut(&Tx) -> Result<T, EngineError> + Send + 'static,
    {
        let (answer, answered) = sync_channel(1);
        self.writer.submit(Box::new(Task { work, outcome: None, answer }))?;
        answered.recv().map_err(|_ended| EngineError::Ended)?
    }

    /// Removes a delivered message.
    pub(crate) fn remove_message(&self, sequence: Sequence) -> Result<(), EngineError> {
        self.write(move |tx| tx.remove_message(sequence))
    }
}

impl Tx {
    /// The document `id` of `collection`, this batch's writes included.
    pub(crate) fn find<T>(
        &self,
        collection: &'static str,
        id: impl Into<Bson>,
    ) -> Result<Option<T>, EngineError>
    where
        T: DeserializeOwned + Send + Sync,
    {
        let id = id.into();
        let found =
            self.transaction.collection::<Document>(collection).find_one(doc! { "_id": id.clone() })?;
        found.map(|document| decode(collection, &id, document)).transpose()
    }

    /// Writes a new document, whose `_id` must not be taken.
    pub(crate) fn insert<T: Serialize>(
        &self,
        collection: &'static str,
        document: &T,
    ) -> Result<(), EngineError> {
        let document = encode(collection, document)?;
        let id = document.get("_id").cloned().unwrap_or(Bson::Null);
        if self.find::<Document>(collection, id.clone())?.is_some() {
            return Err(unexpected(collection, &id, "there already"));
        }
        self.dirty.set(true);
        self.transaction.collection::<Document>(collection).insert_one(document)?;
        Ok(())
    }

    /// Sets every field of the document with the `_id` of `document`, which must be there.
    #[expect(clippy::disallowed_methods, reason = "the one update, by _id and checked")]
    pub(crate) fn replace<T: Serialize>(
        &self,
        collection: &'static str,
        document: &T,
    ) -> Result<(), EngineError> {
        let mut fields = encode(collection, document)?;
        let id = fields.remove("_id").unwrap_or(Bson::Null);
        self.dirty.set(true);
        let done = self
            .transaction
            .collection::<Document>(collection)
            .update_one(doc! { "_id": id.clone() }, doc! { "$set": fields })?;
        // Not modified_count: it is 0 when nothing changed.
        if done.matched_count == 1 { Ok(()) } else { Err(unexpected(collection, &id, "missing")) }
    }

    /// Removes the document `id`; tells whether it was there.
    pub(crate) fn remove(&self, collection: &'static str, id: impl Into<Bson>) -> Result<bool, EngineError> {
        self.dirty.set(true);
        let done =
            self.transaction.collection::<Document>(collection).delete_one(doc! { "_id": id.into() })?;
        Ok(done.deleted_count == 1)
    }

    /// Commits `message` to another service together with this unit of work; returns its place in the outbox.
    pub(crate) fn send(&self, message: Message) -> Result<Sequence, EngineError> {
        if self.sent.borrow().len() >= self.room {
            return Err(Busy.into());
        }
        let sequence = self.next_sequence.get();
        let body = serde_json::to_string(&message).map_err(|error| EngineError::Corrupt {
            collection: OUTBOX,
            id: sequence.to_string(),
            what: error.to_string(),
        })?;
        self.insert(OUTBOX, &doc! { "_id": sequence_id(sequence), "message": body })?;
        self.next_sequence.set(sequence + 1);
        self.sent.borrow_mut().push((sequence, message));
        Ok(sequence)
    }

    /// Removes a delivered message together with what its delivery settles.
    pub(crate) fn remove_message(&self, sequence: Sequence) -> Result<(), EngineError> {
        self.remove(OUTBOX, sequence_id(sequence)).map(drop)
    }
}

/// A unit of work with its way to answer the caller.
trait Work: Send {
    fn run(&mut self, tx: &Tx) -> Result<(), EngineError>;
    fn answer(self: Box<Self>, committed: Result<(), EngineError>);
}

struct Task<T, F> {
    work: F,
    outcome: Option<T>,
    answer: SyncSender<Result<T, EngineError>>,
}

impl<T: Send, F: FnMut(&Tx) -> Result<T, EngineError> + Send> Work for Task<T, F> {
    fn run(&mut self, tx: &Tx) -> Result<(), EngineError> {
        self.outcome = Some((self.work)(tx)?);
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), EngineError>) {
        let Self { outcome, answer, .. } = *self;
        // A caller that went away no longer cares.
        let _gone = answer.send(committed.and_then(|()| outcome.ok_or(EngineError::Ended)));
    }
}

/// One transaction for the whole batch; if any unit fails below the domain, each runs again by itself, because
/// PoloDB has no savepoints and a failed write leaves half of its unit behind.
fn carry_out(database: &Database, outbox: &Outbox, next: &mut Sequence, mut batch: Vec<Box<dyn Work>>) {
    if let Ok(()) = attempt(database, outbox, next, &mut batch) {
        for work in batch {
            work.answer(Ok(()));
        }
        return;
    }
    for work in batch {
        let mut alone = [work];
        let done = attempt(database, outbox, next, &mut alone);
        let [work] = alone;
        work.answer(done);
    }
}

fn attempt(
    database: &Database,
    outbox: &Outbox,
    next: &mut Sequence,
    batch: &mut [Box<dyn Work>],
) -> Result<(), EngineError> {
    let tx = Tx {
        transaction: database.start_transaction()?,
        dirty: Cell::new(false),
        next_sequence: Cell::new(*next),
        sent: RefCell::default(),
        room: OUTBOX_MAX.saturating_sub(outbox.depth()),
    };
    let ran = batch.iter_mut().try_for_each(|work| work.run(&tx));
    if ran.is_err() || !tx.dirty.get() {
        tx.transaction.rollback()?;
        return ran;
    }
    tx.transaction.commit()?;
    *next = tx.next_sequence.get();
    let sent = tx.sent.into_inner();
    if !sent.is_empty() {
        outbox.committed(sent);
    }
    Ok(())
}

fn ensure_sentinel(database: &Database) -> Result<(), EngineError> {
    let sentinel = database.collection::<Document>(SENTINEL);
    if sentinel.find_one(doc! { "_id": 0 })?.is_none() {
        sentinel.insert_one(doc! { "_id": 0 })?;
    }
    Ok(())
}

fn read_outbox(database: &Database) -> Result<Vec<(Sequence, Message)>, EngineError> {
    let mut rows = Vec::new();
    for row in database.collection::<Document>(OUTBOX).find(doc! {}).run()? {
        let row = row?;
        let corrupt = |what: String| EngineError::Corrupt { collection: OUTBOX, id: row.to_string(), what };
        let sequence = row.get_i64("_id").map_err(|error| corrupt(error.to_string()))?;
        let text = row.get_str("message").map_err(|error| corrupt(error.to_string()))?;
        let message = serde_json::from_str(text).map_err(|error| corrupt(error.to_string()))?;
        rows.push((sequence.unsigned_abs(), message));
    }
    rows.sort_by_key(|(sequence, _)| *sequence);
    Ok(rows)
}

fn sequence_id(sequence: Sequence) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

fn encode<T: Serialize>(collection: &'static str, document: &T) -> Result<Document, EngineError> {
    bson::to_document(document).map_err(|error| EngineError::Corrupt {
        collection,
        id: "new".to_owned(),
        what: error.to_string(),
    })
}

fn decode<T: DeserializeOwned>(
    collection: &'static str,
    id: &Bson,
    document: Document,
) -> Result<T, EngineError> {
    bson::from_document(document).map_err(|error| EngineError::Corrupt {
        collection,
        id: id.to_string(),
        what: error.to_string(),
    })
}

fn unexpected(collection: &'static str, id: &Bson, state: &'static str) -> EngineError {
    EngineError::Unexpected { collection, id: id.to_string(), state }
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
