//! Whether the database is all that it was: SQLite drops the end of its log without a word when that is damaged.
//!
//! Each commit counts itself in the database and then in the file `history` beside it. A database that is behind its
//! file is not opened before the operator accepts the loss.

use std::path::Path;

use chassis::history::{History, Testimony, Witness};
use rusqlite::Connection;

use super::StoreError;
use crate::OpenError;

/// The file's name.
const WITNESS: &str = "history";
const COUNT: &str = "SELECT commits FROM history";

/// The file that has seen how far the database had come.
#[derive(Debug)]
pub(super) struct Past {
    witness: Witness,
    /// What it saw last.
    commits: u64,
}

impl Past {
    /// Holds the database at `path` against its file, and brings that up to date.
    pub(super) fn examine(
        connection: &Connection,
        path: &Path,
        accept_loss: bool,
    ) -> Result<Self, OpenError> {
        let failed = |source| super::file::error(path, source);
        let mut witness = Witness::open(&path.with_file_name(WITNESS))?;
        let mut found = history(count(connection).map_err(failed)?);
        if let Testimony::Seen(recorded) = witness.testimony()?
            && recorded.commits > found.commits
        {
            let (has, had) = (found.commits, recorded.commits);
            if !accept_loss {
                return Err(OpenError::Lost { path: path.to_owned(), has, had });
            }
            tracing::warn!(has, had, "the notes database lost its end, which is accepted: it goes on");
            found = found.beyond(recorded);
            set(connection, found.commits).map_err(failed)?;
        }
        witness.renew(found)?;
        Ok(Self { witness, commits: found.commits })
    }

    /// Takes note of the last commit of `connection`.
    pub(super) fn keep_up(&mut self, connection: &Connection) {
        match count(connection) {
            Ok(commits) if commits != self.commits => {
                self.commits = commits;
                self.witness.record(history(commits));
            }
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "the commits could not be counted"),
        }
    }
}

/// Counts the commit that is under way, if it changed anything since the connection had made `before` changes.
pub(super) fn count_commit(connection: &Connection, before: i64) -> Result<(), StoreError> {
    if changes(connection)? != before {
        connection.prepare_cached("UPDATE history SET commits = commits + 1")?.execute([])?;
    }
    Ok(())
}

/// How many rows the connection has changed so far.
pub(super) fn changes(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.prepare_cached("SELECT total_changes()")?.query_row([], |row| row.get(0))?)
}

fn count(connection: &Connection) -> rusqlite::Result<u64> {
    let commits: i64 = connection.prepare_cached(COUNT)?.query_row([], |row| row.get(0))?;
    Ok(commits.unsigned_abs())
}

fn set(connection: &Connection, commits: u64) -> rusqlite::Result<()> {
    let commits = i64::try_from(commits).unwrap_or(i64::MAX);
    connection.execute("UPDATE history SET commits = ?1", [commits]).map(drop)
}

/// Notes send no messages, so none has a number.
const fn history(commits: u64) -> History {
    History { commits, ..History::START }
}
