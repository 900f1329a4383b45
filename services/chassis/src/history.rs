//! How far a database had come, kept in a second place, so that one which lost its end is found out.
//!
//! A store engine opens without a word when the newest part of its log is gone, and what was acknowledged is gone
//! with it. So the number of commits stands in the database itself and, after each commit, in a file beside it,
//! the [`Witness`]. It may lag behind (it is not fsynced), and it is never ahead unless the database lost something.
//! It knows no database.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::dir::{self, DirError};
use crate::outbox::Sequence;

/// How much further numbers go on after a loss that was accepted than the witness knows of: more messages than any
/// service sends in the seconds that an unsynced file can lag behind.
const GAP: u64 = 1 << 20;
/// Two numbers of twenty digits, a checksum of sixteen, a blank after each number and the end of the line.
const LENGTH: usize = 59;

/// How far a database has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// Commits in its life.
    pub commits: u64,
    /// The number of the next message.
    pub next: Sequence,
}

impl History {
    /// A database without any commit.
    pub const START: Self = Self { commits: 0, next: 1 };

    /// Where to go on after the loss of everything up to `recorded` was accepted: no number is used twice.
    #[must_use]
    pub fn beyond(self, recorded: Self) -> Self {
        Self {
            commits: self.commits.max(recorded.commits).saturating_add(GAP),
            next: self.next.max(recorded.next).saturating_add(GAP),
        }
    }
}

/// The file beside a database that has seen how far it had come.
#[derive(Debug)]
pub struct Witness {
    file: File,
    path: PathBuf,
    /// Whether the last line could not be written, which is told once.
    is_silent: bool,
}

/// What a witness says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Testimony {
    /// It saw this.
    Seen(History),
    /// It is new.
    Nothing,
    /// What it says makes no sense.
    Unreadable,
}

impl Witness {
    /// Opens or makes the file `path`, for its owner alone.
    pub fn open(path: &Path) -> Result<Self, DirError> {
        Ok(Self { file: dir::file(path)?, path: path.to_owned(), is_silent: false })
    }

    /// What it saw last.
    pub fn testimony(&mut self) -> Result<Testimony, DirError> {
        let mut text = Vec::new();
        // One byte more than it should have, so that a longer file is not taken for a good one.
        let limit = LENGTH as u64 + 1;
        (&self.file).take(limit).read_to_end(&mut text).map_err(DirError::io(&self.path))?;
        Ok(match std::str::from_utf8(&text) {
            Ok("") => Testimony::Nothing,
            Ok(line) => parse(line).map_or(Testimony::Unreadable, Testimony::Seen),
            Err(_) => Testimony::Unreadable,
        })
    }

    /// Takes note of a commit. A failure is told and harms nobody: the commit is durable, only less well watched.
    pub fn record(&mut self, history: History) {
        let written = self.file.write_all_at(line(history).as_bytes(), 0);
        if let (Err(error), false) = (&written, self.is_silent) {
            tracing::warn!(path = %self.path.display(), %error, "the database's progress could not be noted");
        }
        self.is_silent = written.is_err();
    }

    /// Begins anew with `history`, whatever the file said before.
    pub fn renew(&mut self, history: History) -> Result<(), DirError> {
        self.file.set_len(0).map_err(DirError::io(&self.path))?;
        self.record(history);
        Ok(())
    }
}

fn line(history: History) -> String {
    let numbers = format!("{:020} {:020}", history.commits, history.next);
    format!("{numbers} {:016x}\n", checksum(&numbers))
}

fn parse(text: &str) -> Option<History> {
    let (numbers, _) = text.rsplit_once(' ')?;
    let (commits, next) = numbers.split_once(' ')?;
    let history = History { commits: commits.parse().ok()?, next: next.parse().ok()? };
    (line(history) == text).then_some(history)
}

/// FNV-1a of 64 bits: against damage, not against people.
fn checksum(text: &str) -> u64 {
    let mix = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, mix)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    use super::*;

    fn history(commits: u64, next: u64) -> History {
        History { commits, next }
    }

    fn testimony(path: &Path) -> Testimony {
        Witness::open(path).unwrap().testimony().unwrap()
    }

    #[test]
    fn a_witness_remembers_the_last_commit_and_is_its_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("history");
        assert_eq!(testimony(&path), Testimony::Nothing);
        let mut witness = Witness::open(&path).unwrap();
        for seen in [history(9, 7), history(u64::MAX, 1), history(10, 8)] {
            witness.record(seen);
            assert_eq!(testimony(&path), Testimony::Seen(seen));
        }
        assert_eq!(fs::metadata(&path).unwrap().len(), LENGTH as u64);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn no_damage_to_a_witness_is_taken_for_testimony() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("history");
        let good = line(history(1234, 56)).into_bytes();
        for at in 0..good.len() {
            let mut damaged = good.clone();
            damaged[at] ^= 1;
            fs::write(&path, &damaged).unwrap();
            assert_eq!(testimony(&path), Testimony::Unreadable, "byte {at}");
            fs::write(&path, &good[..at]).unwrap();
            assert!(!matches!(testimony(&path), Testimony::Seen(_)), "{at} bytes");
        }
        fs::write(&path, [&good[..], b"x"].concat()).unwrap();
        assert_eq!(testimony(&path), Testimony::Unreadable);
        Witness::open(&path).unwrap().renew(history(1, 2)).unwrap();
        assert_eq!(testimony(&path), Testimony::Seen(history(1, 2)));
    }

    #[test]
    fn after_an_accepted_loss_numbers_go_on_above_both() {
        let (found, recorded) = (history(5, 90), history(50, 60));
        let on = found.beyond(recorded);
        assert!(on.commits > 50 && on.next > 90);
    }
}
