//! The engine's own documents: how far the database has come, and the messages that wait for delivery.
//!
//! Names and types here are the format on disk.

use std::sync::Arc;

use bson::{Bson, Document};
use chassis::clock::Timestamp;
use chassis::history::History;
use chassis::outbox::{Row, Sequence};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::EngineError;
use super::backend::Backend;

/// How far the database has come: one document.
pub(super) const HISTORY: &str = "history";
/// The one document's `_id`.
const HISTORY_ID: i32 = 0;
/// Messages to other services, by sequence number.
pub(super) const OUTBOX: &str = "outbox";

#[derive(Serialize, Deserialize)]
pub(super) struct HistoryDoc {
    #[serde(rename = "_id")]
    id: i32,
    commits: i64,
    next: i64,
}

impl HistoryDoc {
    pub(super) fn of(history: History) -> Self {
        Self { id: HISTORY_ID, commits: signed(history.commits), next: signed(history.next) }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct RowDoc {
    #[serde(rename = "_id")]
    sequence: i64,
    message: String,
    #[serde(default)]
    at: i64,
    #[serde(default)]
    parked: Option<String>,
}

impl RowDoc {
    pub(super) fn of(sequence: Sequence, row: &Row) -> Result<Self, EngineError> {
        let message = serde_json::to_string(&*row.message)
            .map_err(|error| EngineError::corrupt(OUTBOX, &row_id(sequence), &error))?;
        let (at, parked) = (row.at.as_millis(), row.parked.clone());
        Ok(Self { sequence: signed(sequence), message, at, parked })
    }

    pub(super) fn read(self) -> Result<(Sequence, Row), EngineError> {
        let message = serde_json::from_str(&self.message)
            .map_err(|error| EngineError::corrupt(OUTBOX, &self.sequence.into(), &error))?;
        let (at, parked) = (Timestamp::from_millis(self.at), self.parked);
        Ok((self.sequence.unsigned_abs(), Row { message: Arc::new(message), at, parked }))
    }
}

/// Every row of the outbox, oldest first.
pub(super) fn rows(backend: &dyn Backend) -> Result<Vec<(Sequence, Row)>, EngineError> {
    let mut rows = Vec::new();
    backend.scan(OUTBOX, &mut |document| {
        let id = document.get("_id").cloned().unwrap_or(Bson::Null);
        rows.push(decode::<RowDoc>(OUTBOX, &id, document)?.read()?);
        Ok(())
    })?;
    rows.sort_by_key(|(sequence, _)| *sequence);
    Ok(rows)
}

/// How far the database has come; one that was written before it kept count has its messages to go by.
pub(super) fn history(backend: &dyn Backend, rows: &[(Sequence, Row)]) -> Result<History, EngineError> {
    let id = HISTORY_ID.into();
    let Some(document) = backend.find(HISTORY, &id)? else {
        let next = rows.last().map_or(History::START.next, |(sequence, _)| sequence + 1);
        return Ok(History { next, ..History::START });
    };
    let doc: HistoryDoc = decode(HISTORY, &id, document)?;
    Ok(History { commits: doc.commits.unsigned_abs(), next: doc.next.unsigned_abs() })
}

pub(super) fn row_id(sequence: Sequence) -> Bson {
    signed(sequence).into()
}

pub(super) fn encode<T: Serialize>(collection: &'static str, document: &T) -> Result<Document, EngineError> {
    bson::to_document(document).map_err(|error| EngineError::corrupt(collection, &"new".into(), &error))
}

pub(super) fn decode<T: DeserializeOwned>(
    collection: &'static str,
    id: &Bson,
    document: Document,
) -> Result<T, EngineError> {
    bson::from_document(document).map_err(|error| EngineError::corrupt(collection, id, &error))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
