//! Directories and files that only their owner may read, and the lock that keeps a second process out.
//!
//! It knows nothing of what is kept in them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Files are read and written by their owner alone.
const FILE_MODE: u32 = 0o600;
/// Folders likewise.
const FOLDER_MODE: u32 = 0o700;

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DirError {
    /// Another process has it.
    #[error("{} is in use by another process: end that first, or use another directory", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// The file system refuses.
    #[error("{} cannot be used", path.display())]
    Io {
        /// The file or folder in question.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl DirError {
    /// What the system said of `path`.
    pub fn io(path: &Path) -> impl Fn(io::Error) -> Self + Copy + '_ {
        |source| Self::Io { path: path.to_owned(), source }
    }
}

/// Takes the directory for this process until the file is dropped; makes it first if need be.
pub fn lock(path: &Path) -> Result<File, DirError> {
    folder(path)?;
    let path = path.join("lock");
    let file = file(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DirError::Locked { path }),
        Err(TryLockError::Error(source)) => Err(DirError::Io { path, source }),
    }
}

/// Whether a process has the directory; looks only, so that nothing is made and nobody is kept out for long.
pub fn is_locked(path: &Path) -> Result<bool, DirError> {
    let path = path.join("lock");
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(DirError::io(&path)(error)),
    };
    // Shared, so that two who look do not take each other for the owner.
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(source)) => Err(DirError::Io { path, source }),
    }
}

/// Makes a folder, and those above it, that only their owner may enter; closes one that others could.
pub fn folder(path: &Path) -> Result<(), DirError> {
    make(path)?;
    fs::set_permissions(path, Permissions::from_mode(FOLDER_MODE)).map_err(DirError::io(path))
}

/// Makes a folder, and those above it, that only their owner may enter; one that is there stays as it is.
pub fn make(path: &Path) -> Result<(), DirError> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(path).map_err(DirError::io(path))
}

/// Opens or makes a file that only its owner may read and write; its content stays.
pub fn file(path: &Path) -> Result<File, DirError> {
    let open = || {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(FILE_MODE);
        let file = options.open(path)?;
        file.set_permissions(Permissions::from_mode(FILE_MODE))?;
        Ok(file)
    };
    open().map_err(DirError::io(path))
}

/// Closes everything in `path` to all but its owner, whatever the umask was when an engine made it.
pub fn restrict(path: &Path) -> Result<(), DirError> {
    folder(path)?;
    for entry in fs::read_dir(path).map_err(DirError::io(path))? {
        let entry = entry.map_err(DirError::io(path))?;
        if entry.file_type().map_err(DirError::io(path))?.is_dir() {
            restrict(&entry.path())?;
        } else {
            match fs::set_permissions(entry.path(), Permissions::from_mode(FILE_MODE)) {
                // An engine at work removes files that it no longer needs.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                closed => closed.map_err(DirError::io(path))?,
            }
        }
    }
    Ok(())
}

/// Writes a whole file, durable before its name is: a reader finds the old one or the new one, never a part.
///
/// Two writers of one name in one process must take turns: the file beside it is named after the process.
pub fn write(path: &Path, content: &[u8]) -> Result<(), DirError> {
    let aside = aside(path);
    let mut file = file(&aside)?;
    file.set_len(0).and_then(|()| file.write_all(content)).map_err(DirError::io(&aside))?;
    publish(&file, &aside, path)
}

/// Gives `file`, which was written whole at `aside`, its name: durable before that, as the name is afterwards.
pub fn publish(file: &File, aside: &Path, path: &Path) -> Result<(), DirError> {
    file.sync_all().map_err(DirError::io(aside))?;
    fs::rename(aside, path).map_err(DirError::io(path))?;
    // A bare name has an empty parent: the working directory.
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(DirError::io(folder))
}

/// Bytes that may still be written where `path` is; none when nobody can tell.
pub fn room(path: &Path) -> u64 {
    let system = rustix::fs::statvfs(path);
    system.map_or(0, |system| system.f_bavail.saturating_mul(system.f_frsize))
}

/// Bytes of the files in the folder `path` whose names end in `extension`; none when it cannot be read.
pub fn size(path: &Path, extension: &str) -> u64 {
    let is_meant = |name: &OsString| Path::new(name).extension().is_some_and(|found| found == extension);
    listing(path)
        .map_or(0, |files| files.iter().filter(|(name, _)| is_meant(name)).map(|(_, (_, bytes))| bytes).sum())
}

