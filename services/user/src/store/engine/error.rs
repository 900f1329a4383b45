//! What goes wrong below the domain.

use std::io;
use std::sync::Arc;

use bson::Bson;
use chassis::dir::DirError;
use chassis::history::History;
use chassis::writer::Busy;

/// Why the engine did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    /// The database refused or failed.
    #[error("the database failed")]
    Database(#[source] polodb_core::Error),
    /// The disk is full; the database goes on once there is room.
    #[error("the disk of the database is full")]
    Full(#[source] polodb_core::Error),
    /// The database had to be closed after a failed commit, and could not be opened again yet.
    #[error("the database is closed")]
    Closed,
    /// The commit failed. What it held may have reached the disk all the same.
    #[error("a commit failed")]
    Commit(#[source] Arc<Self>),
    /// The file system refused.
    #[error(transparent)]
    Dir(#[from] DirError),
    /// The newest part of the database is gone; nothing is written until the operator accepts that.
    #[error(
        "the database lost its end: it has {} commits and had {}; nothing is written before --accept-loss",
        found.commits,
        recorded.commits
    )]
    Lost {
        /// How far the database goes.
        found: History,
        /// How far it had come.
        recorded: History,
    },
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

impl EngineError {
    pub(super) fn corrupt(collection: &'static str, id: &Bson, what: &impl ToString) -> Self {
        Self::Corrupt { collection, id: id.to_string(), what: what.to_string() }
    }

    pub(super) fn unexpected(collection: &'static str, id: &Bson, state: &'static str) -> Self {
        Self::Unexpected { collection, id: id.to_string(), state }
    }
}

impl From<polodb_core::Error> for EngineError {
    fn from(error: polodb_core::Error) -> Self {
        Self::Database(error)
    }
}

impl From<io::Error> for EngineError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::StorageFull {
            return Self::Full(error.into());
        }
        Self::Database(error.into())
    }
}
