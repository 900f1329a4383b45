//! What can be changed, inside the writer's transaction: rows, counters, tags and the log of changes together.
//!
//! Decides nothing: whether a change may happen was asked before, in the same transaction.

use std::ops::Deref;

use chassis::clock::Timestamp;
use chassis::id::AccountId;
use chassis::inbox::Receipt;
use chassis::standing::Standing;
use rusqlite::Connection;

use super::entry::author_of;
use super::inbox::Arrival;
use super::log::Kind;
use super::row::{number_of, sum_of, tags_json};
use super::{Chores, StoreError, View, gram, inbox, tag};
use crate::note::Note;

/// Rows that the log of changes keeps. Deriving everything again from the notes takes less time than going
/// through more.
const CHANGES_MAX: i64 = 100_000;

/// What a note takes beside its text where it is kept in memory; the migration that counted the notes says the same.
const CORPUS_NOTE_BYTES: usize = 80;

/// What a change adds to the counters of an author.
#[derive(Clone, Copy, Default)]
struct Sum {
    active: i64,
    archived: i64,
    bytes: i64,
}

impl Sum {
    fn plus(self, note: &Note) -> Self {
        self.with(note, 1)
    }

    fn minus(self, note: &Note) -> Self {
        self.with(note, -1)
    }

    fn with(self, note: &Note, sign: i64) -> Self {
        let draft = &note.draft;
        let bytes = CORPUS_NOTE_BYTES + draft.title.as_str().len() + draft.content.as_str().len();
        let [active, archived] = if draft.is_archived { [0, sign] } else { [sign, 0] };
        Self {
            active: self.active + active,
            archived: self.archived + archived,
            bytes: self.bytes + sign * i64::try_from(bytes).unwrap_or(i64::MAX),
        }
    }
}

/// A unit of work that changes data; it sees what it changed.
pub(crate) struct Changes<'a> {
    connection: &'a Connection,
    chores: &'a Chores,
    view: View<'a>,
}

impl<'a> Deref for Changes<'a> {
    type Target = View<'a>;

    fn deref(&self) -> &View<'a> {
        &self.view
    }
}

impl<'a> Changes<'a> {
    /// Changes through `connection`, inside a transaction of it; `chores` is told what is to be done after it.
    pub(super) const fn of(connection: &'a Connection, chores: &'a Chores) -> Self {
        Self { connection, chores, view: View::of(connection) }
    }

    /// Joins `news` to where `account` stands, and tells where that is now.
    pub(crate) fn raise(&self, account: AccountId, news: Standing) -> Result<Standing, StoreError> {
        let known = self.view.standing(account)?;
        let standing = known.map_or(news, |known| known.join(news));
        if known != Some(standing) {
            let mut statement = self.connection.prepare_cached(
                "INSERT INTO author (account, generation, rung, epoch)
                 VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (account) DO UPDATE
                 SET generation = ?2, rung = ?3, epoch = ?4",
            )?;
            let Standing { generation, rung, epoch } = standing;
            statement.execute((account.as_bytes(), generation, number_of(rung), epoch))?;
        }
        Ok(standing)
    }

    /// Keeps `receipt`, and tells whether its message was heard before.
    pub(crate) fn receive(&self, receipt: &Receipt, now: Timestamp) -> Result<Arrival, StoreError> {
        inbox::receive(self.connection, receipt, now)
    }

    /// Adds `note`, whose author is known; `false` when there is a note with its id, which stays as it is.
    pub(crate) fn insert(&self, note: &Note) -> Result<bool, StoreError> {
        let draft = &note.draft;
        let (author, serial) = self.next_serial(note.author)?;
        let number = author << 32 | serial;
        let tags = tags_json(&draft.tags);
        let sum = sum_of(note, &tags);
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO note
                 (number, id, author, archived, pinned, updated, created, title, tags, background, content, sum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT (id) DO NOTHING",
        )?;
        let inserted = statement.execute((
            number,
            note.id.as_bytes(),
            author,
            draft.is_archived,
            draft.is_pinned,
            note.updated_at.as_millis(),
            note.created_at.as_millis(),
            draft.title.as_str(),
            tags,
            draft.background_color.as_str(),
            draft.content.as_str(),
            sum,
        ))?;
        if inserted == 0 {
            return Ok(false);
        }
        tag::insert(self.connection, number, note)?;
        let changed = self.log(number, Kind::Added)?;
        let filled = self.count(author, Sum::default().plus(note), changed)?;
        if serial <= filled {
            gram::insert(self.connection, number, draft.title.as_str(), draft.content.as_str())?;
        }
        Ok(true)
    }

