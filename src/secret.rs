//! The platform's signing secret: given, or made on first start and kept in the data directory.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use chassis::dir;
use chassis::entropy::Stream;
use chassis::secret::Secret;

use self::strength::EXPOSED_MIN;

pub(crate) mod strength;

/// Why there is no secret to use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    /// Its file cannot be made or read.
    #[error("the secret file {0} cannot be used")]
    File(String, #[source] io::Error),
    /// Others could have read it.
    #[error(
        "the secret file {0} can be read by others: chmod 600 it, or delete it to have a new one made (which ends all sessions)"
    )]
    Exposed(String),
    /// It was cut short.
    #[error("the secret file {0} is damaged: delete it to have a new one made (which ends all sessions)")]
    Damaged(String),
}

/// Reads the secret of the data directory `home`, made from `stream` if there is none yet.
pub(crate) fn load_or_make(home: &Path, stream: &Stream) -> Result<Secret<String>, SecretError> {
    let path = home.join("secret");
    let named = || path.display().to_string();
    match make(&path, stream) {
        Ok(secret) => return Ok(secret),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(SecretError::File(named(), error)),
    }
    let mut file = File::open(&path).map_err(|error| SecretError::File(named(), error))?;
    let mode = file.metadata().map_err(|error| SecretError::File(named(), error))?.mode();
    if mode & 0o077 != 0 {
        return Err(SecretError::Exposed(named()));
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(|error| SecretError::File(named(), error))?;
    if text.trim().len() < EXPOSED_MIN {
        return Err(SecretError::Damaged(named()));
    }
    Ok(Secret::new(text.trim().to_owned()))
}

/// Whole or not at all: written aside, then linked to its name, which fails when another process was first.
fn make(path: &Path, stream: &Stream) -> io::Result<Secret<String>> {
    if path.exists() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let (aside, secret) = (dir::aside(path), stream.hex::<32>());
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
    writeln!(file, "{secret}")?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&aside, path);
    std::fs::remove_file(&aside)?;
    linked.map(|()| Secret::new(secret))
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use chassis::entropy::Entropy;

    use super::*;

    fn load(home: &Path) -> Result<Secret<String>, SecretError> {
        load_or_make(home, &Entropy::system().stream("satchel", "secret"))
    }

    #[test]
    fn a_secret_is_made_once_and_for_its_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let first = load(home.path()).unwrap();
        assert!(load(home.path()).unwrap() == first);
        assert_eq!(std::fs::metadata(home.path().join("secret")).unwrap().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_secret_that_others_can_read_or_that_was_cut_is_refused() {
        let home = tempfile::tempdir().unwrap();
        load(home.path()).unwrap();
        let path = home.path().join("secret");
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(load(home.path()), Err(SecretError::Exposed(_))));
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&path, "short").unwrap();
        assert!(matches!(load(home.path()), Err(SecretError::Damaged(_))));
    }
}
