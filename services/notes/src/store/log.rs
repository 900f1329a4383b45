//! The log of changes, as whoever derives data from the notes reads it.
//!
//! It is written in `change.rs`, in the commits of the notes.

use std::ops::Range;

use rusqlite::{OptionalExtension, Row};

use super::{StoreError, View};

/// What happened to a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It is new.
    Added = 1,
    /// It is gone.
    Removed = 2,
    /// It is different.
    Edited = 3,
}

/// A place in the log: the sequence number of a change and its stamp; without any change both are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) seq: i64,
    pub(crate) stamp: i64,
}

/// A row of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) mark: Mark,
    /// The note's number.
    pub(crate) note: i64,
    pub(crate) kind: Kind,
}

impl View<'_> {
    /// The newest change.
    pub(crate) fn newest_change(&self) -> Result<Mark, StoreError> {
        let sql = "SELECT seq, stamp FROM change ORDER BY seq DESC LIMIT 1";
        let mut statement = self.connection().prepare_cached(sql)?;
        Ok(statement.query_row([], read_mark).optional()?.unwrap_or_default())
    }

    /// Whether the change at `mark` is in our past and the log still has all that came after it.
    pub(crate) fn follows(&self, mark: Mark) -> Result<bool, StoreError> {
        let (oldest, newest) = self.log_range()?;
        if mark == Mark::default() {
            return Ok(newest == 0 || oldest == 1);
        }
        let sql = "SELECT stamp FROM change WHERE seq = ?1";
        let stamp =
            self.connection().prepare_cached(sql)?.query_row([mark.seq], |row| row.get(0)).optional()?;
        Ok(stamp == Some(mark.stamp))
    }

    /// Whether the log still has all changes after the one with the number `seq`, which is one of ours.
    pub(crate) fn reaches_back_to(&self, seq: i64) -> Result<bool, StoreError> {
        let (oldest, newest) = self.log_range()?;
        Ok(newest <= seq || oldest <= seq + 1)
    }

    /// The numbers of the oldest and the newest row.
    fn log_range(&self) -> Result<(i64, i64), StoreError> {
        let sql = "SELECT ifnull((SELECT min(seq) FROM change), 0), ifnull((SELECT max(seq) FROM change), 0)";
        Ok(self.connection().prepare_cached(sql)?.query_one([], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// The next `limit` changes after the one with the number `seq`.
    pub(crate) fn changes_after(&self, seq: i64, limit: u32) -> Result<Vec<Change>, StoreError> {
        let sql = "SELECT seq, stamp, note, kind FROM change WHERE seq > ?1 ORDER BY seq LIMIT ?2";
        let mut statement = self.connection().prepare_cached(sql)?;
        let mut rows = statement.query((seq, limit))?;
        let mut changes = Vec::new();
        while let Some(row) = rows.next()? {
            let mark = read_mark(row)?;
            let corrupt = || StoreError::Corrupt { table: "change", key: mark.seq, what: "kind" };
            let kind = kind_of(row.get(3)?).ok_or_else(corrupt)?;
            changes.push(Change { mark, note: row.get(2)?, kind });
        }
        Ok(changes)
    }

    /// The different notes in `numbers` that changed after `seq`, in order.
    pub(crate) fn changed_after(&self, seq: i64, numbers: &Range<i64>) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT note FROM change WHERE seq > ?1 AND note >= ?2 AND note < ?3";
        let mut statement = self.connection().prepare_cached(sql)?;
        let notes = statement.query_map((seq, numbers.start, numbers.end), |row| row.get(0))?;
        let mut notes: Vec<i64> = notes.collect::<Result<_, _>>()?;
        notes.sort_unstable();
        notes.dedup();
        Ok(notes)
    }
}

fn read_mark(row: &Row<'_>) -> rusqlite::Result<Mark> {
    Ok(Mark { seq: row.get(0)?, stamp: row.get(1)? })
}

const fn kind_of(number: u8) -> Option<Kind> {
    match number {
        1 => Some(Kind::Added),
        2 => Some(Kind::Removed),
        3 => Some(Kind::Edited),
        _ => None,
    }
}
