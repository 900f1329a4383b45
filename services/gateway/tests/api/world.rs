//! A gateway before its services, and a client of it.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use chassis::clock::{Clock, Timestamp};
use chassis::connect::Connector;
use chassis::edge::{Edge, bytes_of};
use chassis::entropy::Entropy;
use chassis::internal::{Key, Signer};
use chassis::secret::Secret;
use chassis::serve::ClientAddr;
use chassis::shutdown::Trigger;
use gateway::{Config, DEADLINE, Gateway};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use serde_json::Value;

use crate::stub;

/// A gateway, its clock, and the services that live as long as it.
pub(crate) struct World {
    pub(crate) edge: Edge,
    pub(crate) clock: Clock,
    _services: Vec<Trigger>,
}

/// What a client got.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The message of a failure.
    pub(crate) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }

    /// A header as text, empty when absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl World {
    /// Every service tells what it was asked.
    pub(crate) async fn echoing() -> Self {
        Self::configured(|_| {}).await
    }

    /// Every service tells what it was asked; the gateway's configuration is changed by `change`.
    pub(crate) async fn configured(change: impl FnOnce(&mut Config)) -> Self {
        let mut uris = Vec::new();
        let mut services = Vec::new();
        for name in ["auth", "user", "notes"] {
            let (uri, trigger) = stub::serve(stub::echo(name)).await;
            uris.push(uri);
            services.push(trigger);
        }
        Self::new([&uris[0], &uris[1], &uris[2]], services, change)
    }

    /// All services answer with `routes`.
    pub(crate) async fn before(routes: Router) -> Self {
        let (uri, trigger) = stub::serve(routes).await;
        Self::new([&uri; 3], vec![trigger], |_| {})
    }

    /// All services are at `uri`; the gateway waits no longer than `deadline`.
    pub(crate) fn at(uri: &Uri, deadline: Duration) -> Self {
        Self::new([uri; 3], Vec::new(), |config| config.deadline = deadline)
    }

    fn new([auth, user, notes]: [&Uri; 3], services: Vec<Trigger>, change: impl FnOnce(&mut Config)) -> Self {
        let mut config =
            Config { auth_uri: auth.clone(), user_uri: user.clone(), notes_uri: notes.clone(), ..config() };
        let clock = config.clock.clone();
        change(&mut config);
        let edge = Gateway::open(config).unwrap().router();
        Self { edge, clock, _services: services }
    }

    /// A request without a body.
    pub(crate) async fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(method, target, headers, "").await
    }

    /// A GET from `peer`.
    pub(crate) async fn get_from(&self, peer: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = request("GET", target, headers, "");
        request.extensions_mut().insert(ClientAddr(SocketAddr::new(peer.parse().unwrap(), 40_000)));
        self.answer(request).await
    }

    /// A request with `body`, whose headers are the caller's business.
    pub(crate) async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        self.answer(request(method, target, headers, body)).await
    }

    async fn answer(&self, request: Request) -> Answer {
        let response = self.edge.answer(request).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = serde_json::from_slice(&bytes_of(response).await).unwrap_or(Value::Null);
        Answer { status, headers, body }
    }
}

/// A gateway without limits before services that are not there.
pub(crate) fn config() -> Config {
    let nowhere = Uri::from_static("http://127.0.0.1:1");
    Config {
        clock: Clock::frozen(Timestamp::from_millis(1_800_000_000_000)),
        entropy: Entropy::seeded(1),
        client_url: HeaderValue::from_static("http://localhost:5173"),
        auth_uri: nowhere.clone(),
        user_uri: nowhere.clone(),
        notes_uri: nowhere,
        client: Connector::tcp().client(),
        signer: Signer::new("gateway", &Key::derive(&Secret::new("secret".to_owned())), Clock::system()),
        deadline: DEADLINE,
        quota: None,
        burst: None,
        trusted_proxies: Vec::new(),
    }
}

fn request(method: &str, target: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).unwrap()
}
