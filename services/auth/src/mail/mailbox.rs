//! Mails kept in a folder instead of being sent: one file each, for development and tests.
//!
//! Files appear whole or not at all, so that other processes may look while the service runs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chassis::clock::Timestamp;
use chassis::dir::{self, DirError};
use chassis::email::Email;
use serde::{Deserialize, Serialize};

use super::letter::Letter;

/// Mails that are kept: the newest ones, enough for any test run and never a disk full.
const KEPT_MAX: u64 = 1000;
/// Whom mails in the mailbox come from.
const FROM: &str = "Satchel <no-reply@satchel.localhost>";

/// A mail as it was kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mail {
    /// Digits that grow with each mail.
    pub id: String,
    /// The recipient's canonical address.
    pub to: String,
    /// The sender.
    pub from: String,
    /// The subject line.
    pub subject: String,
    /// Why it was written: `reset`.
    pub kind: String,
    /// The plain part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// The link that it carries.
    pub link: String,
    /// The token in that link.
    pub token: String,
    /// When it was written, RFC 3339.
    pub sent_at: String,
}

/// The token in it is as good as a password, so only the rest is shown.
impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("id", &self.id).field("to", &self.to).finish_non_exhaustive()
    }
}

/// A folder of mails. Any number of processes may look into it, only the auth service puts mails there.
#[derive(Debug)]
pub struct Mailbox {
    folder: PathBuf,
    next: Mutex<u64>,
}

impl Mailbox {
    /// Opens the mailbox in `folder`, which is made if it is missing.
    ///
    /// # Errors
    /// When the folder cannot be made or read.
    pub fn open(folder: &Path) -> Result<Self, DirError> {
        dir::folder(folder)?;
        let next = numbers(folder)
            .map_err(DirError::io(folder))?
            .last()
            .map_or(1, |newest| newest.saturating_add(1));
        Ok(Self { folder: folder.to_owned(), next: Mutex::new(next) })
    }

