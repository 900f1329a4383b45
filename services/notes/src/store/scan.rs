//! The literal search by reading: every note of an author, or every one that its tag or the trigrams name, is held
//! against the needle.
//!
//! Exact by construction, and the definition of what the other plans answer.

use std::cmp::Reverse;

use chassis::clock::Timestamp;
use rusqlite::{Connection, Params, Row};

use super::row::AuthorRow;
use super::{StoreError, gram};
use crate::folding::Needle;
use crate::listing::{Listing, Search};
use crate::note::{NoteId, Place};

/// The numbers of the notes on the page of `listing`, and how many notes match.
pub(super) fn page(
    connection: &Connection,
    author: &AuthorRow,
    listing: &Listing,
    search: &Search,
) -> Result<(Vec<i64>, u32), StoreError> {
    let mut needle = search.needle();
    let grams = if author.filled == gram::ALL { gram::expression(needle.text()) } else { None };
    let (number, is_archived) = (author.number, listing.is_archived);
    let mut matches = match (&listing.tag, grams) {
        (Some(tag), _) => matches_of_tag(connection, (number, is_archived, tag.as_str()), &mut needle)?,
        (None, Some(grams)) => matches_of_grams(connection, (number, is_archived, grams), &mut needle)?,
        (None, None) => matches_of_all(connection, (number, is_archived), &mut needle)?,
    };
    matches.sort_unstable();
    let clipped = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    let (offset, limit) = (clipped(listing.page.offset()), clipped(listing.page.limit()));
    let numbers = matches.iter().skip(offset).take(limit).map(|(_, number)| *number).collect();
    Ok((numbers, u32::try_from(matches.len()).unwrap_or(u32::MAX)))
}

/// A note's place in lists and its number.
type Match = (Place, i64);

/// Reads the notes in the order of the file, not of the list: sorting the few that match is cheaper than seeking
/// each of them all.
fn matches_of_all(
    connection: &Connection,
    params: impl Params,
    needle: &mut Needle,
) -> Result<Vec<Match>, StoreError> {
    let sql = "SELECT title, content, number, pinned, updated, id
               FROM note
               WHERE number >= ?1 << 32 AND number < (?1 + 1) << 32 AND archived = ?2";
    matches(connection, sql, params, needle)
}

fn matches_of_tag(
    connection: &Connection,
    params: impl Params,
    needle: &mut Needle,
) -> Result<Vec<Match>, StoreError> {
    let sql = "SELECT note.title, note.content, note.number, note.pinned, note.updated, note.id
               FROM tag JOIN note ON note.number = tag.note
               WHERE tag.author = ?1 AND tag.archived = ?2 AND tag.tag = ?3";
    matches(connection, sql, params, needle)
}

fn matches_of_grams(
    connection: &Connection,
    params: impl Params,
    needle: &mut Needle,
) -> Result<Vec<Match>, StoreError> {
    // CROSS keeps the order of the loops: the index leads, each candidate is looked up.
    let sql = "SELECT note.title, note.content, note.number, note.pinned, note.updated, note.id
               FROM gram CROSS JOIN note ON note.number = gram.rowid
               WHERE gram MATCH ?3 AND gram.rowid >= ?1 << 32 AND gram.rowid < (?1 + 1) << 32 AND note.archived = ?2";
    matches(connection, sql, params, needle)
}

fn matches(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    needle: &mut Needle,
) -> Result<Vec<Match>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut matches = Vec::new();
    while let Some(row) = rows.next()? {
        if holds(row, needle)? {
            matches.push(place_of(row)?);
        }
    }
    Ok(matches)
}

fn holds(row: &Row<'_>, needle: &mut Needle) -> Result<bool, StoreError> {
    let (title, content) = (row.get_ref(0)?.as_str(), row.get_ref(1)?.as_str());
    match (title, content) {
        (Ok(title), Ok(content)) => Ok(needle.is_in(title, content)),
        (Err(_), _) | (_, Err(_)) => {
            Err(StoreError::Corrupt { table: "note", key: row.get(2)?, what: "text" })
        }
    }
}

/// The place and the number in a row of title, content, number, pinned, updated, id.
pub(super) fn place_of(row: &Row<'_>) -> Result<Match, StoreError> {
    let place = Place {
        is_pinned: Reverse(row.get(3)?),
        updated_at: Reverse(Timestamp::from_millis(row.get(4)?)),
        id: NoteId::from_bytes(row.get(5)?),
    };
    Ok((place, row.get(2)?))
}