    /// Replaces `before`, a note that is there, by `after`, which has its id.
    pub(crate) fn replace(&self, before: &Note, after: &Note) -> Result<(), StoreError> {
        let draft = &after.draft;
        let tags = tags_json(&draft.tags);
        let sum = sum_of(after, &tags);
        let mut statement = self.connection.prepare_cached(
            "UPDATE note
             SET archived = ?2, pinned = ?3, updated = ?4, title = ?5, tags = ?6, background = ?7, content = ?8,
                 sum = ?9
             WHERE id = ?1
             RETURNING number",
        )?;
        let values = (
            after.id.as_bytes(),
            draft.is_archived,
            draft.is_pinned,
            after.updated_at.as_millis(),
            draft.title.as_str(),
            tags,
            draft.background_color.as_str(),
            draft.content.as_str(),
            sum,
        );
        let number = statement.query_one(values, |row| row.get(0))?;
        tag::remove(self.connection, number, before)?;
        tag::insert(self.connection, number, after)?;
        let changed = self.log(number, Kind::Edited)?;
        let filled = self.count(author_of(number), Sum::default().minus(before).plus(after), changed)?;
        let is_same_text = before.draft.title == draft.title && before.draft.content == draft.content;
        if number & gram::ALL <= filled && !is_same_text {
            gram::remove(self.connection, number)?;
            gram::insert(self.connection, number, draft.title.as_str(), draft.content.as_str())?;
        }
        Ok(())
    }

    /// Removes `note`, which is there.
    pub(crate) fn remove(&self, note: &Note) -> Result<(), StoreError> {
        let mut statement =
            self.connection.prepare_cached("DELETE FROM note WHERE id = ?1 RETURNING number")?;
        let number = statement.query_one([note.id.as_bytes()], |row| row.get(0))?;
        tag::remove(self.connection, number, note)?;
        let changed = self.log(number, Kind::Removed)?;
        let filled = self.count(author_of(number), Sum::default().minus(note), changed)?;
        if number & gram::ALL <= filled {
            gram::remove(self.connection, number)?;
        }
        Ok(())
    }

    /// The author's number and the serial of the next note.
    fn next_serial(&self, account: AccountId) -> Result<(i64, i64), StoreError> {
        let mut statement = self.connection.prepare_cached(
            "UPDATE author
             SET serial = serial + 1
             WHERE account = ?1
             RETURNING number, serial",
        )?;
        Ok(statement.query_one([account.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// Adds `sum` to what the author's row says, whose newest change is `changed`; tells up to which serial notes
    /// have their trigrams.
    fn count(&self, author: i64, sum: Sum, changed: i64) -> Result<i64, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "UPDATE author
             SET active = active + ?2, archived = archived + ?3, bytes = bytes + ?4, changed = ?5
             WHERE number = ?1
             RETURNING bytes, filled",
        )?;
        let values = (author, sum.active, sum.archived, sum.bytes, changed);
        let (bytes, filled) = statement.query_one(values, |row| row.try_into())?;
        self.chores.see(author, bytes, filled);
        Ok(filled)
    }

    /// Gives the change its sequence number, which is returned, and lets the oldest row go.
    fn log(&self, number: i64, kind: Kind) -> Result<i64, StoreError> {
        // Not of a seeded stream: the same seed after a restart would stamp another history alike.
        self.connection
            .prepare_cached("INSERT INTO change (note, kind, stamp) VALUES (?1, ?2, random())")?
            .execute((number, kind as u8))?;
        let seq = self.connection.last_insert_rowid();
        self.connection.prepare_cached("DELETE FROM change WHERE seq <= ?1")?.execute([seq - CHANGES_MAX])?;
        Ok(seq)
    }
}