/// Copies the folder `from`, which nobody writes to, to `to`, which must not exist; files that `is_final` never change
/// and are linked instead. Locks are left out.
///
/// # Errors
/// Also when a file came, went or grew meanwhile: then somebody did write.
pub fn duplicate(from: &Path, to: &Path, is_final: fn(&Path) -> bool) -> Result<(), DirError> {
    let before = listing(from)?;
    DirBuilder::new().mode(FOLDER_MODE).create(to).map_err(DirError::io(to))?;
    for (name, (is_folder, _)) in &before {
        let (source, copy) = (from.join(name), to.join(name));
        if *is_folder {
            duplicate(&source, &copy, is_final)?;
        } else if is_final(&source) {
            fs::hard_link(&source, &copy).map_err(DirError::io(&copy))?;
        } else {
            fs::copy(&source, &copy).map(drop).map_err(DirError::io(&source))?;
        }
    }
    if listing(from)? == before {
        return Ok(());
    }
    Err(DirError::io(from)(io::Error::other("it changed while it was copied")))
}

/// What lies in a folder, by name: whether it is a folder, and its bytes if it is a file.
fn listing(path: &Path) -> Result<BTreeMap<OsString, (bool, u64)>, DirError> {
    let mut entries = BTreeMap::new();
    for entry in fs::read_dir(path).map_err(DirError::io(path))? {
        let entry = entry.map_err(DirError::io(path))?;
        let about = entry.metadata().map_err(DirError::io(path))?;
        let bytes = if about.is_dir() { 0 } else { about.len() };
        entries.insert(entry.file_name(), (about.is_dir(), bytes));
    }
    entries.remove(OsStr::new("lock"));
    Ok(entries)
}

/// Where a file is prepared before it gets its name.
pub fn aside(path: &Path) -> PathBuf {
    path.with_extension(format!("{}.new", std::process::id()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn a_second_taker_is_refused_until_the_first_lets_go() {
        let dir = tempfile::tempdir().unwrap();
        let first = lock(dir.path()).unwrap();
        assert!(matches!(lock(dir.path()), Err(DirError::Locked { .. })));
        drop(first);
        assert!(lock(dir.path()).is_ok());
    }

    #[test]
    fn looking_whether_a_directory_is_taken_neither_takes_nor_makes_anything() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!is_locked(&dir.path().join("absent")).unwrap());
        assert!(!is_locked(dir.path()).unwrap());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        let taken = lock(dir.path()).unwrap();
        assert!(is_locked(dir.path()).unwrap());
        drop(taken);
        assert!(!is_locked(dir.path()).unwrap());
        assert!(lock(dir.path()).is_ok());
    }

    #[test]
    fn a_folder_that_is_there_is_closed_only_when_asked() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        make(dir.path()).unwrap();
        assert_eq!(mode(dir.path()), 0o755);
        folder(dir.path()).unwrap();
        assert_eq!(mode(dir.path()), 0o700);
    }

    #[test]
    fn what_others_could_read_is_closed_to_them() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("inner");
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join("open"), "x").unwrap();
        fs::set_permissions(inner.join("open"), Permissions::from_mode(0o666)).unwrap();
        restrict(dir.path()).unwrap();
        assert_eq!((mode(&inner), mode(&inner.join("open"))), (0o700, 0o600));
    }

    #[test]
    fn a_file_that_is_gone_before_it_can_be_closed_is_no_error() {
        let dir = tempfile::tempdir().unwrap();
        // A link to nothing answers as a file does that was removed after it was listed.
        std::os::unix::fs::symlink("nothing", dir.path().join("gone")).unwrap();
        restrict(dir.path()).unwrap();
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("note.json");
        write(&path, b"a longer first version").unwrap();
        write(&path, b"second").unwrap();
        assert_eq!((fs::read(&path).unwrap().as_slice(), mode(&path)), (b"second".as_slice(), 0o600));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_is_copied_whole_without_its_lock_and_not_over_another() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        fs::create_dir_all(from.join("inner")).unwrap();
        for file in ["lock", "a", "inner/b.sst"] {
            fs::write(from.join(file), file).unwrap();
        }
        let is_final = |path: &Path| path.extension().is_some_and(|extension| extension == "sst");
        duplicate(&from, &to, is_final).unwrap();
        assert!(!to.join("lock").exists());
        assert_eq!(fs::read_to_string(to.join("a")).unwrap(), "a");
        let inode = |path: PathBuf| fs::metadata(path).unwrap().ino();
        assert_eq!(inode(from.join("inner/b.sst")), inode(to.join("inner/b.sst")));
        assert_ne!(inode(from.join("a")), inode(to.join("a")));
        assert!(duplicate(&from, &to, is_final).is_err());
    }

    #[test]
    fn room_and_size_are_told_in_bytes_and_as_nothing_where_nothing_is() {
        let dir = tempfile::tempdir().unwrap();
        for (file, bytes) in [("1.log", 700), ("2.log", 11), ("LOG", 5)] {
            fs::write(dir.path().join(file), vec![0; bytes]).unwrap();
        }
        assert_eq!(size(dir.path(), "log"), 711);
        assert!(room(dir.path()) > 0);
        let absent = dir.path().join("absent");
        assert_eq!((size(&absent, "log"), room(&absent)), (0, 0));
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "").unwrap();
        let error = folder(&path.join("data")).unwrap_err();
        assert!(error.to_string().contains("file/data"), "{error}");
    }
}
