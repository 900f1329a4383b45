//! For proofs only: what the database file says of its authors, read beside the service.
//!
//! It knows no verb, and nothing of the service knows it.

use std::path::Path;

use chassis::id::AccountId;
use chassis::standing::Standing;
use rusqlite::{Connection, OpenFlags};

use super::row::rung_of;

/// An author with the number of notes that are stored for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Author {
    /// Who.
    pub account: AccountId,
    /// Where the account stands here.
    pub standing: Standing,
    /// Rows in the table of notes.
    pub notes: u64,
}

/// Every author in the database in `data_dir`; none when there is no database yet.
///
/// # Errors
/// When the file cannot be read.
pub fn authors(data_dir: &Path) -> rusqlite::Result<Vec<Author>> {
    let path = data_dir.join("notes.db");
    if !path.exists() {
        return Ok(Vec::new());
    }
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = connection.prepare(
        "SELECT account, generation, rung, epoch, (SELECT count(*) FROM note WHERE note.author = author.number)
         FROM author
         ORDER BY account",
    )?;
    let read = |row: &rusqlite::Row<'_>| {
        let rung = rung_of(row.get(2)?).ok_or(rusqlite::Error::InvalidQuery)?;
        let standing = Standing { generation: row.get(1)?, rung, epoch: row.get(3)? };
        let notes: i64 = row.get(4)?;
        Ok(Author { account: AccountId::from_bytes(row.get(0)?), standing, notes: notes.unsigned_abs() })
    };
    statement.query_map([], read)?.collect()
}
