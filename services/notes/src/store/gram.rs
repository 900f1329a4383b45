//! The trigrams of large authors: FTS5 tells which of their notes may hold a text, so that only those are read.
//!
//! Membership only, and only for authors whose folded notes are too large to be kept in memory: a row costs the writer
//! about 140 µs. Rows are filled and emptied in batches beside other writes ([`Chores`](super::chore::Chores)).

use std::collections::BTreeSet;

use chassis::id::AccountId;
use rusqlite::{Connection, OptionalExtension};

use super::corpora::AUTHOR_BYTES_MAX;
use super::row::{self, AuthorRow};
use super::{Changes, StoreError};
use crate::folding;

/// What `author.filled` says when all notes, those to come too, have their row: no serial is larger.
pub(super) const ALL: i64 = u32::MAX as i64;
/// Chars of a gram.
const GRAM_CHARS: usize = 3;
/// Grams that a search asks for: the candidates of these are few enough to be read.
const GRAMS_MAX: usize = 32;
/// The notes of the authors from `?1` to `?2` that should have a row and have none.
const MISSING: &str = "
    SELECT note.number
    FROM author JOIN note
      ON note.number > author.number << 32 AND note.number <= (author.number << 32) + author.filled
    WHERE author.number BETWEEN ?1 AND ?2 AND author.filled > 0
      AND NOT EXISTS (SELECT 1 FROM gram_docsize WHERE id = note.number)";
/// The rows within the numbers of these authors that no note should have.
const LEFT_OVER: &str = "
    SELECT id
    FROM gram_docsize
    WHERE id >= ?1 << 32 AND id < (?2 + 1) << 32 AND NOT EXISTS (
        SELECT 1
        FROM note JOIN author ON author.number = note.author
        WHERE note.number = gram_docsize.id AND note.number <= (author.number << 32) + author.filled)";
/// Pages of the index that one commit merges: some milliseconds.
const MERGE_PAGES: i32 = 200;

/// What FTS5 is asked for a text that was folded: every third gram and the last; none for a text without grams.
pub(super) fn expression(folded: &str) -> Option<String> {
    let starts: Vec<usize> = folded.char_indices().map(|(at, _)| at).collect();
    let last = starts.len().checked_sub(GRAM_CHARS)?;
    let mut expression = String::new();
    for first in (0..last).step_by(GRAM_CHARS).take(GRAMS_MAX).chain([last]) {
        let end = starts.get(first + GRAM_CHARS).copied().unwrap_or(folded.len());
        let gram = starts.get(first).and_then(|start| folded.get(*start..end)).unwrap_or_default();
        expression.push('"');
        expression.push_str(&gram.replace('"', "\"\""));
        expression.push_str("\" ");
    }
    Some(expression)
}

/// Adds the row of the note `number`.
pub(super) fn insert(
    connection: &Connection,
    number: i64,
    title: &str,
    content: &str,
) -> Result<(), StoreError> {
    let mut folded = Vec::new();
    folding::append(title, content, &mut folded);
    // What stands behind a field is no text: it becomes a char that no search can be about alone.
    let text = String::from_utf8_lossy(&folded);
    connection.prepare_cached("INSERT INTO gram (rowid, text) VALUES (?1, ?2)")?.execute((number, text))?;
    Ok(())
}

/// Removes the row of the note `number`.
pub(super) fn remove(connection: &Connection, number: i64) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM gram WHERE rowid = ?1")?.execute([number])?;
    Ok(())
}

