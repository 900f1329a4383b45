//! Routes for the tools of developers and tests, asked by whoever runs the world.
//!
//! They need the credential of a service like all internal routes; what they do stands in no contract with people.

use std::sync::Arc;

use axum::extract::State;
use chassis::body::Valid;
use chassis::contract::{MailFound, MailsFound, TokenMade};
use chassis::failure::Failure;
use chassis::internal::Peer;
use chassis::query::Query;
use chassis::reply::{self, Done, Reply};
use http::StatusCode;

use super::wire::instrument::{TokenOrder, captured, filter, within};
use crate::service::Service;

pub(super) async fn mails(
    _: Peer,
    query: Query,
    State(auth): State<Arc<Service>>,
) -> Result<Reply<MailsFound>, Failure> {
    let page = auth.mails(filter(&query)?).await?;
    let mails = page.mails.into_iter().map(captured).collect();
    Ok(Reply(StatusCode::OK, MailsFound { mails, has_more: page.has_more }))
}

pub(super) async fn wait_for_mail(
    _: Peer,
    query: Query,
    State(auth): State<Arc<Service>>,
) -> Result<Reply<MailFound>, Failure> {
    let mail = auth.wait_for_mail(filter(&query)?, within(&query)?).await?;
    Ok(Reply(StatusCode::OK, MailFound { mail: captured(mail) }))
}

pub(super) async fn clear_mails(
    _: Peer,
    query: Query,
    State(auth): State<Arc<Service>>,
) -> Result<Reply<Done>, Failure> {
    auth.clear_mails(filter(&query)?).await?;
    Ok(reply::done())
}

pub(super) async fn log_in_as(
    _: Peer,
    State(auth): State<Arc<Service>>,
    Valid(order): Valid<TokenOrder>,
) -> Result<Reply<TokenMade>, Failure> {
    let token = auth.log_in_as(&order.whose, order.validity)?;
    Ok(Reply(StatusCode::CREATED, TokenMade { token }))
}
