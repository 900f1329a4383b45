//! Folders of worlds that keep nothing: in memory where there is a place for it, and removed at the end.
//!
//! Whoever uses one holds a lock on it, so what a killed world left is told from what a living one uses, and the next
//! world removes it. It does not know what lies in them.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use chassis::dir::{self, DirError};

/// Memory-backed on Linux: an ephemeral world never waits for a disk there.
const MEMORY_DIR: &str = "/dev/shm";
/// What the names of such folders begin with.
const PREFIX: &str = "satchel-world-";
/// Lies in every one of them: a folder without it was taken over by someone who keeps it.
pub(super) const MARK: &str = "ephemeral";
/// A sweeper may take a new folder for an old one before it is locked; it does not happen twice to the same world
/// but on a machine that starts dozens at a time.
const MAKING_MAX: usize = 16;
/// A store that is closing may add a file to a folder that is being removed; it does so once or twice.
const REMOVING_MAX: usize = 8;

/// A folder in use; removed on drop.
#[derive(Debug)]
pub(super) struct Ephemeral {
    path: PathBuf,
    _lock: File,
}

impl Ephemeral {
    /// A fresh one, for its owner alone.
    pub(super) fn make() -> Result<Self, DirError> {
        Self::make_in(Path::new(MEMORY_DIR)).or_else(|_no_place| Self::make_in(&std::env::temp_dir()))
    }

    fn make_in(place: &Path) -> Result<Self, DirError> {
        for _ in 0..MAKING_MAX {
            let mut builder = tempfile::Builder::new();
            builder.prefix(PREFIX).permissions(Permissions::from_mode(0o700));
            let path = builder.tempdir_in(place).map_err(DirError::io(place))?.keep();
            if let Some(lock) = lock(&path).map_err(DirError::io(&path))? {
                let made = Self { path, _lock: lock };
                dir::file(&made.path.join(MARK))?;
                return Ok(made);
            }
        }
        Err(DirError::Locked { path: place.join(PREFIX) })
    }

    /// Its path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Ephemeral {
    fn drop(&mut self) {
        let mut removed = remove(&self.path);
        for _ in 1..REMOVING_MAX {
            if removed.is_err() {
                removed = remove(&self.path);
            }
        }
        if let Err(error) = removed {
            tracing::warn!(%error, path = %self.path.display(), "a folder is left for the next world to remove");
        }
    }
}

/// Takes the folder at `path`; `None` when somebody has it, or had it and removed it.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let folder = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    match folder.try_lock() {
        Ok(()) => Ok(Some(folder).filter(|_| path.exists())),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

/// Removes the folder at `path`, its mark last: what is left on the way can still be told for what it is.
fn remove(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_name() == MARK {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    match fs::remove_file(path.join(MARK)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => fs::remove_dir(path),
    }
}

/// Makes the folder at `path` one that is kept, if it was not.
pub(super) fn keep(path: &Path) -> Result<(), DirError> {
    let mark = path.join(MARK);
    if mark.exists() { fs::remove_file(&mark).map_err(DirError::io(&mark)) } else { Ok(()) }
}

/// Removes what worlds of this user left that were killed.
pub(crate) fn sweep() {
    for place in [Path::new(MEMORY_DIR), &std::env::temp_dir()] {
        sweep_in(place);
    }
}

fn sweep_in(place: &Path) {
    let ours = rustix::process::geteuid().as_raw();
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes())) {
        let is_ours = entry.metadata().is_ok_and(|entry| entry.is_dir() && entry.uid() == ours);
        if is_ours && let Err(error) = sweep_one(&entry.path()) {
            tracing::debug!(%error, path = %entry.path().display(), "a folder that a killed world left stays");
        }
    }
}

fn sweep_one(path: &Path) -> io::Result<()> {
    let Some(_lock) = lock(path)? else { return Ok(()) };
    if path.join(MARK).exists() {
        remove(path)
    } else {
        // Killed before it was marked; somebody's own folder is not empty, and stays.
        fs::remove_dir(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(place: &Path) -> Vec<String> {
        fs::read_dir(place).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// What a killed world leaves: nobody holds it any more.
    fn left(place: &Path) -> PathBuf {
        let path = place.join(format!("{PREFIX}left"));
        fs::create_dir_all(path.join("auth/db")).unwrap();
        for file in [MARK, "secret", "auth/db/000004.log"] {
            fs::write(path.join(file), "x").unwrap();
        }
        path
    }

    #[test]
    fn a_folder_is_private_and_gone_after_use() {
        let place = tempfile::tempdir().unwrap();
        let made = Ephemeral::make_in(place.path()).unwrap();
        fs::create_dir_all(made.path().join("auth/db")).unwrap();
        assert_eq!(fs::metadata(made.path()).unwrap().mode() & 0o777, 0o700);
        drop(made);
        assert_eq!(names(place.path()), [""; 0]);
    }

    #[test]
    fn what_a_killed_world_left_is_swept_and_a_living_one_is_not() {
        let place = tempfile::tempdir().unwrap();
        let living = Ephemeral::make_in(place.path()).unwrap();
        let left = left(place.path());
        sweep_in(place.path());
        assert!(!left.exists() && living.path().join(MARK).exists());
    }

    #[test]
    fn a_folder_that_was_left_before_it_was_marked_is_swept() {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir(place.path().join(format!("{PREFIX}early"))).unwrap();
        sweep_in(place.path());
        assert_eq!(names(place.path()), [""; 0]);
    }

    #[test]
    fn what_is_somebodys_own_is_never_swept() {
        let place = tempfile::tempdir().unwrap();
        // A world that is kept, whatever its name; a folder by another name; a link to a folder that would be swept.
        let kept = left(place.path());
        fs::remove_file(kept.join(MARK)).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(left(elsewhere.path()), place.path().join(format!("{PREFIX}link")))
            .unwrap();
        fs::create_dir(place.path().join("satchel-notes")).unwrap();
        sweep_in(place.path());
        assert_eq!((names(place.path()).len(), names(elsewhere.path()).len()), (3, 1));
        assert!(kept.join("auth/db/000004.log").exists());
    }

    #[test]
    fn sixteen_who_make_and_sweep_at_once_do_not_harm_each_other() {
        let place = tempfile::tempdir().unwrap();
        left(place.path());
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    for _ in 0..8 {
                        let made = Ephemeral::make_in(place.path()).unwrap();
                        sweep_in(place.path());
                        assert!(made.path().join(MARK).exists());
                    }
                });
            }
        });
        assert_eq!(names(place.path()), [""; 0]);
    }
}
