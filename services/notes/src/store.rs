//! Notes and authors in SQLite: one thread that writes, several connections that read.
//!
//! Synchronous; domain values in and out. It decides nothing: what may be done is for the verbs, which hand
//! over one closure for each unit of work.

mod bell;
mod bundle;
mod change;
mod checksum;
mod chore;
mod commit;
mod corpora;
mod doctor;
mod entry;
mod file;
mod gram;
mod inbox;
#[cfg(feature = "simulation")]
pub mod inspection;
mod label;
mod literal;
mod log;
mod moment;
mod past;
#[cfg(test)]
mod plant;
mod row;
mod scan;
mod tag;
mod view;

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use chassis::dir::{self, DirError};
use chassis::writer::{Busy, Writer};
use r2d2::Pool;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::ErrorCode;

pub(crate) use self::bell::Bell;
pub(crate) use self::change::Changes;
use self::chore::Chores;
use self::commit::{Job, Unit};
use self::corpora::Corpora;
pub(crate) use self::doctor::Check;
pub(crate) use self::entry::{Entry, Pile, author_of, numbers_of};
pub(crate) use self::inbox::Arrival;
pub(crate) use self::log::{Change, Kind, Mark};
use self::moment::Moment;
use self::past::Past;
pub(crate) use self::view::View;
use crate::OpenError;

/// The database's file.
const DATABASE: &str = "notes.db";
/// There is a connection for every reader that can run at a time, so a wait means that something is stuck.
const READER_WAIT_MAX: Duration = Duration::from_secs(1);

/// Why the store could not do its part.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// Too many others wait already; nothing was done.
    #[error("the notes database takes no more work now")]
    Busy,
    /// Nothing was written, for want of space.
    #[error("the disk of the notes database is full")]
    Full(#[source] Arc<rusqlite::Error>),
    /// SQLite undid the whole batch because of another request in it.
    #[error("the change was undone together with a failed one")]
    Undone,
    /// A stored value that no code of ours wrote.
    #[error("{table} {key} is corrupt: {what}")]
    Corrupt {
        /// Where it is stored.
        table: &'static str,
        /// Its row.
        key: i64,
        /// What cannot be true of it.
        what: &'static str,
    },
    /// SQLite finds that the file is not what it wrote.
    #[error("the notes database is damaged")]
    Damaged(#[source] Arc<rusqlite::Error>),
    /// The disk fails.
    #[error("the disk of the notes database fails")]
    Failing(#[source] Arc<rusqlite::Error>),
    /// Anything else that SQLite reports.
    #[error("the notes database failed")]
    Sqlite(#[source] Arc<rusqlite::Error>),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(Arc::new(error)),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(Arc::new(error)),
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::ReadOnly) => {
                Self::Failing(Arc::new(error))
            }
            _ => Self::Sqlite(Arc::new(error)),
        }
    }
}

/// The notes of one data directory. The fields close in this order: writes end, reads end, the lock goes.
pub(crate) struct Store {
    writer: Writer<Box<dyn Job>>,
    readers: Pool<SqliteConnectionManager>,
    corpora: Corpora,
    chores: Arc<Chores>,
    bell: Arc<Bell>,
    folder: PathBuf,
    /// Whether the doctor found the file damaged.
    is_damaged: AtomicBool,
    _lock: File,
}

impl Store {
    /// Locks `data_dir`, opens its database (a new one if there is none) and brings it up to date; `readers` is
    /// how many can read at a time. One that lost its end is refused, unless `accept_loss` says to go on without it.
    pub(crate) fn open(data_dir: &Path, readers: u32, accept_loss: bool) -> Result<Self, OpenError> {
        let lock = dir::lock(data_dir)?;
        let database = data_dir.join(DATABASE);
        let connection = file::writer(&database)?;
        let mut past = Past::examine(&connection, &database, accept_loss)?;
        let readers = file::readers(&database, readers, READER_WAIT_MAX)?;
        let chores = Arc::new(Chores::open(&connection).map_err(|source| file::error(&database, source))?);
        let bell = Arc::<Bell>::default();
        let (told, rung) = (Arc::clone(&chores), Arc::clone(&bell));
        let carry_out = move |jobs| {
            commit::carry_out(&connection, &told, jobs);
            past.keep_up(&connection);
            rung.ring();
        };
        let writer = Writer::start("notes writer", carry_out).map_err(DirError::io(&database))?;
        let (corpora, folder) = (Corpora::default(), data_dir.to_owned());
        Ok(Self {
            writer,
            readers,
            corpora,
            chores,
            bell,
            folder,
            is_damaged: AtomicBool::new(false),
            _lock: lock,
        })
    }

    /// Rings after every commit; there is one listener.
    pub(crate) fn bell(&self) -> Arc<Bell> {
        Arc::clone(&self.bell)
    }

    /// Takes note of what the doctor found.
    pub(crate) fn call_damaged(&self, is_damaged: bool) {
        self.is_damaged.store(is_damaged, Ordering::Relaxed);
    }

    /// Whether nothing that the file says can be believed.
    pub(crate) fn is_damaged(&self) -> bool {
        self.is_damaged.load(Ordering::Relaxed)
    }

    /// The folder that holds the database.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Copies the database into the folder `to`, as the last commit left it.
    pub(crate) fn copy(&self, to: &Path) -> Result<Result<(), DirError>, StoreError> {
        let (from, to) = (self.folder.join(DATABASE), to.join(DATABASE));
        // On the writer thread, where nobody writes meanwhile.
        self.change("copy", move |_changes| Ok(file::copy(&from, &to)))
    }

    /// Looks at one state of the data, that of the last commit or a later one.
    pub(crate) fn view<T, E>(&self, look: impl FnOnce(&View<'_>) -> Result<T, E>) -> Result<T, E>
    where
        E: From<StoreError>,
    {
        let connection = self.readers.get().map_err(|_waited| StoreError::Busy)?;
        let moment = Moment::of(&connection)?;
        look(&View::of(moment.connection()))
    }

    /// Changes data as `verb` says: all of `work` is durable when this returns its value, none of it when it returns
    /// an error.
    pub(crate) fn change<T, E, W>(&self, verb: &'static str, work: W) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        W: FnOnce(&Changes<'_>) -> Result<T, E> + Send + 'static,
    {
        let (caller, outcome) = sync_channel(1);
        self.writer.submit(Box::new(Unit::new(verb, work, caller))).map_err(|Busy| StoreError::Busy)?;
        // Without an answer the writer has ended, and with it the service.
        outcome.recv().unwrap_or_else(|_ended| Err(StoreError::Busy.into()))
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store(..)")
    }
}

#[cfg(test)]
pub(in crate::store) mod tests;