/// The authors from `first` to `last` that lack rows or have some too many.
pub(super) fn wrong(connection: &Connection, first: i64, last: i64) -> Result<BTreeSet<i64>, StoreError> {
    let sql = format!(
        "SELECT DISTINCT number >> 32 FROM ({MISSING})
         UNION
         SELECT DISTINCT id >> 32 FROM ({LEFT_OVER})"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let authors = statement.query_map((first, last), |row| row.get(0))?;
    Ok(authors.collect::<Result<_, _>>()?)
}

impl Changes<'_> {
    /// Removes at most `limit` rows that the author should not have and adds as many that are missing; tells whether
    /// there may be more.
    pub(crate) fn regram(&self, account: AccountId, limit: u32) -> Result<bool, StoreError> {
        let Some(author) = AuthorRow::find(self.connection(), account)? else { return Ok(false) };
        let of = (author.number, author.number, limit);
        let left_over = self.numbers(&format!("{LEFT_OVER} LIMIT ?3"), of)?;
        left_over.iter().try_for_each(|number| remove(self.connection(), *number))?;
        let missing = self.numbers(&format!("{MISSING} LIMIT ?3"), of)?;
        for number in &missing {
            let draft = row::note(self.connection(), account, *number)?.draft;
            insert(self.connection(), *number, draft.title.as_str(), draft.content.as_str())?;
        }
        Ok(!left_over.is_empty() || !missing.is_empty())
    }

    /// Brings the rows of the author with this number nearer to what they should be, by at most `limit` notes;
    /// `false` when nothing is left to do.
    pub(super) fn tend(&self, author: i64, limit: u32) -> Result<bool, StoreError> {
        let mut size = self.connection().prepare_cached(
            "SELECT bytes, filled
             FROM author
             WHERE number = ?1 AND rung < 3",
        )?;
        let sizes: Option<(i64, i64)> = size.query_row([author], |row| row.try_into()).optional()?;
        match sizes {
            Some((bytes, filled)) if is_to_fill(bytes, filled) => self.fill(author, filled, limit),
            Some((bytes, filled)) if is_to_empty(bytes, filled) => self.empty(author, filled, limit),
            Some(_) | None => Ok(false),
        }
    }

    fn fill(&self, author: i64, filled: i64, limit: u32) -> Result<bool, StoreError> {
        let mut statement = self.connection().prepare_cached(
            "SELECT number, title, content
             FROM note
             WHERE number > (?1 << 32) + ?2 AND number < (?1 + 1) << 32
             ORDER BY number
             LIMIT ?3",
        )?;
        let mut rows = statement.query((author, filled, limit))?;
        let (mut count, mut last) = (0, filled);
        while let Some(row) = rows.next()? {
            let (number, title, content): (i64, String, String) = row.try_into()?;
            insert(self.connection(), number, &title, &content)?;
            (count, last) = (count + 1, number & ALL);
        }
        let is_partial = count == limit;
        self.set_filled(author, if is_partial { last } else { ALL })?;
        Ok(is_partial)
    }

    fn empty(&self, author: i64, filled: i64, limit: u32) -> Result<bool, StoreError> {
        let numbers = self.numbers(
            "SELECT number
             FROM note
             WHERE number > ?1 << 32 AND number <= (?1 << 32) + ?2
             ORDER BY number DESC
             LIMIT ?3",
            (author, filled, limit),
        )?;
        numbers.iter().try_for_each(|number| remove(self.connection(), *number))?;
        let is_partial = numbers.len() == limit as usize;
        let lowest = numbers.last().filter(|_| is_partial);
        self.set_filled(author, lowest.map_or(0, |number| (number & ALL) - 1))?;
        Ok(is_partial)
    }

    /// Rewrites a part of the index, so that what was removed is no longer in the file; `false` when nothing is left
    /// to rewrite. The first step of a series says so.
    pub(crate) fn merge_grams(&self, is_first: bool) -> Result<bool, StoreError> {
        let pages = if is_first { -MERGE_PAGES } else { MERGE_PAGES };
        let before = self.total_changes()?;
        let mut merge =
            self.connection().prepare_cached("INSERT INTO gram (gram, rank) VALUES ('merge', ?1)")?;
        merge.execute([pages])?;
        // The statement itself counts as one (https://sqlite.org/fts5.html#the_merge_command).
        Ok(self.total_changes()? - before >= 2)
    }

    /// Notes the serial up to which the author's notes have their row.
    pub(super) fn set_filled(&self, author: i64, filled: i64) -> Result<(), StoreError> {
        let mut statement =
            self.connection().prepare_cached("UPDATE author SET filled = ?2 WHERE number = ?1")?;
        statement.execute((author, filled))?;
        Ok(())
    }

    fn total_changes(&self) -> Result<i64, StoreError> {
        Ok(self.connection().prepare_cached("SELECT total_changes()")?.query_row([], |row| row.get(0))?)
    }
}

/// Whether rows are missing for an author whose notes take `bytes`.
pub(super) const fn is_to_fill(bytes: i64, filled: i64) -> bool {
    bytes > AUTHOR_BYTES_MAX && filled < ALL
}

/// Whether rows are there for an author who needs none; not at once, so that nobody is filled and emptied in turn.
pub(super) const fn is_to_empty(bytes: i64, filled: i64) -> bool {
    bytes < AUTHOR_BYTES_MAX / 2 && filled > 0
}

#[cfg(test)]
mod tests;
