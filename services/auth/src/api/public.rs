//! Routes for people: getting an account, getting in, and getting back in.
//!
//! None of them tells more about an account than its password entitles to.

use std::sync::Arc;

use axum::extract::{Path, State};
use chassis::body::Valid;
use chassis::failure::Failure;
use chassis::reply::{self, Message, Reply, Token};
use chassis::vouch::Client;
use http::StatusCode;

use super::Admitted;
use super::wire::{
    ChangePasswordRequest, Chosen, ForgetPasswordRequest, LogInRequest, Named, RegisterRequest,
    ResetPasswordRequest,
};
use crate::reset::ResetToken;
use crate::service::Service;

pub(super) async fn register(
    Client(client): Client,
    Named(key): Named,
    State(auth): State<Arc<Service>>,
    Chosen(body): Chosen<RegisterRequest>,
) -> Result<Reply<Token>, Failure> {
    let token = auth.register(body.0, key, client).await?;
    Ok(reply::token(StatusCode::CREATED, token))
}

pub(super) async fn log_in(
    Client(client): Client,
    State(auth): State<Arc<Service>>,
    Valid(body): Valid<LogInRequest>,
) -> Result<Reply<Token>, Failure> {
    let token = auth.log_in(body.email, body.password, client).await?;
    Ok(reply::token(StatusCode::OK, token))
}

pub(super) async fn forget_password(
    State(auth): State<Arc<Service>>,
    Valid(body): Valid<ForgetPasswordRequest>,
) -> Reply<Message> {
    auth.forget_password(body.email);
    reply::message("Token sent to email!")
}

pub(super) async fn reset_password(
    State(auth): State<Arc<Service>>,
    Path(token): Path<String>,
    Chosen(body): Chosen<ResetPasswordRequest>,
) -> Result<Reply<Token>, Failure> {
    let token = auth.reset_password(ResetToken::parse(&token), body.password).await?;
    Ok(reply::token(StatusCode::OK, token))
}

pub(super) async fn change_password(
    Client(client): Client,
    Admitted(caller): Admitted,
    State(auth): State<Arc<Service>>,
    Chosen(body): Chosen<ChangePasswordRequest>,
) -> Result<Reply<Token>, Failure> {
    let token = auth.change_password(caller, (body.current, body.new), client).await?;
    Ok(reply::token(StatusCode::OK, token))
}
