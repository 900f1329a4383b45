//! Routes for other services and the operator.
//!
//! Each may be called again with the same body and then changes nothing more.

use std::sync::Arc;

use axum::extract::{Path, State};
use chassis::audit::{Answer, Question};
use chassis::body::Internal;
use chassis::contract::{AbortProfile, FixturesChecked, FixturesTaken, NewProfile, RoleChange};
use chassis::doctor::{Order, Report};
use chassis::failure::Failure;
use chassis::gate::{Gate, Pause, Paused};
use chassis::inbox::Received;
use chassis::internal::Peer;
use chassis::reply::{self, Done, Reply};
use chassis::standing::Standing;
use http::StatusCode;

use super::wire::{account, draft};
use crate::fixture::Item;
use crate::service::{Doctor, Service};

pub(super) async fn register(
    _: Peer,
    State(user): State<Arc<Service>>,
    Path(id): Path<String>,
    Received(body, receipt): Received<NewProfile>,
) -> Result<Reply<Done>, Failure> {
    user.register(draft(account(&id)?, &body)?, receipt).await?;
    Ok(reply::done())
}

pub(super) async fn abort(
    _: Peer,
    State(user): State<Arc<Service>>,
    Path(id): Path<String>,
    Received(body, receipt): Received<AbortProfile>,
) -> Result<Reply<Done>, Failure> {
    user.abort(account(&id)?, body.saga, receipt).await?;
    Ok(reply::done())
}

pub(super) async fn hear(
    _: Peer,
    State(user): State<Arc<Service>>,
    Path(id): Path<String>,
    Received(standing, receipt): Received<Standing>,
) -> Result<Reply<Done>, Failure> {
    user.hear(account(&id)?, standing, receipt).await?;
    Ok(reply::done())
}

pub(super) async fn set_role(
    _: Peer,
    State(user): State<Arc<Service>>,
    Path(id): Path<String>,
    Internal(body): Internal<RoleChange>,
) -> Result<Reply<Done>, Failure> {
    user.set_role(account(&id)?, body.role).await?;
    Ok(reply::done())
}

pub(super) async fn check(
    _: Peer,
    State(user): State<Arc<Service>>,
    Internal(items): Internal<Vec<Item>>,
) -> Result<Reply<FixturesChecked>, Failure> {
    let drafts: Vec<_> = items.into_iter().map(Item::into_draft).collect();
    let refused = user.refused(&drafts)?;
    Ok(Reply(StatusCode::OK, FixturesChecked::taken("username", refused)))
}

pub(super) async fn load(
    _: Peer,
    State(user): State<Arc<Service>>,
    Internal(items): Internal<Vec<Item>>,
) -> Result<Reply<FixturesTaken>, Failure> {
    let added = user.load(items.into_iter().map(Item::into_draft).collect()).await?;
    Ok(Reply(StatusCode::OK, FixturesTaken { added: added as u64 }))
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
    State(user): State<Arc<Service>>,
    Internal(pause): Internal<Pause>,
) -> Result<Reply<Paused>, Failure> {
    gate.close(pause).await?;
    Ok(Reply(StatusCode::OK, Paused { waiting: user.waiting()? }))
}

pub(super) async fn stillness(_: Peer, State(user): State<Arc<Service>>) -> Result<Reply<Paused>, Failure> {
    Ok(Reply(StatusCode::OK, Paused { waiting: user.waiting()? }))
}

pub(super) async fn resume(_: Peer, State(gate): State<Gate>) -> Reply<Done> {
    gate.open();
    reply::done()
}
