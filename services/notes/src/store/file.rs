//! The files of the store: their lock, their modes, their connections, and the migrations.
//!
//! Knows no table: those are the migrations' business.

use std::error::Error;
use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use r2d2::Pool;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

/// The steps from an empty file to the present form; `user_version` counts those that were taken.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/0001_notes.sql")];
/// Statements that a connection keeps prepared: all that it ever runs.
const STATEMENTS_MAX: usize = 32;
/// Read and written by this user alone.
const MODE: u32 = 0o600;

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("{} is in use by another process", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// The file system refuses.
    #[error("{} cannot be used", path.display())]
    Io {
        /// The file in question.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no database of ours, or a damaged one.
    #[error("{} cannot be opened as the notes database", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// What SQLite or a migration said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A later version of this program wrote it.
    #[error("{} has version {version}, this program knows {}", path.display(), MIGRATIONS.len())]
    TooNew {
        /// The database.
        path: PathBuf,
        /// Its version.
        version: usize,
    },
}

/// Takes the directory for this process until the file is dropped.
pub(super) fn lock(data_dir: &Path) -> Result<File, OpenError> {
    let path = data_dir.join("lock");
    let file = private(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { path }),
        Err(TryLockError::Error(source)) => Err(OpenError::Io { path, source }),
    }
}

/// Opens or makes a file that only its owner may read; SQLite gives its side files the same mode.
fn private(path: &Path) -> Result<File, OpenError> {
    let open = || {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(MODE)
            .open(path)?;
        file.set_permissions(Permissions::from_mode(MODE))?;
        Ok(file)
    };
    open().map_err(|source| OpenError::Io {
        path: path.to_owned(),
        source,
    })
}

/// The one connection that writes, to a database in the present form.
pub(super) fn writer(path: &Path) -> Result<Connection, OpenError> {
    drop(private(path)?);
    let mut connection = writing_connection(path).map_err(|error| database_error(path, error))?;
    let version = version_of(&connection).map_err(|error| database_error(path, error))?;
    if version > MIGRATIONS.len() {
        return Err(OpenError::TooNew {
            path: path.to_owned(),
            version,
        });
    }
    migrate(&mut connection, version).map_err(|error| database_error(path, error))?;
    Ok(connection)
}

fn writing_connection(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // NORMAL would lose acknowledged writes with the power.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "mmap_size", 0)?;
    Ok(connection)
}

fn version_of(connection: &Connection) -> rusqlite::Result<usize> {
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

fn migrate(connection: &mut Connection, from: usize) -> rusqlite::Result<()> {
    for (number, sql) in (1..).zip(MIGRATIONS).skip(from) {
        let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        step.execute_batch(sql)?;
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
    let manager = SqliteConnectionManager::file(path)
        .with_flags(flags)
        .with_init(|connection| {
            connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
            connection.pragma_update(None, "mmap_size", 0)
        });
    // Connections to a file do not wear out: they are neither tested nor replaced.
    let pool = Pool::builder()
        .max_size(count)
        .connection_timeout(wait_max)
        .test_on_check_out(false)
        .idle_timeout(None)
        .max_lifetime(None);
    pool.build(manager).map_err(|error| database_error(path, error))
}

fn database_error(path: &Path, error: impl Error + Send + Sync + 'static) -> OpenError {
    OpenError::Database {
        path: path.to_owned(),
        source: Box::new(error),
    }
}
