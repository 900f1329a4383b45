//! The files of the store: the directory, its lock and their modes.
//!
//! Knows no document: those are the engine's business.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::engine::EngineError;

/// Files are read and written by this user alone.
const FILE_MODE: u32 = 0o600;
/// Folders likewise.
const FOLDER_MODE: u32 = 0o700;

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
    #[error("{} cannot be opened as the profiles database", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// What the engine said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl OpenError {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    pub(super) fn database(path: &Path, error: EngineError) -> Self {
        Self::Database { path: path.to_owned(), source: Box::new(error) }
    }
}

/// Takes the directory for this process until the file is dropped; makes it first if need be.
pub(super) fn lock(data_dir: &Path) -> Result<File, OpenError> {
    folder(data_dir).map_err(|source| OpenError::io(data_dir, source))?;
    let path = data_dir.join("lock");
    let file = private(&path).map_err(|source| OpenError::io(&path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { path }),
        Err(TryLockError::Error(source)) => Err(OpenError::Io { path, source }),
    }
}

/// Makes a folder that only its owner may enter.
fn folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(path)?;
    fs::set_permissions(path, Permissions::from_mode(FOLDER_MODE))
}

/// Opens or makes a file that only its owner may read.
fn private(path: &Path) -> io::Result<File> {
    let file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(FILE_MODE).open(path)?;
    file.set_permissions(Permissions::from_mode(FILE_MODE))?;
    Ok(file)
}

/// Closes what the engine made to everyone but its owner, whatever the umask was.
pub(super) fn restrict(folder: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::io(folder, source);
    fs::set_permissions(folder, Permissions::from_mode(FOLDER_MODE)).map_err(failed)?;
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_dir() {
            restrict(&entry.path())?;
        } else {
            fs::set_permissions(entry.path(), Permissions::from_mode(FILE_MODE)).map_err(failed)?;
        }
    }
    Ok(())
}
