//! One state of the data, held while it is looked at.
//!
//! A transaction that writes nothing, whose two statements are prepared once for each connection. What is read is not
//! known here.

use rusqlite::Connection;

use super::StoreError;
use super::commit::run;

/// Holds the state of the last commit before the first look, until it is dropped.
#[derive(Debug)]
pub(super) struct Moment<'a>(&'a Connection);

impl<'a> Moment<'a> {
    /// A moment of `connection`, which only reads and is in no other.
    pub(super) fn of(connection: &'a Connection) -> Result<Self, StoreError> {
        run(connection, "BEGIN")?;
        Ok(Self(connection))
    }

    /// What is looked through.
    pub(super) const fn connection(&self) -> &'a Connection {
        self.0
    }
}

impl Drop for Moment<'_> {
    fn drop(&mut self) {
        // A failed read may have ended it already. Nothing was written, so a commit only lets go, and does so for less
        // than a rollback, which is for the case that a statement still runs.
        if !self.0.is_autocommit()
            && run(self.0, "COMMIT").is_err()
            && let Err(error) = run(self.0, "ROLLBACK")
        {
            tracing::error!(%error, "a look at the notes did not end");
        }
    }
}
