//! Orders about what the service was asked.

use std::time::Duration;

use axum::extract::State;
use chassis::failure::Failure;
use chassis::query::Query;
use chassis::reply::Reply;
use chassis::span::Span;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{Instruments, Ordered};

/// Spans of one answer: a quarter of what an answer between services may have.
const SPANS_MAX: usize = 1000;
/// How long an order waits for a span: short, for the end of the service waits for its orders.
const WAIT_MAX_MS: u64 = 1000;

/// `GET /internal/control/spans?requestId=&after=&waitMs=`: spans, oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct SpansFound {
    pub(crate) spans: Vec<Span>,
    /// The sequence of the newest span that there is.
    pub(crate) newest: u64,
}

pub(super) async fn show(
    _: Ordered,
    query: Query,
    State(instruments): State<Instruments>,
) -> Result<Reply<SpansFound>, Failure> {
    let (recorder, after) = (instruments.recorder, number(&query, "after")?);
    recorder.wait(after, Duration::from_millis(number(&query, "waitMs")?.min(WAIT_MAX_MS))).await;
    let newest = recorder.newest();
    let mut spans = match query.get("requestId") {
        Some(id) => recorder.of_request(id),
        None => recorder.after(after),
    };
    spans.truncate(SPANS_MAX);
    Ok(Reply(StatusCode::OK, SpansFound { spans, newest }))
}

fn number(query: &Query, name: &str) -> Result<u64, Failure> {
    let number = query.get(name).unwrap_or("0").parse();
    number.map_err(|_no_number| Failure::bad_request(format!("{name} must be a number")))
}
