//! Asks another service something, under a deadline, and sorts what came back.
//!
//! An outcome is ok, definitely refused, or unknown (PROTOCOL.md §1.4); unknown is never taken for refused.

use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use serde::Serialize;
use serde_json::Value;

use crate::clock::Timestamp;
use crate::connect::{Answer, Client};
use crate::edge::REQUEST_ID;
use crate::inbox;
use crate::internal::Signer;
use crate::request::RequestId;

mod lines;

pub use lines::Arriving;

/// Internal answers are small objects.
const ANSWER_MAX: usize = 1024 * 1024;
/// The deadline of an internal call unless the protocol names another.
pub const DEADLINE: Duration = Duration::from_secs(2);

/// Another service, reached over HTTP with signed credentials; clones share connections.
#[derive(Clone, Debug)]
pub struct Peer {
    name: &'static str,
    base: Uri,
    client: Client,
    signer: Signer,
}

/// Why there is no answer to use.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// The callee decided against it; its public message tells why.
    #[error("{peer} refused with {status}: {message}")]
    Refused {
        /// The callee.
        peer: &'static str,
        /// Its status, a 4xx.
        status: StatusCode,
        /// Its public message.
        message: String,
    },
    /// It may or may not have been done.
    #[error("{peer} gave no usable answer: {reason}")]
    Unknown {
        /// The callee.
        peer: &'static str,
        /// For the operator.
        reason: String,
    },
    /// The request could not be written: a fault of ours.
    #[error("a request to {peer} could not be made: {reason}")]
    Malformed {
        /// The callee.
        peer: &'static str,
        /// For the operator.
        reason: String,
    },
}

impl PeerError {
    /// Whether the same request would fare no better another time: the callee decided against it, or it can not
    /// be made. Statuses that are given before there is a decision are no decision: credentials that a wrong clock
    /// made stale, a body that came too slowly, too many requests.
    pub fn is_final(&self) -> bool {
        const BEFORE: [StatusCode; 3] =
            [StatusCode::UNAUTHORIZED, StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS];
        match self {
            Self::Refused { status, .. } => !BEFORE.contains(status),
            Self::Unknown { .. } => false,
            Self::Malformed { .. } => true,
        }
    }
}

impl Peer {
    /// The service `name` at `base` (scheme and authority).
    pub const fn new(name: &'static str, base: Uri, client: Client, signer: Signer) -> Self {
        Self { name, base, client, signer }
    }

    /// The service's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Calls `path` with a JSON body and returns the JSON answer, null for an empty one.
    ///
    /// # Errors
    /// [`PeerError::Refused`] for a 4xx, [`PeerError::Unknown`] when `within` passes, the connection breaks or
    /// the callee answers 5xx.
    pub async fn call<B: Serialize + Sync>(
        &self,
        method: Method,
        path: &str,
        body: Option<&B>,
        within: Duration,
    ) -> Result<Value, PeerError> {
        let request = self.request(method, path, body)?;
        self.ask(request, within).await
    }

    /// What its calendar shows, to the second, by an answer that needs no credential; none without such an answer.
    pub async fn calendar(&self, within: Duration) -> Option<Timestamp> {
        let request = self.request(Method::GET, "/health", None::<&()>).ok()?;
        let answer =
            tokio::time::timeout(within, self.client.request(self.name, request)).await.ok()?.ok()?;
        Timestamp::parse_http_date(answer.headers().get(header::DATE)?.to_str().ok()?)
    }

    /// Puts `body` at `path` under `key`: what is sent again under the same key is done once.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn put<B: Serialize + Sync>(
        &self,
        path: &str,
        body: &B,
        key: &str,
        within: Duration,
    ) -> Result<Value, PeerError> {
        let mut request = self.request(Method::PUT, path, Some(body))?;
        let value = HeaderValue::from_str(key).map_err(|error| self.malformed(error.to_string()))?;
        request.headers_mut().insert(inbox::KEY, value);
        self.ask(request, within).await
    }

    async fn ask(&self, request: Request<Full<Bytes>>, within: Duration) -> Result<Value, PeerError> {
        match tokio::time::timeout(within, self.exchange(request)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.unknown(format!("no answer within {within:?}"))),
        }
    }

    fn request<B: Serialize>(
        &self,
        method: Method,
        path: &str,
        body: Option<&B>,
    ) -> Result<Request<Full<Bytes>>, PeerError> {
        let Some(body) = body else { return self.compose(method, path, None) };
        let bytes = serde_json::to_vec(body).map_err(|error| self.malformed(error.to_string()))?;
        self.compose(method, path, Some(("application/json", bytes.into())))
    }

    fn compose(
        &self,
        method: Method,
        path: &str,
        body: Option<(&'static str, Bytes)>,
    ) -> Result<Request<Full<Bytes>>, PeerError> {
        let malformed = |reason| self.malformed(reason);
        let mut parts = self.base.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from(path).map_err(|e| malformed(e.to_string()))?);
        let uri = Uri::from_parts(parts).map_err(|e| malformed(e.to_string()))?;
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header(header::AUTHORIZATION, self.signer.authorization(self.name));
        if let Some((kind, _)) = &body {
            request = request.header(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        if let Some(id) = RequestId::current() {
            request = request.header(REQUEST_ID, id.as_str());
        }
        let bytes = body.map(|(_, bytes)| bytes).unwrap_or_default();
        request.body(Full::from(bytes)).map_err(|e| malformed(e.to_string()))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Value, PeerError> {
        let response = self.client.request(self.name, request).await.map_err(|e| self.unknown(chain(&e)))?;
        self.outcome(response).await
    }

    async fn outcome(&self, response: Answer) -> Result<Value, PeerError> {
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_MAX);
        let bytes = body.collect().await.map_err(|e| self.unknown(e.to_string()))?.to_bytes();
        let value: Value = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).map_err(|e| self.unknown(format!("{status}, {e}")))?
        };
        if status.is_success() {
            return Ok(value);
        }
        let message = value.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
        if status.is_client_error() {
            return Err(PeerError::Refused { peer: self.name, status, message });
        }
        Err(self.unknown(format!("{status}: {message}")))
    }

    fn unknown(&self, reason: String) -> PeerError {
        PeerError::Unknown { peer: self.name, reason }
    }

    fn malformed(&self, reason: String) -> PeerError {
        PeerError::Malformed { peer: self.name, reason }
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
