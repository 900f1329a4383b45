//! Handlers for the other services and the operator's tools.
//!
//! The caller's credential comes first, so nothing is read before it.

use std::sync::Arc;

use axum::extract::{Path, State};
use chassis::body::Internal;
use chassis::contract::FixturesTaken;
use chassis::failure::Failure;
use chassis::internal::Peer;
use chassis::reply::{self, Done, Reply};
use chassis::standing::Standing;
use http::StatusCode;

use super::wire;
use crate::fixture::Item;
use crate::service::Service;

pub(super) async fn raise(
    _: Peer,
    State(notes): State<Arc<Service>>,
    Path(account): Path<String>,
    Internal(standing): Internal<Standing>,
) -> Result<Reply<Done>, Failure> {
    notes.raise(wire::account_id(&account)?, standing).await?;
    Ok(reply::done())
}

pub(super) async fn import(
    _: Peer,
    State(notes): State<Arc<Service>>,
    Internal(items): Internal<Vec<Item>>,
) -> Result<Reply<FixturesTaken>, Failure> {
    let added = notes
        .import(items.into_iter().map(Item::into_note).collect())
        .await?;
    Ok(Reply(StatusCode::OK, FixturesTaken { added }))
}
