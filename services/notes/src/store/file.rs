//! The database file: its connections and the migrations.
//!
//! Knows no table: those are the migrations' business, and that of `checksum.rs`.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use chassis::dir::{self, DirError};
use r2d2::Pool;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::checksum;
use crate::OpenError;

/// The steps from an empty file to the present form; `user_version` counts those that were taken.
const MIGRATIONS: [&str; 7] = [
    include_str!("migrations/0001_notes.sql"),
    include_str!("migrations/0002_inbox.sql"),
    include_str!("migrations/0003_search.sql"),
    include_str!("migrations/0004_stamp.sql"),
    include_str!("migrations/0005_label.sql"),
    include_str!("migrations/0006_title.sql"),
    include_str!("migrations/0007_sum.sql"),
];
/// The step after which the rows that are there get their checksums.
const SUMMED: u32 = 7;
/// Statements that a connection keeps prepared: all that it ever runs.
const STATEMENTS_MAX: usize = 48;

/// The one connection that writes, to a database in the present form.
pub(super) fn writer(path: &Path) -> Result<Connection, OpenError> {
    // SQLite gives its side files the mode of this one.
    drop(dir::file(path)?);
    let mut connection = writing_connection(path).map_err(|cause| error(path, cause))?;
    let version = version_of(&connection).map_err(|cause| error(path, cause))?;
    if version > MIGRATIONS.len() {
        return Err(OpenError::TooNew { path: path.to_owned(), version, known: MIGRATIONS.len() });
    }
    migrate(&mut connection, version).map_err(|cause| error(path, cause))?;
    Ok(connection)
}

/// Copies the database at `from`, which nobody writes to now, with the part of it that is in the log still.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), DirError> {
    let log = |path: &Path| path.with_extension("db-wal");
    std::fs::copy(from, to).map_err(DirError::io(from))?;
    match std::fs::copy(log(from), log(to)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        copied => copied.map(drop).map_err(DirError::io(&log(from))),
    }
}

fn writing_connection(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // NORMAL would lose acknowledged writes with the power.
    connection.pragma_update(None, "synchronous", "FULL")?;
    settle(&connection)?;
    Ok(connection)
}

/// What both kinds of connection have in common.
fn settle(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // Otherwise every new LIMIT has its statement planned again.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // A mapped file counts as resident memory and was no faster.
    connection.pragma_update(None, "mmap_size", 0)
}

fn version_of(connection: &Connection) -> rusqlite::Result<usize> {
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

fn migrate(connection: &mut Connection, from: usize) -> rusqlite::Result<()> {
    for (number, sql) in (1_u32..).zip(MIGRATIONS).skip(from) {
        let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        step.execute_batch(sql)?;
        if number == SUMMED {
            checksum::fill(&step)?;
        }
        step.pragma_update(None, "user_version", number)?;
        step.commit()?;
    }
    Ok(())
}

/// `count` connections that read; who finds none free waits at most `wait_max`.
pub(super) fn readers(
    path: &Path,
    count: u32,
    wait_max: Duration,
) -> Result<Pool<SqliteConnectionManager>, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let manager =
        SqliteConnectionManager::file(path).with_flags(flags).with_init(|connection| settle(connection));
    // Connections to a file do not wear out: they are neither tested nor replaced.
    let pool = Pool::builder()
        .max_size(count)
        .connection_timeout(wait_max)
        .test_on_check_out(false)
        .idle_timeout(None)
        .max_lifetime(None);
    pool.build(manager).map_err(|cause| error(path, cause))
}

pub(super) fn error(path: &Path, source: impl Error + Send + Sync + 'static) -> OpenError {
    OpenError::Database { path: path.to_owned(), source: Box::new(source) }
}
