//! Routes for other services and the operator.
//!
//! Each may be called again with the same body and then changes nothing more.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use chassis::audit::{Answer, Question};
use chassis::body::Internal;
use chassis::contract::{AccountFound, EmailClaim, EmailMove, FixturesChecked, FixturesTaken, RoleChange};
use chassis::doctor::{Order, Report};
use chassis::failure::Failure;
use chassis::gate::{Gate, Pause, Paused};
use chassis::inbox::Received;
use chassis::internal::Peer;
use chassis::query::Query;
use chassis::reply::{self, Done, Reply};
use chassis::standing::Standing;
use http::StatusCode;

use super::wire::{account, change_id, email};
use crate::fixture::Item;
use crate::service::{Doctor, Service};

pub(super) async fn find(
    _: Peer,
    State(auth): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Reply<AccountFound>, Failure> {
    let query = Query::parse(query.as_deref())?;
    let account = auth.find_account(&email(query.get("email").unwrap_or_default())?)?;
    Ok(Reply(StatusCode::OK, AccountFound { account }))
}

pub(super) async fn hear(
    _: Peer,
    State(auth): State<Arc<Service>>,
    Path(id): Path<String>,
    Received(standing, receipt): Received<Standing>,
) -> Result<Reply<Done>, Failure> {
    auth.hear(account(&id)?, standing, receipt).await?;
    Ok(reply::done())
}

pub(super) async fn set_role(
    _: Peer,
    State(auth): State<Arc<Service>>,
    Path(id): Path<String>,
    Received(body, receipt): Received<RoleChange>,
) -> Result<Reply<Done>, Failure> {
    auth.set_role(account(&id)?, body.role, body.version, receipt).await?;
    Ok(reply::done())
}

pub(super) async fn move_email(
    _: Peer,
    State(auth): State<Arc<Service>>,
    Path(id): Path<String>,
    Received(body, receipt): Received<EmailMove>,
) -> Result<Reply<Done>, Failure> {
    auth.move_email(account(&id)?, email(&body.email)?, body.version, receipt).await?;
    Ok(reply::done())
}

pub(super) async fn reserve(
    _: Peer,
    State(auth): State<Arc<Service>>,
    Path(address): Path<String>,
    Received(body, receipt): Received<EmailClaim>,
) -> Result<Reply<Done>, Failure> {
    auth.reserve_email(email(&address)?, body.account, change_id(body.change)?, receipt).await?;
    Ok(reply::done())
}

pub(super) async fn release(
    _: Peer,
    State(auth): State<Arc<Service>>,
    Path(address): Path<String>,
    Received(body, receipt): Received<EmailClaim>,
) -> Result<Reply<Done>, Failure> {
    auth.release_email(email(&address)?, body.account, change_id(body.change)?, receipt).await?;
    Ok(reply::done())
}

pub(super) async fn check(
    _: Peer,
    State(auth): State<Arc<Service>>,
    Internal(items): Internal<Vec<Item>>,
) -> Result<Reply<FixturesChecked>, Failure> {
    let accounts: Vec<_> = items.into_iter().map(Item::into_account).collect();
    let refused = auth.refused(&accounts)?;
    Ok(Reply(StatusCode::OK, FixturesChecked::taken("email", refused)))
}

pub(super) async fn load(
    _: Peer,
    State(auth): State<Arc<Service>>,
    Internal(items): Internal<Vec<Item>>,
) -> Result<Reply<FixturesTaken>, Failure> {
    let added = auth.load(items.into_iter().map(Item::into_account).collect()).await?;
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
    State(auth): State<Arc<Service>>,
    Internal(pause): Internal<Pause>,
) -> Result<Reply<Paused>, Failure> {
    gate.close(pause).await?;
    Ok(Reply(StatusCode::OK, Paused { waiting: auth.waiting()? }))
}

pub(super) async fn stillness(_: Peer, State(auth): State<Arc<Service>>) -> Result<Reply<Paused>, Failure> {
    Ok(Reply(StatusCode::OK, Paused { waiting: auth.waiting()? }))
}

pub(super) async fn resume(_: Peer, State(gate): State<Gate>) -> Reply<Done> {
    gate.open();
    reply::done()
}
