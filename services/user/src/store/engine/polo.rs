//! PoloDB behind the engine's interface.
//!
//! Only what is right under one writer is called: reads by `_id`, one insert, one update and one delete by `_id`,
//! and a cursor over a whole collection.

use std::path::Path;

use bson::{Bson, Document, doc};
use chassis::dir;
use polodb_core::{CollectionT, Database, Transaction};

use super::EngineError;
use super::backend::{Backend, Change};

/// Sorts before every other collection; its one document keeps PoloDB's iterators from walking over the
/// tombstones of deleted neighbours (8,000 deletes made reads of another collection 90 times slower).
const SENTINEL: &str = "!sentinel";

/// An open PoloDB.
pub(super) struct Polo(Database);

impl Polo {
    /// Opens or creates the database at `path`, a folder that only its owner may enter.
    pub(super) fn open(path: &Path) -> Result<Self, EngineError> {
        let database = Database::open_path(path)?;
        let sentinel = database.collection::<Document>(SENTINEL);
        if sentinel.find_one(doc! { "_id": 0 })?.is_none() {
            sentinel.insert_one(doc! { "_id": 0 })?;
        }
        dir::restrict(path)?;
        Ok(Self(database))
    }
}

impl Backend for Polo {
    fn find(&self, collection: &str, id: &Bson) -> Result<Option<Document>, EngineError> {
        Ok(self.0.collection::<Document>(collection).find_one(doc! { "_id": id.clone() })?)
    }

    fn scan(
        &self,
        collection: &str,
        each: &mut dyn FnMut(Document) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        for document in self.0.collection::<Document>(collection).find(doc! {}).run()? {
            each(document?)?;
        }
        Ok(())
    }

    fn begin(&self) -> Result<Box<dyn Change>, EngineError> {
        Ok(Box::new(self.0.start_transaction()?))
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
        Ok(Transaction::commit(&self)?)
    }
}
