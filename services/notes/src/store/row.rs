//! Rows of notes and authors, and what they are in the domain.
//!
//! Knows no statement that writes: see `change.rs`.

use std::ops::Range;

use chassis::clock::Timestamp;
use chassis::id::AccountId;
use chassis::standing::{Rung, Standing};
use rusqlite::{Connection, OptionalExtension, Row};

use super::StoreError;
use super::checksum::{self, Summed};
use crate::note::{Draft, Note, NoteId, Text, Title};

/// An author's row.
#[derive(Clone, Copy, Debug)]
pub(super) struct AuthorRow {
    pub(super) number: i64,
    pub(super) standing: Standing,
    pub(super) active: u32,
    pub(super) archived: u32,
    /// What a copy of the notes takes in memory.
    pub(super) bytes: i64,
    /// The newest row about the author in the log of changes.
    pub(super) changed: i64,
    /// The serial up to which notes have their trigrams.
    pub(super) filled: i64,
}

impl AuthorRow {
    /// The row of `account`.
    pub(super) fn find(connection: &Connection, account: AccountId) -> Result<Option<Self>, StoreError> {
        let mut statement = connection.prepare_cached(
            "SELECT number, generation, rung, epoch, active, archived, bytes, changed, filled
             FROM author
             WHERE account = ?1",
        )?;
        let mut rows = statement.query([account.as_bytes()])?;
        rows.next()?.map(Self::read).transpose()
    }

    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let number = row.get(0)?;
        let corrupt = || StoreError::Corrupt { table: "author", key: number, what: "rung" };
        let rung = rung_of(row.get(2)?).ok_or_else(corrupt)?;
        let standing = Standing { generation: row.get(1)?, rung, epoch: row.get(3)? };
        Ok(Self {
            number,
            standing,
            active: row.get(4)?,
            archived: row.get(5)?,
            bytes: row.get(6)?,
            changed: row.get(7)?,
            filled: row.get(8)?,
        })
    }
}

/// The number that stands for `rung` in the database.
pub(super) const fn number_of(rung: Rung) -> u8 {
    match rung {
        Rung::Pending => 0,
        Rung::Active => 1,
        Rung::Disabled => 2,
        Rung::Deleted => 3,
    }
}

/// The rung that `number` stands for in the database.
pub(super) const fn rung_of(number: u8) -> Option<Rung> {
    match number {
        0 => Some(Rung::Pending),
        1 => Some(Rung::Active),
        2 => Some(Rung::Disabled),
        3 => Some(Rung::Deleted),
        _ => None,
    }
}

/// Reads the note `number` of `author`, which an index says is there.
pub(super) fn note(connection: &Connection, author: AccountId, number: i64) -> Result<Note, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, archived, pinned, updated, created, title, tags, background, content, sum
         FROM note
         WHERE number = ?1",
    )?;
    let corrupt = |what| StoreError::Corrupt { table: "note", key: number, what };
    let row = statement.query_row([number], NoteRow::read).optional()?.ok_or_else(|| corrupt("missing"))?;
    row.into_note(author).map_err(corrupt)
}

/// Shows `each` the notes of `author` in `numbers`, in order, until it answers `false`, which is then the answer.
pub(super) fn each_note(
    connection: &Connection,
    author: AccountId,
    numbers: &Range<i64>,
    each: &mut dyn FnMut(Note) -> bool,
) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, archived, pinned, updated, created, title, tags, background, content, sum, number
         FROM note
         WHERE number >= ?1 AND number < ?2
         ORDER BY number",
    )?;
    let mut rows = statement.query((numbers.start, numbers.end))?;
    while let Some(row) = rows.next()? {
        let key = row.get(10)?;
        let corrupt = |what| StoreError::Corrupt { table: "note", key, what };
        if !each(NoteRow::read(row)?.into_note(author).map_err(corrupt)?) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A note's row, before its values are believed.
struct NoteRow {
    id: [u8; 16],
    is_archived: bool,
    is_pinned: bool,
    updated: i64,
    created: i64,
    title: String,
    tags: String,
    background: String,
    content: String,
    sum: u32,
}

impl NoteRow {
    fn read(row: &Row<'_>) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            id: row.get(0)?,
            is_archived: row.get(1)?,
            is_pinned: row.get(2)?,
            updated: row.get(3)?,
            created: row.get(4)?,
            title: row.get(5)?,
            tags: row.get(6)?,
            background: row.get(7)?,
            content: row.get(8)?,
            sum: row.get(9)?,
        })
    }

    fn summed(&self) -> Summed<'_> {
        Summed {
            id: &self.id,
            is_archived: self.is_archived,
            is_pinned: self.is_pinned,
            updated: self.updated,
            created: self.created,
            texts: [&self.title, &self.tags, &self.background, &self.content],
        }
    }

    fn into_note(self, author: AccountId) -> Result<Note, &'static str> {
        if checksum::of(&self.summed()) != self.sum {
            return Err("sum");
        }
        let text = |text, what| Text::new(text).ok_or(what);
        let draft = Draft {
            title: Title::new(text(self.title, "title")?).ok_or("title")?,
            content: text(self.content, "content")?,
            tags: tags_of(&self.tags).ok_or("tags")?,
            is_pinned: self.is_pinned,
            is_archived: self.is_archived,
            background_color: text(self.background, "background")?,
        };
        Ok(Note {
            id: NoteId::from_bytes(self.id),
            author,
            draft,
            created_at: Timestamp::from_millis(self.created),
            updated_at: Timestamp::from_millis(self.updated),
        })
    }
}

pub(super) fn tags_of(json: &str) -> Option<Vec<Text>> {
    let tags: Vec<String> = serde_json::from_str(json).ok()?;
    tags.into_iter().map(Text::new).collect()
}

/// The checksum of the row of `note`, whose tags are stored as `tags`.
pub(super) fn sum_of(note: &Note, tags: &str) -> u32 {
    let draft = &note.draft;
    checksum::of(&Summed {
        id: note.id.as_bytes(),
        is_archived: draft.is_archived,
        is_pinned: draft.is_pinned,
        updated: note.updated_at.as_millis(),
        created: note.created_at.as_millis(),
        texts: [draft.title.as_str(), tags, draft.background_color.as_str(), draft.content.as_str()],
    })
}

/// A note's tags as they are stored.
pub(super) fn tags_json(tags: &[Text]) -> String {
    let tags: Vec<&str> = tags.iter().map(Text::as_str).collect();
    // Strings are always JSON; the empty text would be found corrupt when read.
    serde_json::to_string(&tags).unwrap_or_default()
}
