//! Notes as the search index takes them up: their texts and their place in lists, by number.
//!
//! What is done with them is the index's business.

use std::cmp::Reverse;
use std::ops::Range;

use chassis::clock::Timestamp;
use chassis::id::AccountId;
use chassis::standing::Rung;
use rusqlite::{OptionalExtension, Row};

use super::row::{self, AuthorRow};
use super::{StoreError, View};
use crate::note::{Note, NoteId, Place, Text};

/// A note with what is searched in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) number: i64,
    pub(crate) is_archived: bool,
    pub(crate) place: Place,
    pub(crate) title: String,
    pub(crate) content: String,
    pub(crate) tags: Vec<Text>,
}

/// The notes that one search goes over: those of an author that are archived, or those that are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pile {
    /// The author's number.
    pub(crate) author: i64,
    pub(crate) is_archived: bool,
    /// How many notes stand on it.
    pub(crate) notes: u32,
    /// The newest change of the author's notes, of either state.
    pub(crate) changed: i64,
}

impl Pile {
    /// The numbers that notes of its author can have.
    pub(crate) const fn numbers(&self) -> Range<i64> {
        numbers_of(self.author)
    }
}

/// The numbers that notes of the author with the number `author` can have.
pub(crate) const fn numbers_of(author: i64) -> Range<i64> {
    author << 32..(author + 1) << 32
}

/// The number of the author whose note has the number `note`.
pub(crate) const fn author_of(note: i64) -> i64 {
    note >> 32
}

const SELECT: &str = "SELECT number, archived, pinned, updated, id, title, content, tags FROM note";

impl View<'_> {
    /// The pile of `account`; none when the account never wrote.
    pub(crate) fn pile(&self, account: AccountId, is_archived: bool) -> Result<Option<Pile>, StoreError> {
        let pile = |author: AuthorRow| Pile {
            author: author.number,
            is_archived,
            notes: if is_archived { author.archived } else { author.active },
            changed: author.changed,
        };
        Ok(AuthorRow::find(self.connection(), account)?.map(pile))
    }

    /// The entry of the note `number`, if it is there.
    pub(crate) fn entry(&self, number: i64) -> Result<Option<Entry>, StoreError> {
        let sql = format!("{SELECT} WHERE number = ?1");
        let mut statement = self.connection().prepare_cached(&sql)?;
        let mut rows = statement.query([number])?;
        rows.next()?.map(entry_of).transpose()
    }

    /// Calls `each` with the entries in `numbers`, in order, until it answers `false`.
    pub(crate) fn entries(
        &self,
        numbers: &Range<i64>,
        mut each: impl FnMut(Entry) -> bool,
    ) -> Result<(), StoreError> {
        let sql = format!("{SELECT} WHERE number >= ?1 AND number < ?2 ORDER BY number");
        let mut statement = self.connection().prepare_cached(&sql)?;
        let mut rows = statement.query((numbers.start, numbers.end))?;
        while let Some(row) = rows.next()? {
            if !each(entry_of(row)?) {
                break;
            }
        }
        Ok(())
    }

    /// The note `number` of `account`, if it is there.
    pub(crate) fn numbered(&self, account: AccountId, number: i64) -> Result<Option<Note>, StoreError> {
        match row::note(self.connection(), account, number) {
            Err(StoreError::Corrupt { what: "missing", .. }) => Ok(None),
            found => found.map(Some),
        }
    }

    /// How many notes there are.
    pub(crate) fn count_notes(&self) -> Result<u64, StoreError> {
        let sql = "SELECT ifnull(sum(active + archived), 0) FROM author";
        let count: i64 = self.connection().prepare_cached(sql)?.query_one([], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    /// Calls `each` with the number of every note and the time of its last change, in no order.
    pub(crate) fn numbers_and_times(&self, mut each: impl FnMut(i64, i64)) -> Result<(), StoreError> {
        // The index of lists has both: the notes themselves are not read.
        let sql = "SELECT number, updated FROM note INDEXED BY note_in_order";
        let mut statement = self.connection().prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            each(row.get(0)?, row.get(1)?);
        }
        Ok(())
    }

    /// Whether the author with this number is deleted or was never heard of.
    pub(crate) fn is_deleted(&self, author: i64) -> Result<bool, StoreError> {
        let sql = "SELECT rung FROM author WHERE number = ?1";
        let mut statement = self.connection().prepare_cached(sql)?;
        let rung: Option<u8> = statement.query_row([author], |row| row.get(0)).optional()?;
        Ok(rung.is_none_or(|rung| row::rung_of(rung) == Some(Rung::Deleted)))
    }
}

fn entry_of(row: &Row<'_>) -> Result<Entry, StoreError> {
    let number = row.get(0)?;
    let tags = row.get_ref(7)?.as_str().ok().and_then(row::tags_of);
    Ok(Entry {
        number,
        is_archived: row.get(1)?,
        place: Place {
            is_pinned: Reverse(row.get(2)?),
            updated_at: Reverse(Timestamp::from_millis(row.get(3)?)),
            id: NoteId::from_bytes(row.get(4)?),
        },
        title: row.get(5)?,
        content: row.get(6)?,
        tags: tags.ok_or(StoreError::Corrupt { table: "note", key: number, what: "tags" })?,
    })
}
