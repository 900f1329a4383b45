//! Mails kept in a folder instead of being sent: one file each, for development and tests.
//!
//! Files appear whole or not at all, so that other processes may look while the service runs. Why a mail was
//! written, and by whom, is not known here.

mod filter;
mod waiting;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chassis::dir::{self, DirError};
use serde::{Deserialize, Serialize};

pub use self::filter::Filter;
pub(super) use self::filter::canonical;
use self::waiting::Arrivals;
pub(crate) use self::waiting::Unserved;

/// Mails that are kept: the newest ones, enough for any test run and never a disk full.
const KEPT_MAX: u64 = 1000;
/// Bytes of the mails on one page, the last one aside: what a service answers another with has a limit of 1 MiB.
const PAGE_MAX: u64 = 128 * 1024;

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
    /// Why it was written: `reset`, or `other` for what is not recognised.
    pub kind: String,
    /// The plain part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// The link that it carries.
    pub link: Option<String>,
    /// The token in that link.
    pub token: Option<String>,
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
    arrivals: Arrivals,
}

/// Some mails, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) mails: Vec<Mail>,
    /// Whether there are more after the last of them.
    pub(crate) has_more: bool,
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
        Ok(Self { folder: folder.to_owned(), next: Mutex::new(next), arrivals: Arrivals::default() })
    }

    /// Looks into the mailbox in `folder` and leaves everything as it is: one that is missing has no mails.
    pub fn look(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), next: Mutex::new(1), arrivals: Arrivals::default() }
    }

    /// Copies the mailbox to the folder `to`, which must not exist; no mail arrives meanwhile.
    pub(crate) fn copy(&self, to: &Path) -> Result<(), DirError> {
        let _next = self.next();
        dir::duplicate(&self.folder, to, |_| true)
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

    /// The newest mail that `filter` lets through.
    ///
    /// # Errors
    /// When the folder or a mail in it cannot be read.
    pub fn newest(&self, filter: &Filter) -> io::Result<Option<Mail>> {
        let after = |number: &u64| *number > filter.after;
        let mut newest_first = numbers(&self.folder)?.into_iter().rev().take_while(after);
        let found = newest_first.find_map(|number| match self.read(number) {
            Ok(mail) => mail.filter(|mail| filter.admits(mail)).map(Ok),
            Err(error) => Some(Err(error)),
        });
        found.transpose()
    }

    /// The first mails that `filter` lets through, as many as fit an answer.
    pub(crate) fn page(&self, filter: &Filter) -> io::Result<Page> {
        let (mut page, mut bytes) = (Page::default(), 0);
        for number in numbers(&self.folder)?.into_iter().filter(|number| *number > filter.after) {
            let Some(mail) = self.read(number)?.filter(|mail| filter.admits(mail)) else { continue };
            if bytes >= PAGE_MAX {
                page.has_more = true;
                break;
            }
            bytes += fs::metadata(self.path(number)).map_or(0, |file| file.len());
            page.mails.push(mail);
        }
        Ok(page)
    }

    /// Keeps `mail` under the next id, lets the oldest one go, and wakes who waits for one.
    pub(crate) fn put(&self, mail: Mail) -> Result<(), DirError> {
        let mut next = self.next();
        let number = *next;
        let path = self.path(number);
        let mail = Mail { id: format!("{number:012}"), ..mail };
        let bytes = serde_json::to_vec(&mail).map_err(|error| DirError::io(&path)(error.into()))?;
        dir::write(&path, &bytes)?;
        *next = number.saturating_add(1);
        drop(next);
        self.arrivals.tell();
        self.remove(number.saturating_sub(KEPT_MAX))
    }

    /// Lets every mail go that `filter` lets through; the next one still has a higher id than all that were.
    pub(crate) fn clear(&self, filter: &Filter) -> io::Result<()> {
        let _next = self.next();
        for number in numbers(&self.folder)? {
            if self.read(number)?.is_some_and(|mail| filter.admits(&mail)) {
                fs::remove_file(self.path(number))?;
            }
        }
        Ok(())
    }

    fn remove(&self, number: u64) -> Result<(), DirError> {
        let path = self.path(number);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(DirError::io(&path)(error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn next(&self) -> MutexGuard<'_, u64> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
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
mod tests;
