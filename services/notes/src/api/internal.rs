//! Handlers for the other services and the operator's tools.
//!
//! The caller's credential comes first, so nothing is read before it.

use std::sync::Arc;

use axum::extract::{Path, State};
use chassis::audit::{Answer, Question};
use chassis::body::Internal;
use chassis::contract::{Beat, FixturesTaken};
use chassis::doctor::{Order, Report};
use chassis::failure::Failure;
use chassis::gate::{Gate, Pause, Paused};
use chassis::inbox::Received;
use chassis::internal::Peer;
use chassis::reply::{self, Done, Reply};
use chassis::standing::Standing;
use http::StatusCode;

use super::wire;
use crate::fixture::Item;
use crate::service::{Doctor, Service};

pub(super) async fn hear(
    peer: Peer,
    State(notes): State<Arc<Service>>,
    Path(id): Path<String>,
    Received(standing, receipt): Received<Standing>,
) -> Result<Reply<Done>, Failure> {
    notes.hear(wire::account(&id)?, standing, receipt).await?;
    notes.listen(&peer.0);
    Ok(reply::done())
}

pub(super) async fn beat(
    peer: Peer,
    State(notes): State<Arc<Service>>,
    Internal(Beat {}): Internal<Beat>,
) -> Reply<Done> {
    notes.listen(&peer.0);
    reply::done()
}

pub(super) async fn load(
    _: Peer,
    State(notes): State<Arc<Service>>,
    Internal(items): Internal<Vec<Item>>,
) -> Result<Reply<FixturesTaken>, Failure> {
    let added = notes.load(items.into_iter().map(Item::into_import).collect()).await?;
    Ok(Reply(StatusCode::OK, FixturesTaken { added }))
}

pub(super) async fn audit(
    _: Peer,
    State(doctor): State<Arc<Doctor>>,
    Internal(question): Internal<Question>,
) -> Result<Reply<Answer>, Failure> {
    Ok(Reply(StatusCode::OK, doctor.audit(question).await?))
}

pub(super) async fn examine(
    _: Peer,
    State(doctor): State<Arc<Doctor>>,
    Internal(order): Internal<Order>,
) -> Result<Reply<Report>, Failure> {
    Ok(Reply(StatusCode::OK, doctor.examine(order.fix).await?))
}

pub(super) async fn pause(
    _: Peer,
    State(gate): State<Gate>,
    State(notes): State<Arc<Service>>,
    Internal(pause): Internal<Pause>,
) -> Result<Reply<Paused>, Failure> {
    gate.close(pause).await?;
    Ok(Reply(StatusCode::OK, Paused { waiting: notes.waiting()? }))
}

pub(super) async fn stillness(_: Peer, State(notes): State<Arc<Service>>) -> Result<Reply<Paused>, Failure> {
    Ok(Reply(StatusCode::OK, Paused { waiting: notes.waiting()? }))
}

pub(super) async fn resume(_: Peer, State(gate): State<Gate>) -> Reply<Done> {
    gate.open();
    reply::done()
}
