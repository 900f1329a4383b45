//! Where the lives of one service keep their data, and where its snapshots lie.
//!
//! In an ephemeral world each life has a folder of its own below `lives`, and the service's part of the data directory
//! is a link to the present one: the next can be opened before the present one closes. Elsewhere there is one folder,
//! whose content is replaced while nobody uses it. What lies in the folders is the services' business.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use chassis::dir::{self, DirError};
use chassis::entropy::Positions;

use crate::Failed;
use crate::cli::ServiceName;
use crate::home::{self, Home};

/// The state in which the world was ready; no name that a person can give.
pub(crate) const START: &str = ".start";

/// The folders of one service; the gateway has none but for the marks of its streams.
#[derive(Clone, Debug)]
pub(super) struct Ground {
    name: ServiceName,
    home: PathBuf,
    /// Whether each life has a folder of its own.
    pub(super) is_many: bool,
}

impl Ground {
    /// The ground of the service `name` in `home`.
    pub(super) fn new(name: ServiceName, home: &Home, is_controlled: bool) -> Self {
        Self { name, home: home.path().to_owned(), is_many: is_controlled && home.is_ephemeral() }
    }

    fn is_bare(&self) -> bool {
        self.name == ServiceName::Gateway
    }

    /// Whether the service's part can be used as it is found; nothing is made.
    pub(super) fn check(&self) -> Result<(), DirError> {
        let part = self.part();
        if self.is_bare() || part.symlink_metadata().is_err() { Ok(()) } else { dir::folder(&part) }
    }

    /// The folder of life `number`, empty if it is new.
    pub(super) fn lay_out(&self, number: u64) -> Result<PathBuf, DirError> {
        let path = self.place(number);
        if !self.is_bare() {
            self.finish_replacing()?;
            dir::folder(&path)?;
        }
        Ok(path)
    }

    /// The folder of life `number` with what the snapshot holds; empty if there is none of this name.
    pub(super) fn lay_out_from(&self, number: u64, snapshot: &str) -> Result<PathBuf, DirError> {
        let (path, kept) = (self.place(number), self.kept(snapshot));
        if self.is_bare() || (snapshot == START && !kept.exists()) {
            return self.lay_out(number);
        }
        dir::folder(path.parent().unwrap_or(&self.home))?;
        dir::duplicate(&kept, &path, is_table)?;
        Ok(path)
    }

    /// Makes the service's part of the data directory that of life `number`.
    pub(super) fn point_to(&self, number: u64) -> Result<(), DirError> {
        if !self.is_many || self.is_bare() {
            return Ok(());
        }
        let (link, aside) = (self.part(), self.home.join(format!("{}.new", self.name.as_str())));
        let linked = symlink(self.place(number), &aside).and_then(|()| fs::rename(&aside, &link));
        linked.map_err(DirError::io(&link))
    }

    /// Removes what life `number` left.
    pub(super) fn clear(&self, number: u64) -> Result<(), DirError> {
        if self.is_bare() { Ok(()) } else { remove(&self.place(number)) }
    }

    /// Puts what the snapshot holds in the place of the one folder, which nobody uses.
    pub(super) fn replace(&self, snapshot: &str) -> Result<(), DirError> {
        if self.is_bare() {
            return Ok(());
        }
        let (part, aside) = (self.part(), self.aside());
        remove(&aside)?;
        dir::duplicate(&self.kept(snapshot), &aside, is_table)?;
        remove(&part)?;
        fs::rename(&aside, &part).map_err(DirError::io(&part))
    }

    /// The end of a replacement that was interrupted: what is beside a missing part is whole, and what is beside one
    /// that is there is not.
    fn finish_replacing(&self) -> Result<(), DirError> {
        let (part, aside) = (self.part(), self.aside());
        if self.is_many || !aside.exists() {
            return Ok(());
        }
        if part.exists() { remove(&aside) } else { fs::rename(&aside, &part).map_err(DirError::io(&part)) }
    }

    /// Whether the state `name` was kept.
    pub(super) fn has(&self, name: &str) -> bool {
        self.kept(name).exists()
    }

    /// An empty place for the snapshot `name`.
    pub(super) fn make_room(&self, name: &str) -> Result<PathBuf, DirError> {
        let kept = self.kept(name);
        remove(&kept)?;
        dir::folder(&kept)?;
        Ok(kept)
    }

    /// Notes how far the service's streams were drawn when the snapshot was taken.
    pub(super) fn note(&self, name: &str, positions: &Positions) -> Result<(), DirError> {
        home::write_whole(&self.note_of(name), positions)
    }

    /// What was noted; nothing for a state before any draw.
    pub(super) fn positions(&self, name: &str) -> Result<Positions, Failed> {
        match fs::read(self.note_of(name)) {
            Ok(text) => Ok(serde_json::from_slice(&text)?),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Positions::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes this service's share of the snapshot `name`.
    pub(super) fn forget(&self, name: &str) -> Result<(), DirError> {
        let note = self.note_of(name);
        match fs::remove_file(&note) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(DirError::io(&note)(error)),
            Ok(()) | Err(_) => {}
        }
        remove(&self.kept(name))?;
        // The last one takes the folder; another service's share keeps it.
        let _kept = fs::remove_dir(self.home.join("snapshots").join(name));
        Ok(())
    }

    /// The service's part of the data directory.
    pub(super) fn part(&self) -> PathBuf {
        self.home.join(self.name.as_str())
    }

    fn place(&self, number: u64) -> PathBuf {
        if self.is_many {
            self.home.join("lives").join(format!("{}.{number}", self.name.as_str()))
        } else {
            self.part()
        }
    }

    fn aside(&self) -> PathBuf {
        self.part().with_extension("new")
    }

    fn kept(&self, snapshot: &str) -> PathBuf {
        self.home.join("snapshots").join(snapshot).join(self.name.as_str())
    }

    fn note_of(&self, snapshot: &str) -> PathBuf {
        self.kept(snapshot).with_extension("streams")
    }
}

/// RocksDB's tables never change once they are there, nor do mails.
fn is_table(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "sst")
}

fn remove(path: &Path) -> Result<(), DirError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(DirError::io(path)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}
