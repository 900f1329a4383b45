//! The files of the index, for tantivy.
//!
//! Its own directory maps them into memory: a file that somebody cuts short would end the whole process with a signal,
//! where a read only fails. And it syncs them: nothing here needs that, because what is read after a power cut is held
//! against its checksums and the notes like any other damage, and the disk has the syncs of the notes to do.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::{fmt, fs};

use tantivy::HasLen;
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, Directory, DirectoryLock, FileHandle, Lock, OwnedBytes, TerminatingWrite, WatchCallback,
    WatchCallbackList, WatchHandle, WritePtr,
};

/// Where a file is written before it takes the place of another; there is one writer.
const DRAFT: &str = "draft";

/// A folder of files that are written once.
#[derive(Clone)]
pub(super) struct Files {
    path: Arc<Path>,
    /// Nobody is told of new commits by tantivy.
    watchers: Arc<WatchCallbackList>,
}

impl Files {
    /// The folder at `path`, which is there.
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.into(), watchers: Arc::default() }
    }

    fn open(&self, path: &Path) -> Result<File, OpenReadError> {
        File::open(self.path.join(path)).map_err(|error| not_read(error, path))
    }
}

fn not_read(error: io::Error, path: &Path) -> OpenReadError {
    match error.kind() {
        ErrorKind::NotFound => OpenReadError::FileDoesNotExist(path.to_owned()),
        _ => OpenReadError::wrap_io_error(error, path.to_owned()),
    }
}

impl Directory for Files {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        let file = self.open(path)?;
        let len = file.metadata().map_err(|error| not_read(error, path))?.len();
        let len = usize::try_from(len).map_err(|error| not_read(io::Error::other(error), path))?;
        Ok(Arc::new(Handle { file, len }))
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        fs::remove_file(self.path.join(path)).map_err(|error| match error.kind() {
            ErrorKind::NotFound => DeleteError::FileDoesNotExist(path.to_owned()),
            _ => DeleteError::IoError { io_error: Arc::new(error), filepath: path.to_owned() },
        })
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.path.join(path).try_exists().map_err(|error| not_read(error, path))
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let file = OpenOptions::new().write(true).create_new(true).open(self.path.join(path));
        let file = file.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => OpenWriteError::FileAlreadyExists(path.to_owned()),
            _ => OpenWriteError::wrap_io_error(error, path.to_owned()),
        })?;
        Ok(BufWriter::new(Box::new(Unsynced(file))))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let mut bytes = Vec::new();
        self.open(path)?.read_to_end(&mut bytes).map_err(|error| not_read(error, path))?;
        Ok(bytes)
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        let draft = self.path.join(path).with_extension(DRAFT);
        fs::write(&draft, data)?;
        fs::rename(draft, self.path.join(path))
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        let path = self.path.join(&lock.filepath);
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
        let file = file.map_err(LockError::wrap_io_error)?;
        if lock.is_blocking {
            file.lock().map_err(LockError::wrap_io_error)?;
        } else {
            file.try_lock().map_err(|_held| LockError::LockBusy)?;
        }
        // It is held until the file is closed, by a kill too.
        Ok(DirectoryLock::from(Box::new(file)))
    }

    fn watch(&self, watcher: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(self.watchers.subscribe(watcher))
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Files").field(&self.path).finish()
    }
}

/// A file that is read in pieces.
#[derive(Debug)]
struct Handle {
    file: File,
    len: usize,
}

impl HasLen for Handle {
    fn len(&self) -> usize {
        self.len
    }
}

impl FileHandle for Handle {
    fn read_bytes(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        if range.start > range.end || range.end > self.len {
            return Err(io::Error::new(ErrorKind::UnexpectedEof, "the file is shorter than it should be"));
        }
        let mut bytes = vec![0; range.len()];
        self.file.read_exact_at(&mut bytes, range.start as u64)?;
        Ok(OwnedBytes::new(bytes))
    }
}

/// A file that is being written.
struct Unsynced(File);

impl Write for Unsynced {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl TerminatingWrite for Unsynced {
    fn terminate_ref(&mut self, _end: AntiCallToken) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use tantivy::directory::{INDEX_WRITER_LOCK, META_LOCK};

    use super::*;

    fn files() -> (tempfile::TempDir, Files) {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::new(dir.path());
        (dir, files)
    }

    #[test]
    fn a_file_reads_back_in_pieces_and_no_further_than_it_goes() {
        let (_dir, files) = files();
        let path = Path::new("a.store");
        let mut file = files.open_write(path).unwrap();
        file.write_all(b"0123456789").unwrap();
        file.terminate().unwrap();
        let handle = files.get_file_handle(path).unwrap();
        assert_eq!((handle.len(), handle.read_bytes(3..6).unwrap().as_slice()), (10, &b"345"[..]));
        assert!(handle.read_bytes(8..11).is_err());
        assert!(matches!(files.open_write(path), Err(OpenWriteError::FileAlreadyExists(_))));
    }

    #[test]
    fn a_file_that_was_cut_short_while_it_is_open_is_an_error() {
        let (dir, files) = files();
        fs::write(dir.path().join("a.term"), vec![7; 100_000]).unwrap();
        let handle = files.get_file_handle(Path::new("a.term")).unwrap();
        OpenOptions::new().write(true).open(dir.path().join("a.term")).unwrap().set_len(10).unwrap();
        assert_eq!(handle.read_bytes(90_000..90_010).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }

    #[test]
    fn what_is_replaced_is_one_or_the_other_and_what_is_missing_is_said() {
        let (_dir, files) = files();
        let path = Path::new("meta.json");
        assert!(matches!(files.atomic_read(path), Err(OpenReadError::FileDoesNotExist(_))));
        for content in [&b"one"[..], b"another"] {
            files.atomic_write(path, content).unwrap();
            assert_eq!(files.atomic_read(path).unwrap(), content);
        }
        assert!(files.exists(path).unwrap());
        files.delete(path).unwrap();
        assert!(matches!(files.delete(path), Err(DeleteError::FileDoesNotExist(_))));
    }

    #[test]
    fn a_lock_is_held_until_it_is_dropped() {
        let (_dir, files) = files();
        let held = files.acquire_lock(&INDEX_WRITER_LOCK).unwrap();
        assert!(matches!(files.acquire_lock(&INDEX_WRITER_LOCK), Err(LockError::LockBusy)));
        drop(files.acquire_lock(&META_LOCK).unwrap());
        drop(held);
        drop(files.acquire_lock(&INDEX_WRITER_LOCK).unwrap());
    }
}
