//! PoloDB behind the engine's interface.
//!
//! Only what is right under one writer is called: reads by `_id`, one insert, one update and one delete by `_id`,
//! and a cursor over a whole collection.

use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use bson::{Bson, Document, doc};
use chassis::dir;
use polodb_core::{CollectionT, Database, Transaction};

use super::EngineError;
use super::backend::{Backend, Change};

/// Sorts before every other collection; its one document keeps PoloDB's iterators from walking over the
/// tombstones of deleted neighbours (8,000 deletes made reads of another collection 90 times slower).
const SENTINEL: &str = "!sentinel";

/// How RocksDB's message reads when the disk is full. Then it refuses all that is written until it is opened again.
const NO_SPACE: &str = "No space left on device";

/// What opening it takes on the disk beside a table of what is in its log: new files of its own making, which take some
/// hundred kilobytes, and a block of 4 MiB that RocksDB sets aside.
const OPENING_BYTES: u64 = 6 << 20;

/// A PoloDB, closed only while it cannot be opened again.
pub(super) struct Polo {
    path: PathBuf,
    database: RwLock<Option<Database>>,
}

impl Polo {
    /// Opens or creates the database at `path`, a folder that only its owner may enter.
    pub(super) fn open(path: &Path) -> Result<Self, EngineError> {
        let database = open(path)?;
        dir::restrict(path)?;
        Ok(Self { path: path.to_owned(), database: RwLock::new(Some(database)) })
    }

    fn with<T>(&self, work: impl FnOnce(&Database) -> Result<T, EngineError>) -> Result<T, EngineError> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        work(database.as_ref().ok_or(EngineError::Closed)?)
    }
}

fn open(path: &Path) -> Result<Database, EngineError> {
    let database = Database::open_path(path)?;
    let sentinel = database.collection::<Document>(SENTINEL);
    if sentinel.find_one(doc! { "_id": 0 })?.is_none() {
        sentinel.insert_one(doc! { "_id": 0 })?;
    }
    Ok(database)
}

impl Backend for Polo {
    fn find(&self, collection: &str, id: &Bson) -> Result<Option<Document>, EngineError> {
        // In a transaction that nobody commits: by itself a read that finds nothing commits nothing, with a sync.
        self.with(|database| Change::find(&database.start_transaction()?, collection, id))
    }

    fn scan(
        &self,
        collection: &str,
        each: &mut dyn FnMut(Document) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        self.with(|database| {
            let reading = database.start_transaction()?;
            for document in reading.collection::<Document>(collection).find(doc! {}).run()? {
                each(document?)?;
            }
            Ok(())
        })
    }

    fn begin(&self) -> Result<Box<dyn Change>, EngineError> {
        self.with(|database| Ok(Box::new(database.start_transaction()?) as Box<dyn Change>))
    }

    fn has_room(&self) -> bool {
        dir::room(&self.path) > OPENING_BYTES + dir::size(&self.path, "log")
    }

    fn reopen(&self) -> Result<(), EngineError> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        // It takes its folder for itself, so the old one closes first.
        drop(database.take());
        *database = Some(open(&self.path)?);
        Ok(())
    }
}

impl Change for Transaction {
    fn find(&self, collection: &str, id: &Bson) -> Result<Option<Document>, EngineError> {
        Ok(self.collection::<Document>(collection).find_one(doc! { "_id": id.clone() })?)
    }

    fn insert(&self, collection: &str, document: Document) -> Result<(), EngineError> {
        self.collection::<Document>(collection).insert_one(document)?;
        Ok(())
    }

    #[expect(clippy::disallowed_methods, reason = "the one update, by _id and checked")]
    fn update(&self, collection: &str, id: &Bson, fields: Document) -> Result<bool, EngineError> {
        let (this, set) = (doc! { "_id": id.clone() }, doc! { "$set": fields });
        let done = self.collection::<Document>(collection).update_one(this, set)?;
        // Not modified_count: it is 0 when nothing changed.
        Ok(done.matched_count == 1)
    }

    fn remove(&self, collection: &str, id: &Bson) -> Result<bool, EngineError> {
        let done = self.collection::<Document>(collection).delete_one(doc! { "_id": id.clone() })?;
        Ok(done.deleted_count == 1)
    }

    fn commit(self: Box<Self>) -> Result<(), EngineError> {
        Transaction::commit(&self).map_err(|error| match error.to_string() {
            text if text.contains(NO_SPACE) => EngineError::Full(error),
            _ => EngineError::Database(error),
        })
    }
}
