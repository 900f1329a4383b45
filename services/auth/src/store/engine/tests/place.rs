//! Where a test keeps a database: in a directory as it ships, or on the disk of a simulation.

use std::path::{Path, PathBuf};
use std::{fs, thread};

use chassis::simulation::{self, Disk};
use tempfile::TempDir;

/// A data directory, and the disk that stands for the database in it.
pub(crate) struct Place {
    dir: TempDir,
    pub(crate) disk: Option<Disk>,
}

/// A database as it was once.
pub(crate) enum Kept {
    Files(Vec<(PathBuf, Vec<u8>)>),
    Disk(Disk),
}

impl Place {
    /// One of each kind.
    pub(crate) fn both() -> [Self; 2] {
        [Self::real(), Self::simulated()]
    }

    /// A directory with a real database.
    pub(crate) fn real() -> Self {
        Self { dir: TempDir::new().unwrap(), disk: None }
    }

    /// One whose database is simulated.
    pub(crate) fn simulated() -> Self {
        Self { dir: TempDir::new().unwrap(), disk: Some(Disk::default()) }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Opens something here.
    pub(crate) fn on<T>(&self, open: impl FnOnce(&Path) -> T) -> T {
        match &self.disk {
            Some(disk) => simulation::on_disk(disk, || open(self.path())),
            None => open(self.path()),
        }
    }

    /// The database as it is now.
    pub(crate) fn keep(&self) -> Kept {
        if let Some(disk) = &self.disk {
            return Kept::Disk(disk.copy());
        }
        let files = fs::read_dir(self.path().join("db")).unwrap().map(|entry| entry.unwrap().path());
        Kept::Files(files.map(|path| (path.clone(), fs::read(path).unwrap())).collect())
    }

    /// Puts the database back to how it was; the files beside it stay.
    pub(crate) fn restore(&mut self, kept: Kept) {
        match kept {
            Kept::Disk(disk) => self.disk = Some(disk),
            Kept::Files(files) => {
                let folder = self.path().join("db");
                fs::remove_dir_all(&folder).unwrap();
                fs::create_dir(&folder).unwrap();
                for (path, bytes) in files {
                    fs::write(path, bytes).unwrap();
                }
            }
        }
    }
}

/// A check fails on one of the two: says on which.
impl Drop for Place {
    fn drop(&mut self) {
        if thread::panicking() {
            let kind = if self.disk.is_some() { "a simulated disk" } else { "PoloDB" };
            eprintln!("this happened on {kind}");
        }
    }
}