    /// Looks into the mailbox in `folder` and leaves everything as it is: one that is missing has no mails.
    pub fn look(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), next: Mutex::new(1) }
    }

    /// All mails, oldest first.
    ///
    /// # Errors
    /// When the folder or a mail in it cannot be read.
    pub fn list(&self) -> io::Result<Vec<Mail>> {
        let mails = numbers(&self.folder)?.into_iter().filter_map(|number| self.read(number).transpose());
        mails.collect()
    }

    /// The mail with this id.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn find(&self, id: &str) -> io::Result<Option<Mail>> {
        if !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(None);
        }
        id.parse().map_or(Ok(None), |number| self.read(number))
    }

    /// The newest mail to `email`, in whatever case it is written.
    ///
    /// # Errors
    /// When the folder or a mail in it cannot be read.
    pub fn newest_to(&self, email: &str) -> io::Result<Option<Mail>> {
        let Some(email) = Email::parse(email) else {
            return Ok(None);
        };
        let mut newest_first = numbers(&self.folder)?.into_iter().rev();
        let found = newest_first.find_map(|number| match self.read(number) {
            Ok(Some(mail)) if mail.to == email.as_str() => Some(Ok(mail)),
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        });
        found.transpose()
    }

    /// Keeps `letter`, written `now`, and lets the oldest mail go.
    pub(crate) fn put(&self, letter: &Letter, now: Timestamp) -> Result<(), DirError> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let number = *next;
        let mail = Mail {
            id: format!("{number:012}"),
            to: letter.to.to_string(),
            from: FROM.to_owned(),
            subject: letter.subject.to_owned(),
            kind: letter.kind.to_owned(),
            text: letter.text.clone(),
            html: letter.html.clone(),
            link: letter.link.clone(),
            token: letter.token.clone(),
            sent_at: now.to_string(),
        };
        let path = self.path(number);
        let bytes = serde_json::to_vec(&mail).map_err(|error| DirError::io(&path)(error.into()))?;
        dir::write(&path, &bytes)?;
        *next = number.saturating_add(1);
        let oldest = self.path(number.saturating_sub(KEPT_MAX));
        match fs::remove_file(&oldest) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(DirError::io(&oldest)(error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:012}.json"))
    }

    fn read(&self, number: u64) -> io::Result<Option<Mail>> {
        match fs::read(self.path(number)) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            // Let go since it was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The numbers of all mails, oldest first.
fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(numbers),
        entries => entries?,
    };
    for entry in entries {
        let name = entry?.file_name();
        let number: Option<u64> = name.to_str().and_then(|name| name.strip_suffix(".json")?.parse().ok());
        numbers.extend(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::mail::letter::tests::letter;

    fn mailbox(dir: &tempfile::TempDir) -> Mailbox {
        Mailbox::open(&dir.path().join("mailbox")).unwrap()
    }

    fn put(mailbox: &Mailbox, to: &str) {
        mailbox.put(&letter(to), Timestamp::from_millis(0)).unwrap();
    }

    #[test]
    fn mails_are_found_by_id_and_recipient_also_by_another_process() {
        let dir = tempfile::tempdir().unwrap();
        let (writing, looking) = (mailbox(&dir), mailbox(&dir));
        for to in ["ada@example.test", "ben@example.test", "ada@example.test"] {
            put(&writing, to);
        }
        let ids: Vec<_> = looking.list().unwrap().into_iter().map(|mail| mail.id).collect();
        assert_eq!(ids, ["000000000001", "000000000002", "000000000003"]);
        assert_eq!(looking.newest_to("Ada@Example.test").unwrap().unwrap().id, "000000000003");
        assert_eq!(looking.find("000000000002").unwrap().unwrap().to, "ben@example.test");
        for id in ["4", "", "+2", "../lock", "999999999999999999999999"] {
            assert_eq!(looking.find(id).unwrap(), None, "{id}");
        }
        assert_eq!(looking.newest_to("eve@example.test").unwrap(), None);
    }

    #[test]
    fn looking_makes_no_mailbox_and_finds_what_comes_later() {
        let dir = tempfile::tempdir().unwrap();
        let looking = Mailbox::look(&dir.path().join("mailbox"));
        assert_eq!(looking.list().unwrap(), []);
        assert_eq!(looking.newest_to("ada@example.test").unwrap(), None);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        put(&mailbox(&dir), "ada@example.test");
        assert_eq!(looking.list().unwrap().len(), 1);
    }

    #[test]
    fn numbering_goes_on_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        put(&mailbox(&dir), "ada@example.test");
        put(&mailbox(&dir), "ada@example.test");
        assert_eq!(mailbox(&dir).list().unwrap().len(), 2);
    }

    #[test]
    fn only_the_newest_thousand_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let mailbox = mailbox(&dir);
        *mailbox.next.lock().unwrap() = 5_000;
        put(&mailbox, "ada@example.test");
        *mailbox.next.lock().unwrap() = 5_999;
        put(&mailbox, "ada@example.test");
        assert_eq!(mailbox.list().unwrap().len(), 2);
        put(&mailbox, "ada@example.test");
        let ids: Vec<_> = mailbox.list().unwrap().into_iter().map(|mail| mail.id).collect();
        assert_eq!(ids, ["000000005999", "000000006000"]);
    }

    #[test]
    fn a_mail_is_its_owners_alone_to_read() {
        let dir = tempfile::tempdir().unwrap();
        put(&mailbox(&dir), "ada@example.test");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let folder = dir.path().join("mailbox");
        assert_eq!((mode(&folder), mode(&folder.join("000000000001.json"))), (0o700, 0o600));
        assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
    }

    #[test]
    fn a_mail_shows_no_token_in_debug_output() {
        let dir = tempfile::tempdir().unwrap();
        put(&mailbox(&dir), "ada@example.test");
        let mail = mailbox(&dir).list().unwrap().remove(0);
        assert!(!format!("{mail:?}").contains(&mail.token));
    }
}
