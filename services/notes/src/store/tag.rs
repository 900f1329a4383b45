//! The rows by which notes are found under their tags.
//!
//! A row repeats the note's place in lists, so that a page under a tag is one stretch of this table.

use rusqlite::Connection;

use super::StoreError;
use crate::note::Note;

/// Adds a row for each different tag of the note `number`.
pub(super) fn insert(connection: &Connection, number: i64, note: &Note) -> Result<(), StoreError> {
    for tag in &note.draft.tags {
        let mut statement = connection.prepare_cached(
            "INSERT INTO tag (author, archived, tag, pinned, updated, id, note)
             VALUES (?1 >> 32, ?2, ?3, ?4, ?5, ?6, ?1)
             ON CONFLICT DO NOTHING",
        )?;
        statement.execute((
            number,
            note.draft.is_archived,
            tag.as_str(),
            note.draft.is_pinned,
            note.updated_at.as_millis(),
            note.id.as_bytes(),
        ))?;
    }
    Ok(())
}

/// Removes the rows of the note `number`, which must be as it was when they were added.
pub(super) fn remove(connection: &Connection, number: i64, note: &Note) -> Result<(), StoreError> {
    for tag in &note.draft.tags {
        let mut statement = connection.prepare_cached(
            "DELETE FROM tag
             WHERE author = ?1 >> 32 AND archived = ?2 AND tag = ?3 AND pinned = ?4 AND updated = ?5 AND id = ?6",
        )?;
        statement.execute((
            number,
            note.draft.is_archived,
            tag.as_str(),
            note.draft.is_pinned,
            note.updated_at.as_millis(),
            note.id.as_bytes(),
        ))?;
    }
    Ok(())
}
