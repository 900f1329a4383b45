//! What the engine asks of a database: documents by `_id`, and changes that are kept whole or not at all.
//!
//! PoloDB is the one that ships; proofs put a disk in its place that forgets and fails on demand. Neither is named
//! by anything above the engine.

use std::path::Path;
use std::sync::Arc;

use bson::{Bson, Document};

use super::EngineError;
#[cfg(any(test, feature = "simulation"))]
use super::memory::Memory;
use super::polo::Polo;

/// An open database.
pub(super) trait Backend: Send + Sync {
    /// The committed document `id` of `collection`.
    fn find(&self, collection: &str, id: &Bson) -> Result<Option<Document>, EngineError>;

    /// Shows `each` every committed document of `collection`.
    fn scan(
        &self,
        collection: &str,
        each: &mut dyn FnMut(Document) -> Result<(), EngineError>,
    ) -> Result<(), EngineError>;

    /// Starts a change; there is one at a time.
    fn begin(&self) -> Result<Box<dyn Change>, EngineError>;

    /// Whether its disk has room enough for it to be opened again.
    fn has_room(&self) -> bool;

    /// Closes it and opens it again, after a commit that failed and before any other change: from then on what
    /// reached the disk of that commit is there, and the rest is not.
    fn reopen(&self) -> Result<(), EngineError>;
}

/// A change under way, which sees its own writes. Dropped without a commit it was never there.
pub(super) trait Change {
    /// The document `id` of `collection`.
    fn find(&self, collection: &str, id: &Bson) -> Result<Option<Document>, EngineError>;

    /// Adds `document`, whose `_id` is not taken.
    fn insert(&self, collection: &str, document: Document) -> Result<(), EngineError>;

    /// Sets `fields` of the document `id`; tells whether it is there.
    fn update(&self, collection: &str, id: &Bson, fields: Document) -> Result<bool, EngineError>;

    /// Removes the document `id`; tells whether it was there.
    fn remove(&self, collection: &str, id: &Bson) -> Result<bool, EngineError>;

    /// Makes everything durable.
    fn commit(self: Box<Self>) -> Result<(), EngineError>;
}

/// Opens or creates the database at `path`: in a simulation the disk that stands for it.
pub(super) fn open(path: &Path) -> Result<Arc<dyn Backend>, EngineError> {
    #[cfg(any(test, feature = "simulation"))]
    if let Some(director) = chassis::simulation::director() {
        return Ok(Arc::new(Memory::on(director.disk(path))));
    }
    Ok(Arc::new(Polo::open(path)?))
}
