//! A bundle while it is written: beside the file that it will be, under that name only once it is whole.
//!
//! What a kill leaves is overwritten by the next export to the same file. It knows no record.

use std::fs::{self, File, TryLockError};
use std::io::{BufWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use chassis::bundle::LINE_MAX;
use chassis::dir::{self, DirError};
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};

use super::text::{Counts, Header, Line, Seal};
use crate::Failed;

/// Packs notes to a third at three times the speed of the usual level, which saves a tenth more.
const LEVEL: Compression = Compression::fast();

/// A bundle that is not whole yet; dropped as such it is gone.
pub(crate) struct Draft {
    path: PathBuf,
    aside: Aside,
    packer: GzEncoder<BufWriter<File>>,
    seal: Seal,
    /// The begin of a line whose end has not arrived.
    rest: Vec<u8>,
}

/// A bundle that was written.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) counts: Counts,
    pub(super) bytes: u64,
}

/// The file's place until it is whole; whoever has it locked may write there.
struct Aside {
    path: PathBuf,
    file: File,
    is_published: bool,
}

impl Draft {
    /// Begins a bundle that will be at `path`.
    pub(crate) fn beside(path: &Path) -> Result<Self, Failed> {
        if path.is_dir() {
            return Err(format!("{} is a folder: name a file in it", path.display()).into());
        }
        let aside = Aside::of(path)?;
        let file = aside.file.try_clone().map_err(DirError::io(&aside.path))?;
        let packer = GzBuilder::new().write(BufWriter::new(file), LEVEL);
        let mut draft = Self { path: path.to_owned(), aside, packer, seal: Seal::new(), rest: Vec::new() };
        draft.line(&serde_json::to_vec(&Header::of_ours())?)?;
        Ok(draft)
    }

    /// Takes the next bytes of records.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), Failed> {
        let mut pieces = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            self.rest.extend_from_slice(piece);
            if self.rest.len() > LINE_MAX {
                return Err(format!("a service gave a record of more than {LINE_MAX} bytes").into());
            }
            if pieces.peek().is_some() {
                let record = std::mem::take(&mut self.rest);
                self.record(&record)?;
            }
        }
        Ok(())
    }

    /// Ends the bundle and gives it its name.
    pub(super) fn finish(mut self) -> Result<Written, Failed> {
        if !self.rest.is_empty() {
            return Err("a service broke off in the middle of a record".into());
        }
        let trailer = self.seal.trailer();
        self.line(&serde_json::to_vec(&trailer)?)?;
        let Self { path, mut aside, packer, .. } = self;
        let unwritten = DirError::io(&aside.path);
        let mut file = packer.finish().map_err(unwritten)?;
        file.flush().map_err(unwritten)?;
        let bytes = aside.file.metadata().map_err(unwritten)?.len();
        dir::publish(&aside.file, &aside.path, &path)?;
        aside.is_published = true;
        Ok(Written { counts: trailer.counts, bytes })
    }

    fn record(&mut self, record: &[u8]) -> Result<(), Failed> {
        match Line::read(record)? {
            Line::Record(service, kind) => self.seal.count(service, kind),
            Line::Trailer(_) => return Err("a service gave something that is no record".into()),
        }
        self.line(record)
    }

    fn line(&mut self, line: &[u8]) -> Result<(), Failed> {
        for bytes in [line, b"\n"] {
            self.seal.take(bytes);
            self.packer.write_all(bytes).map_err(DirError::io(&self.aside.path))?;
        }
        Ok(())
    }
}

impl Aside {
    /// The place beside `path`, empty and for us alone.
    fn of(path: &Path) -> Result<Self, Failed> {
        let name = path.file_name().ok_or_else(|| format!("{} names no file", path.display()))?;
        let path = path.with_file_name(format!(".{}.new", name.display()));
        loop {
            let file = dir::file(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(format!("{} is being written by another export", path.display()).into());
                }
                Err(TryLockError::Error(error)) => return Err(DirError::io(&path)(error).into()),
            }
            // Another export may have given it its name since we opened it: then it is that bundle.
            if is_at(&file, &path)? {
                file.set_len(0).map_err(DirError::io(&path))?;
                return Ok(Self { path, file, is_published: false });
            }
        }
    }
}

fn is_at(file: &File, path: &Path) -> Result<bool, DirError> {
    let opened = file.metadata().map_err(DirError::io(path))?.ino();
    Ok(fs::metadata(path).is_ok_and(|there| there.ino() == opened))
}

impl Drop for Aside {
    fn drop(&mut self) {
        if !self.is_published
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "an unfinished bundle could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::source::Records;

    const NOTE: &[u8] = b"{\"service\":\"notes\",\"kind\":\"note\"}\n";

    fn entries(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        names.map(|name| name.into_string().unwrap()).collect()
    }

    #[test]
    fn a_bundle_has_its_name_only_once_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("world.bundle");
        fs::write(&path, "the old one").unwrap();
        let mut draft = Draft::beside(&path).unwrap();
        draft.take(&NOTE[..9]).unwrap();
        draft.take(&[&NOTE[9..], NOTE].concat()).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"the old one");
        let written = draft.finish().unwrap();
        assert_eq!((written.counts["notes"]["note"], written.bytes), (2, fs::metadata(&path).unwrap().len()));
        assert_eq!(entries(dir.path()), ["world.bundle"]);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let mut records = Records::open(&path).unwrap();
        assert!(records.next().unwrap().is_some() && records.next().unwrap().is_some());
        assert!(records.next().unwrap().is_none());
    }

    #[test]
    fn the_same_records_make_the_same_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, pieces: &[&[u8]]| {
            let mut draft = Draft::beside(&dir.path().join(name)).unwrap();
            for piece in pieces {
                draft.take(piece).unwrap();
            }
            draft.finish().unwrap();
            fs::read(dir.path().join(name)).unwrap()
        };
        assert_eq!(write("1", &[NOTE, NOTE]), write("2", &[&NOTE[..1], &NOTE[1..], NOTE]));
    }

    #[test]
    fn a_draft_that_is_given_up_leaves_nothing_and_one_that_was_killed_is_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("world.bundle");
        drop(Draft::beside(&path).unwrap());
        assert_eq!(entries(dir.path()), [""; 0]);
        fs::write(dir.path().join(".world.bundle.new"), "left by a kill".repeat(1000)).unwrap();
        Draft::beside(&path).unwrap().finish().unwrap();
        assert_eq!(entries(dir.path()), ["world.bundle"]);
    }

    #[test]
    fn one_export_writes_a_file_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("world.bundle");
        let draft = Draft::beside(&path).unwrap();
        let refused = Draft::beside(&path).err().unwrap().to_string();
        assert!(refused.contains("another export"), "{refused}");
        draft.finish().unwrap();
        Draft::beside(&path).unwrap();
        assert_eq!(entries(dir.path()), ["world.bundle"]);
    }

    #[test]
    fn what_is_no_record_and_what_breaks_off_is_no_bundle() {
        let dir = tempfile::tempdir().unwrap();
        let draft = || Draft::beside(&dir.path().join("world.bundle")).unwrap();
        assert!(draft().take(b"{}\n").is_err());
        assert!(draft().take(&vec![b'x'; LINE_MAX + 1]).is_err());
        let mut broken = draft();
        broken.take(&NOTE[..9]).unwrap();
        assert!(broken.finish().is_err());
        assert!(Draft::beside(dir.path()).is_err());
    }
}
