//! What can be read of one state of the data.
//!
//! Knows nothing of callers: the verbs ask first where an author stands.

use chassis::id::AccountId;
use chassis::page::Page;
use chassis::standing::Standing;
use rusqlite::{Connection, OptionalExtension, Params};

use super::row::{self, AuthorRow};
use super::{StoreError, scan};
use crate::listing::{Listed, Listing};
use crate::note::{Note, NoteId};

/// A look at one state of the data.
pub(crate) struct View<'a>(&'a Connection);

impl<'a> View<'a> {
    /// Looks through `connection`, inside a transaction of it.
    pub(super) const fn of(connection: &'a Connection) -> Self {
        Self(connection)
    }

    /// What it looks through.
    pub(super) const fn connection(&self) -> &'a Connection {
        self.0
    }

    /// Where `account` stands, if it was ever heard of.
    pub(crate) fn standing(&self, account: AccountId) -> Result<Option<Standing>, StoreError> {
        Ok(AuthorRow::find(self.0, account)?.map(|author| author.standing))
    }

    /// The note `id` of `author`; that of anyone else is not there.
    pub(crate) fn find(&self, author: AccountId, id: NoteId) -> Result<Option<Note>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT note.number
             FROM note JOIN author ON author.number = note.author
             WHERE note.id = ?1 AND author.account = ?2",
        )?;
        let number = statement.query_row((id.as_bytes(), author.as_bytes()), |row| row.get(0)).optional()?;
        let note = number.map(|number| row::note(self.0, author, number)).transpose()?;
        match (&note, number) {
            // A damaged index leads to another one.
            (Some(note), Some(key)) if note.id != id => {
                Err(StoreError::Corrupt { table: "note", key, what: "id" })
            }
            _ => Ok(note),
        }
    }

    /// One page of what `listing` leaves of the notes of `account`, with the total; a search by a scan.
    pub(crate) fn page(&self, account: AccountId, listing: &Listing) -> Result<Listed, StoreError> {
        let Some(author) = AuthorRow::find(self.0, account)? else {
            return Ok(Listed { notes: Vec::new(), total: 0 });
        };
        let (numbers, total) = match (&listing.search, &listing.tag) {
            (Some(search), _) => scan::page(self.0, &author, listing, search)?,
            (None, Some(tag)) => self.page_of_tag(author.number, listing, tag.as_str())?,
            (None, None) => self.page_of_all(&author, listing)?,
        };
        Ok(Listed { notes: self.notes(account, numbers)?, total: u64::from(total) })
    }

    fn page_of_all(&self, author: &AuthorRow, listing: &Listing) -> Result<(Vec<i64>, u32), StoreError> {
        let (limit, offset) = limits(listing.page);
        let numbers = self.numbers(
            "SELECT number
             FROM note
             WHERE author = ?1 AND archived = ?2
             ORDER BY pinned DESC, updated DESC, id
             LIMIT ?3 OFFSET ?4",
            (author.number, listing.is_archived, limit, offset),
        )?;
        let total = if listing.is_archived { author.archived } else { author.active };
        Ok((numbers, total))
    }

    fn page_of_tag(&self, author: i64, listing: &Listing, tag: &str) -> Result<(Vec<i64>, u32), StoreError> {
        let (limit, offset) = limits(listing.page);
        let numbers = self.numbers(
            "SELECT note
             FROM tag
             WHERE author = ?1 AND archived = ?2 AND tag = ?3
             ORDER BY pinned DESC, updated DESC, id
             LIMIT ?4 OFFSET ?5",
            (author, listing.is_archived, tag, limit, offset),
        )?;
        let mut count = self.0.prepare_cached(
            "SELECT count(*)
             FROM tag
             WHERE author = ?1 AND archived = ?2 AND tag = ?3",
        )?;
        let total = count.query_row((author, listing.is_archived, tag), |row| row.get(0))?;
        Ok((numbers, total))
    }

    /// These notes of `author`, which are there.
    pub(super) fn notes(&self, author: AccountId, numbers: Vec<i64>) -> Result<Vec<Note>, StoreError> {
        numbers.into_iter().map(|number| row::note(self.0, author, number)).collect()
    }

    /// The numbers of notes that a statement gives.
    pub(super) fn numbers(&self, sql: &str, params: impl Params) -> Result<Vec<i64>, StoreError> {
        let mut statement = self.0.prepare_cached(sql)?;
        let numbers = statement.query_map(params, |row| row.get(0))?;
        Ok(numbers.collect::<Result<_, _>>()?)
    }

    /// At most `limit` notes of `author`, of either kind and in no order.
    pub(crate) fn some_notes(&self, author: AccountId, limit: u32) -> Result<Vec<Note>, StoreError> {
        let numbers = self.numbers(
            "SELECT note.number
             FROM note JOIN author ON author.number = note.author
             WHERE author.account = ?1
             LIMIT ?2",
            (author.as_bytes(), limit),
        )?;
        self.notes(author, numbers)
    }

    /// Deleted accounts whose notes are not all gone yet.
    pub(crate) fn to_purge(&self) -> Result<Vec<AccountId>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT account
             FROM author
             WHERE rung = 3 AND active + archived + filled > 0",
        )?;
        let accounts = statement.query_map([], |row| row.get(0).map(AccountId::from_bytes))?;
        Ok(accounts.collect::<Result<_, _>>()?)
    }
}

/// `LIMIT` and `OFFSET`, which SQLite counts with a sign.
fn limits(page: Page) -> (i64, i64) {
    let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    (signed(page.limit()), signed(page.offset()))
}
