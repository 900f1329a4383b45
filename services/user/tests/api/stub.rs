//! A stand-in for another service: takes every signed call, remembers it, and answers as told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use chassis::clock::Clock;
use chassis::edge::{self, Edge};
use chassis::entropy::Entropy;
use chassis::failure::Failure;
use chassis::internal::{Guard, Key};
use chassis::shutdown::Shutdown;
use chassis::{serve, task};
use http::{HeaderValue, StatusCode, Uri, header};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Far longer than any delivery takes; reached only by a test that fails.
const DEADLINE: Duration = Duration::from_secs(20);

/// What a stub was asked: path and body.
pub(crate) type Heard = (String, Value);

#[derive(Clone)]
pub(crate) struct Stub {
    pub(crate) uri: Uri,
    inner: Arc<Inner>,
}

struct Inner {
    guard: Guard,
    heard: watch::Sender<Vec<Heard>>,
    /// Statuses by the last part of a path; 200 for all others.
    told: Mutex<BTreeMap<String, StatusCode>>,
}

impl Stub {
    pub(crate) async fn start(name: &'static str, key: &Key, clock: &Clock, shutdown: Shutdown) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let guard = Guard::new(name, key, clock.clone());
        let inner = Arc::new(Inner { guard, heard: watch::Sender::new(Vec::new()), told: Mutex::default() });
        let config = edge::Config {
            clock: clock.clone(),
            request_ids: Entropy::seeded(1).stream(name, "request id"),
            client_url: HeaderValue::from_static("http://localhost:5173"),
        };
        let edge =
            Edge::around(Router::new().route("/{*path}", any(take)).with_state(Arc::clone(&inner)), config);
        task::spawn("stub", serve::run(listener, edge, shutdown));
        Self { uri, inner }
    }

    /// Answers paths that end with `end` with `status` from now on.
    pub(crate) fn answer(&self, end: &str, status: StatusCode) {
        self.inner.told.lock().unwrap().insert(end.to_owned(), status);
    }

    /// Everything that arrived so far.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.inner.heard.borrow().clone()
    }

    /// The bodies that arrived on paths that end with `end`.
    pub(crate) fn bodies(&self, end: &str) -> Vec<Value> {
        self.heard().into_iter().filter(|(path, _)| path.ends_with(end)).map(|(_, body)| body).collect()
    }

    /// Waits until `count` calls arrived on paths that end with `end`; returns the last one's body.
    pub(crate) async fn hears(&self, end: &str, count: usize) -> Value {
        let mut changes = self.inner.heard.subscribe();
        let there =
            |heard: &Vec<Heard>| heard.iter().filter(|(path, _)| path.ends_with(end)).count() >= count;
        drop(tokio::time::timeout(DEADLINE, changes.wait_for(there)).await.unwrap().unwrap());
        self.bodies(end).pop().unwrap()
    }
}

async fn take(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let credential = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if credential.and_then(|value| inner.guard.admit(value)).is_none() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let bytes = axum::body::to_bytes(request.into_body(), 65536).await.unwrap();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    inner.heard.send_modify(|heard| heard.push((path.clone(), body)));
    let told = inner.told.lock().unwrap();
    let status = told.iter().find(|(end, _)| path.ends_with(end.as_str())).map(|(_, status)| *status);
    match status {
        None | Some(StatusCode::OK) => StatusCode::OK.into_response(),
        Some(status) => Failure::new(status, "the stub was told so").into_response(),
    }
}
