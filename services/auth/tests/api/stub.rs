//! A stand-in for another service: takes every signed call, remembers it, and answers as told.

use std::collections::{BTreeMap, VecDeque};
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

/// How a stub answers one call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Told {
    /// With this status; failures say `the stub was told so`.
    Status(StatusCode),
    /// With 200, once the test says [`Stub::go_on`].
    Held,
    /// Not at all.
    Silence,
}

struct Inner {
    guard: Guard,
    heard: watch::Sender<Vec<Heard>>,
    going_on: watch::Sender<bool>,
    /// Next answers by a part of a path; 200 when there are none.
    told: Mutex<BTreeMap<String, VecDeque<Told>>>,
}

impl Stub {
    pub(crate) async fn start(name: &'static str, key: &Key, clock: &Clock, shutdown: Shutdown) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let inner = Arc::new(Inner {
            guard: Guard::new(name, key, clock.clone()),
            heard: watch::Sender::new(Vec::new()),
            going_on: watch::Sender::new(false),
            told: Mutex::default(),
        });
        let config = edge::Config {
            clock: clock.clone(),
            request_ids: Entropy::seeded(1).stream(name, "request id"),
            client_url: HeaderValue::from_static("http://localhost:5173"),
        };
        let routes = Router::new().route("/{*path}", any(take)).with_state(Arc::clone(&inner));
        task::spawn("stub", serve::run(listener, Edge::around(routes, config), shutdown));
        Self { uri, inner }
    }

    /// Answers the next calls of paths that contain `part` like this, and those after them with 200.
    pub(crate) fn answer(&self, part: &str, told: &[Told]) {
        self.inner.told.lock().unwrap().insert(part.to_owned(), told.iter().copied().collect());
    }

    /// Answers the calls that are held.
    pub(crate) fn go_on(&self) {
        self.inner.going_on.send_replace(true);
    }

    /// The bodies that arrived on paths that contain `part`.
    pub(crate) fn bodies(&self, part: &str) -> Vec<Value> {
        let heard = self.inner.heard.borrow();
        heard.iter().filter(|(path, _)| path.contains(part)).map(|(_, body)| body.clone()).collect()
    }

    /// The paths that arrived and contain `part`.
    pub(crate) fn paths(&self, part: &str) -> Vec<String> {
        let heard = self.inner.heard.borrow();
        heard.iter().map(|(path, _)| path.clone()).filter(|path| path.contains(part)).collect()
    }

    /// Waits until `count` calls arrived on paths that contain `part`; returns their bodies.
    pub(crate) async fn hears(&self, part: &str, count: usize) -> Vec<Value> {
        let mut changes = self.inner.heard.subscribe();
        let there =
            |heard: &Vec<Heard>| heard.iter().filter(|(path, _)| path.contains(part)).count() >= count;
        drop(tokio::time::timeout(DEADLINE, changes.wait_for(there)).await.unwrap().unwrap());
        self.bodies(part)
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
    let told = {
        let mut told = inner.told.lock().unwrap();
        let next = told.iter_mut().find(|(part, _)| path.contains(part.as_str()));
        next.and_then(|(_, answers)| answers.pop_front())
    };
    inner.heard.send_modify(|heard| heard.push((path, body)));
    match told {
        None => StatusCode::OK.into_response(),
        Some(Told::Status(status)) => Failure::new(status, "the stub was told so").into_response(),
        Some(Told::Silence) => std::future::pending().await,
        Some(Told::Held) => {
            let mut going_on = inner.going_on.subscribe();
            drop(going_on.wait_for(|on| *on).await);
            StatusCode::OK.into_response()
        }
    }
}
