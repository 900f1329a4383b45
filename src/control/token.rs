//! `/control/tokens`: a token for any account, without its password, also one that has expired or is not valid yet.
//!
//! Tokens are made by the auth service alone; what an order may say is for it to decide.

use std::time::Duration;

use axum::extract::State;
use chassis::body::Internal;
use chassis::contract::TokenMade;
use chassis::failure::Failure;
use chassis::reply::{self, Data, Reply};
use http::{Method, StatusCode};
use serde_json::Value;

use super::reach::Reach;
use crate::cli::ServiceName;

/// A lookup and a signature.
const WITHIN: Duration = Duration::from_secs(5);

pub(super) async fn log_in_as(
    State(reach): State<Reach>,
    Internal(order): Internal<Value>,
) -> Result<Reply<Data<TokenMade>>, Failure> {
    let asked = (Method::POST, "/internal/tokens");
    let made = reach.ask(ServiceName::Auth, asked, Some(&order), WITHIN).await?;
    Ok(reply::data(StatusCode::CREATED, made))
}
