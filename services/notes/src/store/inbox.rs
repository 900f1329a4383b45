//! The messages of other services that were heard, by their keys, so that one that comes again has no effect.
//!
//! Rows are written with the effect, in one transaction. What a message means is the verbs' business.

use chassis::clock::Timestamp;
use chassis::inbox::{KEPT_FOR, Receipt};
use rusqlite::{Connection, OptionalExtension};

use super::StoreError;

/// Expired rows that go when a new one comes: more than one, so that a heap of them melts.
const PRUNED_AT_ONCE: u32 = 4;

/// Whether a message was heard before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// It was not; now it is.
    First,
    /// It was: its effect is there.
    Repeated,
    /// Another message came under its key.
    Reused,
}

/// Keeps `receipt`, unless its key is there already, and lets some go that are past their time at `now`.
pub(super) fn receive(
    connection: &Connection,
    receipt: &Receipt,
    now: Timestamp,
) -> Result<Arrival, StoreError> {
    let mut find = connection.prepare_cached("SELECT digest FROM inbox WHERE key = ?1")?;
    let known: Option<String> = find.query_row([&receipt.key], |row| row.get(0)).optional()?;
    match known {
        Some(digest) if digest == receipt.digest => Ok(Arrival::Repeated),
        Some(_) => Ok(Arrival::Reused),
        None => {
            insert(connection, receipt, now)?;
            prune(connection, now)?;
            Ok(Arrival::First)
        }
    }
}

fn insert(connection: &Connection, receipt: &Receipt, now: Timestamp) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("INSERT INTO inbox (key, digest, at) VALUES (?1, ?2, ?3)")?;
    statement.execute((&receipt.key, &receipt.digest, now.as_millis()))?;
    Ok(())
}

fn prune(connection: &Connection, now: Timestamp) -> Result<(), StoreError> {
    let kept_for = i64::try_from(KEPT_FOR.as_millis()).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(
        "DELETE FROM inbox
         WHERE key IN (SELECT key FROM inbox WHERE at < ?1 ORDER BY at LIMIT ?2)",
    )?;
    statement.execute((now.as_millis().saturating_sub(kept_for), PRUNED_AT_ONCE))?;
    Ok(())
}
