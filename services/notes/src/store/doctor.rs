//! What the doctor needs of the store: authors with what their rows should say, and what mends those rows.
//!
//! Counters and tags can be told from the notes alone; which of several authors are looked at is for the doctor to
//! say.

use std::collections::{BTreeMap, BTreeSet};

use chassis::id::AccountId;
use rusqlite::{Connection, OptionalExtension, Params};

use super::row::{self, AuthorRow};
use super::{Changes, StoreError, View, checksum, gram, label, tag};
use crate::doctor::Kept;
use crate::note::NoteId;

/// A tag in a note's list that has no row of its own; `?1` to `?2` are the authors' numbers.
const MISSING: &str = "
    SELECT note.number
    FROM note, json_each(CASE WHEN json_valid(note.tags) THEN note.tags ELSE '[]' END) AS listed
    WHERE note.author BETWEEN ?1 AND ?2 AND NOT EXISTS (
        SELECT 1 FROM tag
        WHERE tag.author = note.author AND tag.archived = note.archived AND tag.tag = listed.value
          AND tag.pinned = note.pinned AND tag.updated = note.updated AND tag.id = note.id)";
/// A tag's row that no note has in its list.
const LEFT_OVER: &str = "
    FROM tag
    WHERE tag.author BETWEEN ?1 AND ?2 AND NOT EXISTS (
        SELECT 1
        FROM note, json_each(CASE WHEN json_valid(note.tags) THEN note.tags ELSE '[]' END) AS listed
        WHERE note.number = tag.note AND listed.value = tag.tag AND note.archived = tag.archived
          AND note.pinned = tag.pinned AND note.updated = tag.updated AND note.id = tag.id)";

/// How much of the file is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// Its pages and rows: some tenths of a second for 100,000 notes.
    Quick,
    /// Its indexes and the rows of tags too, entry by entry.
    Whole,
}

