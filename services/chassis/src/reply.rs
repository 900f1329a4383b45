//! Successful answers in the contract's envelope.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::failure::Failure;

/// A JSON body with its status. A body that cannot be written becomes a 500.
#[derive(Debug)]
pub struct Reply<T>(pub StatusCode, pub T);

/// `{"status":"success","data":{…}}`.
#[derive(Debug, Serialize)]
pub struct Data<T> {
    status: &'static str,
    data: T,
}

/// `{"status":"success","results":n,"data":{…}}`.
#[derive(Debug, Serialize)]
pub struct List<T> {
    status: &'static str,
    results: usize,
    data: T,
}

/// `{"status":"success","token":"…"}`. `Debug` does not show the token.
#[derive(Serialize)]
pub struct Token {
    status: &'static str,
    token: String,
}

/// `{"status":"success","message":"…"}`.
#[derive(Debug, Serialize)]
pub struct Message {
    status: &'static str,
    message: &'static str,
}

/// `{"status":"success"}`.
#[derive(Debug, Serialize)]
pub struct Done {
    status: &'static str,
}

/// The `pagination` object of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Pagination {
    /// All objects that match.
    pub total: u64,
    /// The page asked for, from 1.
    pub page: u64,
    /// How many pages there are, 0 without a match.
    pub pages: u64,
    /// Objects on a full page, as applied.
    pub limit: u64,
}

/// An object.
pub const fn data<T>(status: StatusCode, data: T) -> Reply<Data<T>> {
    Reply(status, Data { status: "success", data })
}

/// One page of a list with `results` objects on it.
pub const fn list<T>(results: usize, data: T) -> Reply<List<T>> {
    Reply(StatusCode::OK, List { status: "success", results, data })
}

/// A token for the account.
pub const fn token(status: StatusCode, token: String) -> Reply<Token> {
    Reply(status, Token { status: "success", token })
}

/// A plain confirmation.
pub const fn message(message: &'static str) -> Reply<Message> {
    Reply(StatusCode::OK, Message { status: "success", message })
}

/// A bare success, as internal routes answer.
pub const fn done() -> Reply<Done> {
    Reply(StatusCode::OK, Done { status: "success" })
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.1) {
            Ok(bytes) => json_response(self.0, bytes),
            Err(error) => Failure::internal(&error).into_response(),
        }
    }
}

/// An answer whose body is JSON already.
pub(crate) fn json_response(status: StatusCode, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response
}
