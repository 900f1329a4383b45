//! What other services send, with the receipt under which the answer to it is remembered.
//!
//! A sender that does not know what became of a message sends it again under the same key. The receiver keeps the
//! receipt in the commit of the effect, answers the same key with the same answer, and refuses the key for anything
//! else (PROTOCOL.md §1.3, §6). Where receipts are kept, and for how long, is the stores' business.

use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use axum::extract::{FromRequest, Request};
use http::request::Parts;
use http::{HeaderName, StatusCode};
use serde::de::DeserializeOwned;

use crate::body::{INTERNAL_MAX, read};
use crate::failure::Failure;
use crate::id::hex;

/// The header that names a message; absent in commands, which nobody repeats by himself.
pub const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Longer than any key of ours: a service's name and a 64-bit number.
const KEY_MAX: usize = 64;
/// How long a receipt is kept: longer than a message may be retried before someone has looked at it.
pub const KEPT_FOR: Duration = Duration::from_hours(7 * 24);

/// What is remembered of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The name that the sender gave it: 1 to 64 letters, digits and hyphens.
    pub key: String,
    /// SHA-256 over method, path and body, in hexadecimal digits: the same message has the same.
    pub digest: String,
}

/// The body of an internal route, typed by the contract between services, and its receipt if it has a key.
#[derive(Debug)]
pub struct Received<T>(pub T, pub Option<Receipt>);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Received<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let key = key_of(&parts)?;
        let bytes = read(body, &parts.headers, INTERNAL_MAX).await?;
        let receipt = key.map(|key| Receipt { key, digest: digest(&parts, &bytes) });
        let body = serde_json::from_slice(&bytes).map_err(|error| Failure::bad_request(error.to_string()))?;
        Ok(Self(body, receipt))
    }
}

/// The answer to a key that was used for another message.
pub fn reused() -> Failure {
    Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "Idempotency-Key was used for another message")
}

fn key_of(parts: &Parts) -> Result<Option<String>, Failure> {
    let mut given = parts.headers.get_all(KEY).iter();
    match (given.next(), given.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => match value.to_str() {
            Ok(key) if is_key(key) => Ok(Some(key.to_owned())),
            Ok(_) | Err(_) => Err(malformed()),
        },
        (Some(_), Some(_)) => Err(malformed()),
    }
}

fn malformed() -> Failure {
    Failure::bad_request("Idempotency-Key must be one word of 1 to 64 letters, digits and hyphens")
}

fn is_key(text: &str) -> bool {
    (1..=KEY_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Neither a method nor a path has a space in it, so no two messages are written alike.
fn digest(parts: &Parts, body: &[u8]) -> String {
    let mut context = Context::new(&SHA256);
    for piece in [parts.method.as_str().as_bytes(), b" ", parts.uri.path().as_bytes(), b" ", body] {
        context.update(piece);
    }
    hex(context.finish().as_ref())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use serde_json::{Value, json};

    use super::*;

    async fn receive(
        method: &str,
        path: &str,
        key: Option<&str>,
        body: &str,
    ) -> Result<Received<Value>, Failure> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(key) = key {
            request = request.header(KEY, key);
        }
        Received::from_request(request.body(Body::from(body.to_owned())).unwrap(), &()).await
    }

    async fn receipt(method: &str, path: &str, body: &str) -> Receipt {
        receive(method, path, Some("auth-7"), body).await.unwrap().1.unwrap()
    }

    #[tokio::test]
    async fn a_message_without_a_key_has_no_receipt() {
        let Received(body, receipt) = receive("PUT", "/x", None, "[1]").await.unwrap();
        assert_eq!((body, receipt), (json!([1]), None));
    }

    #[tokio::test]
    async fn the_same_message_has_the_same_receipt_and_any_other_another() {
        let first = receipt("PUT", "/x", "[1]").await;
        assert_eq!((first.key.as_str(), first.digest.len()), ("auth-7", 64));
        assert_eq!(receipt("PUT", "/x", "[1]").await, first);
        for (method, path, body) in [("POST", "/x", "[1]"), ("PUT", "/y", "[1]"), ("PUT", "/x", "[2]")] {
            assert_ne!(receipt(method, path, body).await.digest, first.digest, "{method} {path} {body}");
        }
    }

    #[tokio::test]
    async fn a_key_is_one_short_word() {
        let longest = "k".repeat(KEY_MAX);
        assert!(receive("PUT", "/x", Some(&longest), "{}").await.is_ok());
        for key in ["", "two words", "a_b", "é", &"k".repeat(KEY_MAX + 1)] {
            let refused = receive("PUT", "/x", Some(key), "{}").await.unwrap_err();
            assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{key}");
            assert!(refused.message().contains("Idempotency-Key"), "{}", refused.message());
        }
        let twice = Request::builder().uri("/x").header(KEY, "a").header(KEY, "b");
        let refused = Received::<Value>::from_request(twice.body(Body::from("{}")).unwrap(), &()).await;
        assert_eq!(refused.unwrap_err().status(), StatusCode::BAD_REQUEST);
    }

    #[tokio::test]
    async fn a_body_that_is_no_such_message_is_refused() {
        let refused = receive("PUT", "/x", Some("k"), "{").await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    }
}
