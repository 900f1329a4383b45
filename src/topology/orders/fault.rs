//! Orders about the faults that the service's calls meet.

use axum::extract::State;
use chassis::body::Internal;
use chassis::failure::Failure;
use chassis::fault::{Plan, Tally};
use chassis::field::Fields;
use chassis::reply::{self, Done, Reply};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Instruments, Ordered};
use crate::cli::ServiceName;

/// `GET /internal/control/faults`: what the service's rules have done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TalliesFound {
    pub(crate) tallies: Vec<Tally>,
}

pub(super) async fn show(_: Ordered, State(instruments): State<Instruments>) -> Reply<TalliesFound> {
    Reply(StatusCode::OK, TalliesFound { tallies: instruments.faults.tallies() })
}

pub(super) async fn set(
    _: Ordered,
    State(instruments): State<Instruments>,
    Internal(document): Internal<Value>,
) -> Result<Reply<Done>, Failure> {
    let known = ServiceName::ALL.map(ServiceName::as_str);
    instruments.faults.set(Plan::read(Fields::of(Some(document))?, &known)?);
    Ok(reply::done())
}

pub(super) async fn clear(_: Ordered, State(instruments): State<Instruments>) -> Reply<Done> {
    instruments.faults.clear();
    reply::done()
}
