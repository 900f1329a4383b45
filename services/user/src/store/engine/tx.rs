//! A unit of work's view of the database, and what it leaves for the outbox.

use std::cell::{Cell, RefCell};

use bson::{Bson, Document};
use chassis::clock::Timestamp;
use chassis::history::History;
use chassis::outbox::{Message, Row, Sequence};
use chassis::writer::Busy;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::EngineError;
use super::backend::Change;
use super::record::{HISTORY, HistoryDoc, OUTBOX, RowDoc, decode, encode, row_id};

/// The transaction of one batch, as a unit of work sees it: its own and its batch's writes are visible.
pub(crate) struct Tx {
    change: Box<dyn Change>,
    is_dirty: Cell<bool>,
    next: Cell<Sequence>,
    /// Messages that the outbox still has room for.
    room: Cell<usize>,
    at: Timestamp,
    outgoing: RefCell<Outgoing>,
}

/// What a commit changes in the outbox.
#[derive(Default)]
pub(super) struct Outgoing {
    /// Rows that are new or changed.
    pub(super) rows: Vec<(Sequence, Row)>,
    pub(super) removed: Vec<Sequence>,
}

impl Tx {
    /// A transaction on `change`; messages are numbered from `next` and dated `at`, and there is `room` for so
    /// many.
    pub(super) fn new(change: Box<dyn Change>, next: Sequence, at: Timestamp, room: usize) -> Self {
        let (is_dirty, next, room) = (Cell::new(false), Cell::new(next), Cell::new(room));
        Self { change, is_dirty, next, room, at, outgoing: RefCell::default() }
    }

    /// The date of this batch.
    pub(crate) const fn now(&self) -> Timestamp {
        self.at
    }

    /// The document `id` of `collection`, this batch's writes included.
    pub(crate) fn find<T: DeserializeOwned>(
        &self,
        collection: &'static str,
        id: impl Into<Bson>,
    ) -> Result<Option<T>, EngineError> {
        let id = id.into();
        let found = self.change.find(collection, &id)?;
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
            return Err(EngineError::unexpected(collection, &id, "there already"));
        }
        self.touch();
        self.change.insert(collection, document)
    }

    /// Sets every field of the document with the `_id` of `document`, which must be there.
    pub(crate) fn replace<T: Serialize>(
        &self,
        collection: &'static str,
        document: &T,
    ) -> Result<(), EngineError> {
        let mut fields = encode(collection, document)?;
        let id = fields.remove("_id").unwrap_or(Bson::Null);
        self.touch();
        let is_there = self.change.update(collection, &id, fields)?;
        if is_there { Ok(()) } else { Err(EngineError::unexpected(collection, &id, "missing")) }
    }

    /// Removes the document `id`; tells whether it was there.
    pub(crate) fn remove(&self, collection: &'static str, id: impl Into<Bson>) -> Result<bool, EngineError> {
        self.touch();
        self.change.remove(collection, &id.into())
    }

    /// How many more messages may be sent.
    pub(crate) fn room(&self) -> usize {
        self.room.get()
    }

    /// Commits `message` to another service together with this unit of work; returns its place in the outbox.
    pub(crate) fn send(&self, message: Message) -> Result<Sequence, EngineError> {
        if self.room.get() == 0 {
            return Err(Busy.into());
        }
        self.owe(message)
    }

    /// The same for the end of what began while there was room for it: also when others took that meanwhile. Whoever
    /// calls this bounds how much may have begun.
    pub(crate) fn owe(&self, message: Message) -> Result<Sequence, EngineError> {
        let (sequence, row) = (self.next.get(), Row::new(message, self.at));
        self.insert(OUTBOX, &RowDoc::of(sequence, &row)?)?;
        self.room.set(self.room.get().saturating_sub(1));
        self.next.set(sequence + 1);
        self.outgoing.borrow_mut().rows.push((sequence, row));
        Ok(sequence)
    }

    /// Removes a delivered message together with what its delivery settles.
    pub(crate) fn remove_message(&self, sequence: Sequence) -> Result<(), EngineError> {
        self.remove(OUTBOX, row_id(sequence))?;
        self.outgoing.borrow_mut().removed.push(sequence);
        Ok(())
    }

    /// Parks a message or, without a reason, offers it again; one that is gone meanwhile stays gone.
    pub(super) fn repark(&self, sequence: Sequence, why: Option<String>) -> Result<(), EngineError> {
        let Some(doc) = self.find::<RowDoc>(OUTBOX, row_id(sequence))? else { return Ok(()) };
        let (sequence, row) = doc.read()?;
        let row = Row { parked: why, ..row };
        self.replace(OUTBOX, &RowDoc::of(sequence, &row)?)?;
        self.outgoing.borrow_mut().rows.push((sequence, row));
        Ok(())
    }

    /// Makes this a change, even if no document differs.
    pub(super) fn touch(&self) {
        self.is_dirty.set(true);
    }

    pub(super) fn is_dirty(&self) -> bool {
        self.is_dirty.get()
    }

    /// Writes how far the database comes with this commit, the one after `last`.
    pub(super) fn keep_count(&self, last: History) -> Result<History, EngineError> {
        let history = History { commits: last.commits + 1, next: self.next.get() };
        let mut fields = encode(HISTORY, &HistoryDoc::of(history))?;
        let id = fields.remove("_id").unwrap_or(Bson::Null);
        if !self.change.update(HISTORY, &id, fields)? {
            self.insert(HISTORY, &HistoryDoc::of(history))?;
        }
        Ok(history)
    }

    /// The change to commit, and what it changes in the outbox.
    pub(super) fn into_parts(self) -> (Box<dyn Change>, Outgoing) {
        (self.change, self.outgoing.into_inner())
    }
}
