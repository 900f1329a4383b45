//! The data directory: made for its owner alone, and the note in it that says which world is running.
//!
//! Several processes may share one directory, each running some of the services; every service locks its own
//! part. The note lists for each service where it listens and in which process.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use chassis::dir::{self, DirError};
use chassis::{blocking, task};
use serde::{Deserialize, Serialize};

use self::ephemeral::Ephemeral;
use crate::Failed;
use crate::cli::ServiceName;

pub(crate) mod ephemeral;

/// What we put into a data directory.
const OURS: [&str; 9] = [
    "auth",
    "user",
    "notes",
    "secret",
    "snapshots",
    "world.json",
    "world.lock",
    "README.md",
    ephemeral::MARK,
];

/// A world's data directory; a temporary one is removed on drop.
#[derive(Debug)]
pub(crate) struct Home {
    path: PathBuf,
    temporary: Option<Ephemeral>,
}

/// Where one service of the running world is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Running {
    pub(crate) url: String,
    pub(crate) pid: u32,
}

/// Services by name.
pub(crate) type World = BTreeMap<String, Running>;

impl Home {
    /// The directory at `path`, or one for this world alone; then what killed worlds left is removed beside it.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, DirError> {
        let Some(path) = path else {
            task::spawn("sweep", blocking::run(ephemeral::sweep));
            return Self::ephemeral();
        };
        Self::at(path)
    }

    /// The directory at `path`, made if absent where its parent is there (what is to be mounted or was mistyped is not
    /// made); one that others use too (`/tmp`) stays open to them, and one that an
    /// ephemeral world left is kept from now on.
    fn at(path: &Path) -> Result<Self, DirError> {
        if path.exists() && !is_ours(path)? {
            dir::make(path)?;
        } else {
            has_parent(path)?;
            dir::folder(path)?;
        }
        let path = path.canonicalize().map_err(DirError::io(path))?;
        ephemeral::keep(&path)?;
        Ok(Self { path, temporary: None })
    }

    /// A fresh directory, in memory where there is a place for it.
    fn ephemeral() -> Result<Self, DirError> {
        let temporary = Ephemeral::make()?;
        Ok(Self { path: temporary.path().to_owned(), temporary: Some(temporary) })
    }

    /// Whether it is removed at the end.
    pub(crate) const fn is_ephemeral(&self) -> bool {
        self.temporary.is_some()
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Notes down that `services` run in this process.
    pub(crate) fn announce(&self, services: &World) -> Result<(), DirError> {
        self.rewrite(|world| world.extend(services.clone()))
    }

    /// Takes this process' services from the note again.
    pub(crate) fn retract(&self) {
        let pid = std::process::id();
        if self.temporary.is_none()
            && let Err(error) = self.rewrite(|world| world.retain(|_, running| running.pid != pid))
        {
            tracing::warn!(%error, "the note of running services could not be cleared");
        }
    }

    fn rewrite(&self, change: impl FnOnce(&mut World)) -> Result<(), DirError> {
        let path = self.path.join("world.lock");
        let lock = dir::file(&path)?;
        lock.lock().map_err(DirError::io(&path))?;
        let mut world = running(&self.path);
        change(&mut world);
        write_whole(&self.path.join("world.json"), &world)
    }
}

/// Demands that the folder is there in which the directory at `path` is or will be.
fn has_parent(path: &Path) -> Result<(), DirError> {
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => std::fs::metadata(parent).map(drop).map_err(DirError::io(parent)),
        None => Ok(()),
    }
}

/// Whether nothing but a world of ours lies in the directory at `path`, or nothing at all.
fn is_ours(path: &Path) -> Result<bool, DirError> {
    for entry in std::fs::read_dir(path).map_err(DirError::io(path))? {
        if !is_our_name(&entry.map_err(DirError::io(path))?.file_name()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether this is one of our entries, or one being prepared: `world.4711.new`.
fn is_our_name(name: &OsStr) -> bool {
    let is_prepared = || {
        let stem = name.to_str().and_then(|name| name.strip_suffix(".new")?.split('.').next());
        OURS.iter().any(|ours| stem.is_some() && ours.split('.').next() == stem)
    };
    OURS.iter().any(|ours| name == *ours) || is_prepared()
}

/// The part of `service` in a data directory that holds a world; nothing is made.
pub(crate) fn existing_part(data_dir: &Path, service: ServiceName) -> Result<PathBuf, Failed> {
    let part = data_dir.join(service.as_str());
    if part.is_dir() {
        Ok(part)
    } else {
        let (place, folder) = (data_dir.display(), service.as_str());
        let help = "name its directory with --data-dir, or start one with satchel up";
        Err(format!("there is no world in {place}, it has no folder {folder}: {help}").into())
    }
}

/// The services that are noted as running in the directory at `path`; none if there is no readable note.
pub(crate) fn running(path: &Path) -> World {
    let note = std::fs::read(path.join("world.json")).unwrap_or_default();
    serde_json::from_slice(&note).unwrap_or_default()
}

/// Writes `value` as a line of JSON, whole or not at all.
pub(crate) fn write_whole<T: Serialize>(path: &Path, value: &T) -> Result<(), DirError> {
    let mut line = serde_json::to_vec(value).map_err(|error| DirError::io(path)(error.into()))?;
    line.push(b'\n');
    dir::write(path, &line)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::*;

    #[test]
    fn the_directory_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(&dir.path().join("a")).unwrap();
        assert_eq!(std::fs::metadata(home.path()).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_directory_whose_parent_is_missing_is_not_made() {
        let dir = tempfile::tempdir().unwrap();
        let refused = Home::at(&dir.path().join("volume/data")).unwrap_err();
        assert!(matches!(&refused, DirError::Io { path, .. } if path.ends_with("volume")), "{refused}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn an_existing_directory_is_closed_only_if_nothing_else_lies_in_it() {
        let mode_with = |entries: &[&str]| {
            let dir = tempfile::tempdir().unwrap();
            std::fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
            for entry in entries {
                std::fs::write(dir.path().join(entry), "").unwrap();
            }
            Home::at(dir.path()).unwrap();
            std::fs::metadata(dir.path()).unwrap().mode() & 0o777
        };
        assert_eq!((mode_with(&[]), mode_with(&OURS)), (0o700, 0o700));
        assert_eq!(mode_with(&["secret.4711.new", "world.4711.new"]), 0o700);
        for foreign in ["thesis.odt", "thesis.new", "secrets", ".bashrc", ".new"] {
            assert_eq!(mode_with(&["auth", foreign]), 0o755, "{foreign}");
        }
    }

    #[test]
    fn a_process_notes_down_its_services_and_takes_only_them_back() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path()).unwrap();
        let entry = |pid| Running { url: "http://127.0.0.1:1".into(), pid };
        home.announce(&World::from([("auth".into(), entry(std::process::id())), ("notes".into(), entry(1))]))
            .unwrap();
        home.retract();
        assert_eq!(running(home.path()).into_keys().collect::<Vec<_>>(), ["notes"]);
    }

    #[test]
    fn an_ephemeral_directory_is_gone_after_use() {
        let home = Home::ephemeral().unwrap();
        let path = home.path().to_owned();
        drop(home);
        assert!(!path.exists());
    }
}
