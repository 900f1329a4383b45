//! The plans of the literal search: the author's folded notes in memory; a scan of those that the trigrams name; a
//! scan of all.
//!
//! All answer as `scan.rs` defines. A copy is only ever looked into by somebody who sees the data as of the same
//! change of its author, so an answer is that of one state of the data, and the author's own last write is in it.

use std::collections::HashSet;
use std::sync::Arc;

use chassis::id::AccountId;
use rusqlite::{Connection, OptionalExtension, Row};

use super::corpora::{Copy, Slot};
use super::row::AuthorRow;
use super::{Store, StoreError, View, numbers_of, scan};
use crate::corpus::{Choice, Corpus, Source};
use crate::folding::Needle;
use crate::listing::{Listed, Listing, Search};

/// Rows of the log that are looked through for an author's changes: reading more takes as long as reading the notes.
const CHANGES_READ_MAX: i64 = 10_000;

/// How far a search got with the data that it saw.
enum Answer {
    Listed(Listed),
    /// A copy is to be brought up to date first, and the data looked at anew.
    Behind(Arc<Slot>),
}

impl Store {
    /// One page of the notes of `account` that `listing` leaves, with the total, if `admit` lets the caller see them.
    ///
    /// A copy is locked before the data is looked at, so nobody can have brought it further than what is seen here.
    pub(crate) fn list<E>(
        &self,
        account: AccountId,
        listing: &Listing,
        admit: impl Fn(&View<'_>) -> Result<(), E>,
    ) -> Result<Listed, E>
    where
        E: From<StoreError>,
    {
        let Some(search) = &listing.search else {
            return self.view(|notes| {
                admit(notes)?;
                Ok(notes.page(account, listing)?)
            });
        };
        let needle = search.needle();
        let wanted = Wanted { account, listing, search, needle: &needle };
        let slot = self.corpora.get(account);
        let copy = slot.as_ref().map(|slot| (slot, slot.read()));
        let first = self.view(|notes| {
            admit(notes)?;
            let copy = copy.as_ref().map(|(slot, copy)| (*slot, &**copy));
            Ok::<_, E>(self.look(notes, &wanted, copy)?)
        })?;
        drop(copy);
        match first {
            Answer::Listed(listed) => Ok(listed),
            Answer::Behind(slot) => {
                let mut copy = slot.write();
                self.view(|notes| {
                    admit(notes)?;
                    Ok(self.look_again(notes, &wanted, &slot, &mut copy)?)
                })
            }
        }
    }

    /// The same, if it is a search that an author's copy answers as it is: less than a millisecond, without a wait.
    pub(crate) fn list_at_hand<E>(
        &self,
        account: AccountId,
        listing: &Listing,
        admit: impl Fn(&View<'_>) -> Result<(), E>,
    ) -> Result<Option<Listed>, E>
    where
        E: From<StoreError>,
    {
        let Some(search) = &listing.search else { return Ok(None) };
        let Some(slot) = self.corpora.peek(account) else { return Ok(None) };
        let Some(copy) = slot.try_read() else { return Ok(None) };
        self.view(|notes| {
            admit(notes)?;
            let needle = search.needle();
            let wanted = Wanted { account, listing, search, needle: &needle };
            match self.look(notes, &wanted, Some((&slot, &*copy)))? {
                Answer::Listed(listed) => {
                    let _counted = self.corpora.get(account);
                    Ok(Some(listed))
                }
                Answer::Behind(_) => Ok(None),
            }
        })
    }

    /// How many authors have a copy in memory, and the bytes of all.
    pub(crate) fn copies(&self) -> (i64, i64) {
        self.corpora.measure()
    }

    /// Answers from `copy` if it is as new as the data.
    fn look(
        &self,
        notes: &View<'_>,
        wanted: &Wanted<'_>,
        copy: Option<(&Arc<Slot>, &Copy)>,
    ) -> Result<Answer, StoreError> {
        let Some(author) = AuthorRow::find(notes.connection(), wanted.account)? else {
            return Ok(Answer::Listed(Listed::default()));
        };
        match copy {
            Some((slot, copy)) if copy.changed == Some(author.changed) => {
                slot.see(notes.newest_change()?.seq);
                wanted.page_of(notes, &author, copy).map(Answer::Listed)
            }
            Some((slot, _)) => Ok(Answer::Behind(Arc::clone(slot))),
            None => match self.corpora.place(wanted.account, author.bytes) {
                Some(slot) => Ok(Answer::Behind(slot)),
                None => wanted.scan(notes, &author).map(Answer::Listed),
            },
        }
    }

    /// Brings `copy` up to date with the data and answers from it.
    fn look_again(
        &self,
        notes: &View<'_>,
        wanted: &Wanted<'_>,
        slot: &Slot,
        copy: &mut Copy,
    ) -> Result<Listed, StoreError> {
        let Some(author) = AuthorRow::find(notes.connection(), wanted.account)? else {
            self.corpora.drop(wanted.account);
            return Ok(Listed::default());
        };
        if copy.changed != Some(author.changed) {
            catch_up(notes, &author, slot, copy)?;
            self.corpora.resize(wanted.account, i64::try_from(copy.corpus.bytes()).unwrap_or(i64::MAX));
        }
        wanted.page_of(notes, &author, copy)
    }
}

/// A search, with what was made of it once.
struct Wanted<'a> {
    account: AccountId,
    listing: &'a Listing,
    search: &'a Search,
    needle: &'a Needle,
}

impl Wanted<'_> {
    fn page_of(&self, notes: &View<'_>, author: &AuthorRow, copy: &Copy) -> Result<Listed, StoreError> {
        let tagged = match &self.listing.tag {
            Some(tag) => {
                Some(tagged(notes.connection(), author.number, self.listing.is_archived, tag.as_str())?)
            }
            None => None,
        };
        let clipped = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let choice = Choice {
            is_archived: self.listing.is_archived,
            only: tagged.as_ref(),
            offset: clipped(self.listing.page.offset()),
            limit: clipped(self.listing.page.limit()),
        };
        let (numbers, total) = copy.corpus.find(self.needle, choice);
        Ok(Listed { notes: notes.notes(self.account, numbers)?, total: u64::from(total) })
    }

