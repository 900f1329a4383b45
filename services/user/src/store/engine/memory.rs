//! A simulated disk behind the engine's interface: in the place of PoloDB, whose threads no seed can repeat.

use std::cell::RefCell;
use std::io;

use bson::{Bson, Document, doc};
use chassis::simulation::{self, Disk};

use super::EngineError;
use super::backend::{Backend, Change};

/// The documents on a disk.
pub(super) struct Memory(Disk);

/// A change on it.
struct Pending(RefCell<simulation::Change>);

impl Memory {
    /// The database that `disk` holds.
    pub(super) fn on(disk: Disk) -> Self {
        Self(disk)
    }
}

impl Backend for Memory {
    fn find(&self, collection: &str, id: &Bson) -> Result<Option<Document>, EngineError> {
        self.0.find(collection, &key(id)?).map(|bytes| read(&bytes)).transpose()
    }

    fn scan(
        &self,
        collection: &str,
        each: &mut dyn FnMut(Document) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        self.0.scan(collection).iter().try_for_each(|bytes| each(read(bytes)?))
    }

    fn begin(&self) -> Result<Box<dyn Change>, EngineError> {
        Ok(Box::new(Pending(RefCell::new(self.0.begin()))))
    }

    /// It goes on by itself.
    fn has_room(&self) -> bool {
        false
    }

    fn reopen(&self) -> Result<(), EngineError> {
        Ok(())
    }
}

impl Change for Pending {
    fn find(&self, collection: &str, id: &Bson) -> Result<Option<Document>, EngineError> {
        self.0.borrow().find(collection, &key(id)?).map(|bytes| read(&bytes)).transpose()
    }

    fn insert(&self, collection: &str, document: Document) -> Result<(), EngineError> {
        let key = key(document.get("_id").unwrap_or(&Bson::Null))?;
        Ok(self.0.borrow_mut().put(collection, &key, write(&document)?)?)
    }

    fn update(&self, collection: &str, id: &Bson, fields: Document) -> Result<bool, EngineError> {
        let Some(mut document) = self.find(collection, id)? else { return Ok(false) };
        document.extend(fields);
        self.0.borrow_mut().put(collection, &key(id)?, write(&document)?)?;
        Ok(true)
    }

    fn remove(&self, collection: &str, id: &Bson) -> Result<bool, EngineError> {
        Ok(self.0.borrow_mut().remove(collection, &key(id)?)?)
    }

    fn commit(self: Box<Self>) -> Result<(), EngineError> {
        Ok(self.0.into_inner().commit()?)
    }
}

fn key(id: &Bson) -> Result<Vec<u8>, EngineError> {
    write(&doc! { "_id": id.clone() })
}

fn write(document: &Document) -> Result<Vec<u8>, EngineError> {
    Ok(bson::to_vec(document).map_err(io::Error::other)?)
}

fn read(bytes: &[u8]) -> Result<Document, EngineError> {
    Ok(bson::from_slice(bytes).map_err(io::Error::other)?)
}