impl View<'_> {
    /// The next `limit` authors after the one with the number `after`.
    pub(crate) fn kept_after(&self, after: i64, limit: usize, check: Check) -> Result<Vec<Kept>, StoreError> {
        let mut statement = self.connection().prepare_cached(
            "SELECT account
             FROM author
             WHERE number > ?1
             ORDER BY number
             LIMIT ?2",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let accounts = statement.query_map((after, limit), |row| row.get(0).map(AccountId::from_bytes))?;
        let accounts: Vec<_> = accounts.collect::<Result<_, _>>()?;
        self.kept(&accounts, check)
    }

    /// Those of `accounts` that are authors, in the order of their numbers.
    pub(crate) fn kept(&self, accounts: &[AccountId], check: Check) -> Result<Vec<Kept>, StoreError> {
        let mut rows = BTreeMap::new();
        for account in accounts {
            if let Some(row) = AuthorRow::find(self.connection(), *account)? {
                rows.insert(row.number, (*account, row));
            }
        }
        let (Some(first), Some(last)) = (rows.keys().next().copied(), rows.keys().next_back().copied())
        else {
            return Ok(Vec::new());
        };
        let counted = counted(self.connection(), first, last)?;
        let (wrong_tags, wrong_grams) = match check {
            Check::Quick => (BTreeSet::new(), BTreeSet::new()),
            Check::Whole => {
                (wrong_tags(self.connection(), first, last)?, gram::wrong(self.connection(), first, last)?)
            }
        };
        let kept = |(number, (account, row)): (i64, (AccountId, AuthorRow))| Kept {
            account,
            number,
            standing: row.standing,
            counters: [row.active, row.archived],
            counted: counted.get(&number).copied().unwrap_or_default(),
            has_right_tags: !wrong_tags.contains(&number),
            has_right_grams: !wrong_grams.contains(&number),
        };
        Ok(rows.into_iter().map(kept).collect())
    }

    /// The numbers of authors that notes name and nothing else knows, at most `limit`.
    pub(crate) fn unknown_authors(&self, limit: usize) -> Result<Vec<i64>, StoreError> {
        let mut statement = self.connection().prepare_cached(
            "SELECT DISTINCT author
             FROM note
             WHERE author NOT IN (SELECT number FROM author)
             LIMIT ?1",
        )?;
        let numbers = statement.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |row| row.get(0))?;
        Ok(numbers.collect::<Result<_, _>>()?)
    }

    /// Whether SQLite finds the file as it should be.
    pub(crate) fn is_sound(&self, check: Check) -> Result<bool, StoreError> {
        let pragma = match check {
            Check::Quick => "PRAGMA quick_check(1)",
            Check::Whole => "PRAGMA integrity_check(1)",
        };
        let say = || -> Result<Option<String>, StoreError> {
            let mut statement = self.connection().prepare_cached(pragma)?;
            Ok(statement.query_row([], |row| row.get(0)).optional()?)
        };
        match say() {
            Ok(said) => Ok(said.as_deref() == Some("ok")),
            Err(StoreError::Damaged(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Notes whose rows are not as they were written, at most `limit`.
    pub(crate) fn damaged_notes(&self, limit: usize) -> Result<Vec<NoteId>, StoreError> {
        let mut statement = self.connection().prepare_cached(
            "SELECT id, archived, pinned, updated, created, title, tags, background, content, sum
             FROM note",
        )?;
        let mut rows = statement.query([])?;
        let mut damaged = Vec::new();
        while let Some(row) = rows.next()? {
            // A value of another type than it should have is damage, too.
            let is_whole = checksum::of_row(row).and_then(|sum| Ok(row.get::<_, u32>(9)? == sum));
            if !is_whole.unwrap_or(false) && damaged.len() < limit {
                damaged.push(NoteId::from_bytes(row.get(0)?));
            }
        }
        Ok(damaged)
    }
}

impl Changes<'_> {
    /// Sets the author's counters to the numbers of notes; `false` when there is no such author.
    pub(crate) fn recount(&self, account: AccountId) -> Result<bool, StoreError> {
        let Some(author) = AuthorRow::find(self.connection(), account)? else { return Ok(false) };
        let counted = counted(self.connection(), author.number, author.number)?;
        let [active, archived] = counted.get(&author.number).copied().unwrap_or_default();
        let mut statement = self
            .connection()
            .prepare_cached("UPDATE author SET active = ?2, archived = ?3 WHERE number = ?1")?;
        Ok(statement.execute((author.number, active, archived))? == 1)
    }

    /// Mends at most `limit` missing and as many left-over rows of the author's tags, and counts the tags again when
    /// there are none; tells whether there may be more.
    pub(crate) fn retag(&self, account: AccountId, limit: u32) -> Result<bool, StoreError> {
        let Some(author) = AuthorRow::find(self.connection(), account)? else { return Ok(false) };
        let number = author.number;
        let sql = format!(
            "DELETE FROM tag
             WHERE (author, archived, tag, pinned, updated, id) IN (
                 SELECT author, archived, tag, pinned, updated, id {LEFT_OVER} LIMIT ?3)"
        );
        let removed = self.connection().prepare_cached(&sql)?.execute((number, number, limit))?;
        let missing = numbers(self.connection(), &format!("{MISSING} LIMIT ?3"), (number, number, limit))?;
        for note in &missing {
            tag::insert(self.connection(), *note, &row::note(self.connection(), account, *note)?)?;
        }
        if removed > 0 || !missing.is_empty() {
            return Ok(true);
        }
        label::count_again(self.connection(), number)?;
        Ok(false)
    }

    /// Builds all indexes again from their tables.
    pub(crate) fn reindex(&self) -> Result<(), StoreError> {
        self.connection().prepare_cached("REINDEX")?.execute([])?;
        Ok(())
    }
}

/// How many notes the authors from `first` to `last` have: in use, archived.
fn counted(connection: &Connection, first: i64, last: i64) -> Result<BTreeMap<i64, [u32; 2]>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT author, count(*) FILTER (WHERE archived = 0), count(*) FILTER (WHERE archived <> 0)
         FROM note
         WHERE author BETWEEN ?1 AND ?2
         GROUP BY author",
    )?;
    let counts = statement.query_map((first, last), |row| Ok((row.get(0)?, [row.get(1)?, row.get(2)?])))?;
    Ok(counts.collect::<Result<_, _>>()?)
}

/// The authors from `first` to `last` whose tags' rows are not those of their notes.
fn wrong_tags(connection: &Connection, first: i64, last: i64) -> Result<BTreeSet<i64>, StoreError> {
    let missing =
        numbers(connection, &format!("SELECT DISTINCT number >> 32 FROM ({MISSING})"), (first, last))?;
    let left_over = numbers(connection, &format!("SELECT DISTINCT tag.author {LEFT_OVER}"), (first, last))?;
    let miscounted = label::miscounted(connection, first, last)?;
    Ok(missing.into_iter().chain(left_over).chain(miscounted).collect())
}

fn numbers(connection: &Connection, sql: &str, params: impl Params) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let numbers = statement.query_map(params, |row| row.get(0))?;
    Ok(numbers.collect::<Result<_, _>>()?)
}