    fn scan(&self, notes: &View<'_>, author: &AuthorRow) -> Result<Listed, StoreError> {
        let (numbers, total) = scan::page(notes.connection(), author, self.listing, self.search)?;
        Ok(Listed { notes: notes.notes(self.account, numbers)?, total: u64::from(total) })
    }
}

/// The numbers of the notes with `tag`.
fn tagged(
    connection: &Connection,
    author: i64,
    is_archived: bool,
    tag: &str,
) -> Result<HashSet<i64>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT note FROM tag WHERE author = ?1 AND archived = ?2 AND tag = ?3")?;
    let numbers = statement.query_map((author, is_archived, tag), |row| row.get(0))?;
    Ok(numbers.collect::<Result<_, _>>()?)
}

/// Makes `copy` what the data says: by the changes since it was up to date, or from the notes.
fn catch_up(notes: &View<'_>, author: &AuthorRow, slot: &Slot, copy: &mut Copy) -> Result<(), StoreError> {
    let newest = notes.newest_change()?.seq;
    let is_near = newest - slot.seen() <= CHANGES_READ_MAX && !copy.corpus.is_sparse();
    let was_copy = copy.changed.take().is_some();
    if was_copy && is_near {
        patch(notes, author, slot.seen(), copy)?;
    } else {
        load(notes.connection(), author, copy)?;
    }
    copy.corpus.sort();
    copy.changed = Some(author.changed);
    slot.see(newest);
    Ok(())
}

/// Takes the notes that changed after `seen` out of the copy, and puts those that are there in again.
fn patch(notes: &View<'_>, author: &AuthorRow, seen: i64, copy: &mut Copy) -> Result<(), StoreError> {
    let changed = notes.changed_after(seen, &numbers_of(author.number))?;
    let numbers: HashSet<i64> = changed.into_iter().collect();
    copy.corpus.remove(&numbers);
    let mut note = notes.connection().prepare_cached(
        "SELECT title, content, number, pinned, updated, id, archived
         FROM note
         WHERE number = ?1",
    )?;
    for number in numbers {
        note.query_row([number], |row| Ok(add(row, copy))).optional()?.transpose()?;
    }
    Ok(())
}

/// Fills the copy from the notes, in the order of the file: sorting them is cheaper than seeking each.
fn load(connection: &Connection, author: &AuthorRow, copy: &mut Copy) -> Result<(), StoreError> {
    let notes = author.active as usize + author.archived as usize;
    copy.corpus = Corpus::with_room(usize::try_from(author.bytes).unwrap_or(0), notes);
    let mut statement = connection.prepare_cached(
        "SELECT title, content, number, pinned, updated, id, archived
         FROM note
         WHERE number >= ?1 << 32 AND number < (?1 + 1) << 32",
    )?;
    let mut rows = statement.query([author.number])?;
    while let Some(row) = rows.next()? {
        add(row, copy)?;
    }
    Ok(())
}

fn add(row: &Row<'_>, copy: &mut Copy) -> Result<(), StoreError> {
    let (place, number) = scan::place_of(row)?;
    let text = |column| {
        let corrupt = |_not_utf8| StoreError::Corrupt { table: "note", key: number, what: "text" };
        row.get_ref(column)?.as_str().map_err(corrupt)
    };
    let (title, content) = (text(0)?, text(1)?);
    copy.corpus.add(Source { number, is_archived: row.get(6)? }, place, title, content);
    Ok(())
}

#[cfg(test)]
mod tests;
