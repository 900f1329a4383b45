//! A user service in a directory of its own, and the people who use it.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use chassis::clock::{Clock, Timestamp};
use chassis::connect::Connector;
use chassis::edge::{Edge, bytes_of};
use chassis::entropy::Entropy;
use chassis::internal::{Key, Signer};
use chassis::secret::Secret;
use chassis::shutdown::{self, Trigger};
use chassis::simulation::{Disk, on_disk};
use chassis::task;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};
use tempfile::TempDir;
use user::{Config, User};

use crate::stub::Stub;

/// 2026-01-01T00:00:00Z.
const START: Timestamp = Timestamp::from_millis(1_767_225_600_000);
const SECRET: &str = "a secret of tests";

pub(crate) struct World {
    pub(crate) auth: Stub,
    pub(crate) notes: Stub,
    pub(crate) config: Config,
    edge: Edge,
    signer: Signer,
    _user: User,
    _trigger: Trigger,
    _dir: TempDir,
}

/// An answer, with its body as JSON (null if it has none) and as text.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::opened(|config| User::open(config).unwrap()).await
    }

    /// A world that keeps its profiles in memory if this build can simulate, as the workspace's can: for proofs that
    /// would wait for a disk most of the time.
    pub(crate) async fn in_memory() -> Self {
        Self::opened(|config| on_disk(&Disk::default(), || User::open(config).unwrap())).await
    }

    async fn opened(open: impl FnOnce(Config) -> User) -> Self {
        let (trigger, shutdown) = shutdown::channel();
        let (dir, clock) = (TempDir::new().unwrap(), Clock::frozen(START));
        let secret = Secret::new(SECRET.to_owned());
        let key = Key::derive(&secret);
        let auth = Stub::start("auth", &key, &clock, shutdown.clone()).await;
        let notes = Stub::start("notes", &key, &clock, shutdown.clone()).await;
        let config = Config {
            data_dir: dir.path().join("user"),
            clock: clock.clone(),
            entropy: Entropy::seeded(7),
            secret,
            issuers: chassis::token::Issuers::default(),
            client_url: HeaderValue::from_static("http://localhost:5173"),
            client: Connector::tcp().client(),
            auth: auth.uri.clone(),
            notes: notes.uri.clone(),
            accept_loss: false,
        };
        let user = open(config.clone());
        task::spawn("relay", user.relay(shutdown));
        let signer = Signer::new("auth", &key, clock);
        Self { auth, notes, config, edge: user.router(), signer, _user: user, _trigger: trigger, _dir: dir }
    }

    /// Lets `span` of the calendar pass.
    pub(crate) fn wait(&self, span: Duration) {
        self.config.clock.advance(span);
    }

    /// Sends a request with these headers and this body as they are.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_empty() {
            request = request.header(header::CONTENT_LENGTH, body.len());
        }
        let response = self.edge.answer(request.body(Body::from(body)).unwrap()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = String::from_utf8(bytes_of(response).await).unwrap();
        Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null), text }
    }

    /// A person's request with a JSON body (null for none).
    pub(crate) async fn ask(&self, method: &str, path: &str, token: &str, body: Value) -> Answer {
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.send(method, path, &headers, bytes).await
    }

    /// Another service's call under `key`.
    pub(crate) async fn call_under(&self, key: &str, method: &str, path: &str, body: Value) -> Answer {
        let credential = self.signer.authorization("user");
        let headers = [
            ("authorization", credential.as_str()),
            ("content-type", "application/json"),
            ("idempotency-key", key),
        ];
        self.send(method, path, &headers, body.to_string().into_bytes()).await
    }

    /// Another service's call.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Value) -> Answer {
        let credential = self.signer.authorization("user");
        let headers = [("authorization", credential.as_str()), ("content-type", "application/json")];
        self.send(method, path, &headers, body.to_string().into_bytes()).await
    }

    /// The profile of account `n` under `name`, registered as auth does it; returns its id and a token.
    pub(crate) async fn register(&self, n: u8, name: &str) -> (String, String) {
        let id = account(n);
        let body = json!({
            "saga": format!("saga-{n}"), "email": format!("{name}@example.test"), "username": name,
            "bio": null, "avatar": null,
        });
        let answer = self.call("PUT", &format!("/internal/profiles/{id}"), body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let token = self.token(&id, 0, 0);
        (id, token)
    }

    /// Like [`World::register`], as an administrator.
    pub(crate) async fn register_admin(&self, n: u8, name: &str) -> (String, String) {
        let (id, token) = self.register(n, name).await;
        let role = json!({"role": "admin", "version": 0});
        let answer = self.call("PUT", &format!("/internal/accounts/{id}/role"), role).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        (id, token)
    }

    /// A token as auth would issue it.
    pub(crate) fn token(&self, account: &str, generation: u32, epoch: u32) -> String {
        let now = self.config.clock.now().as_seconds();
        let claims =
            json!({"userId": account, "iat": now, "exp": now + 86400, "gen": generation, "epoch": epoch});
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap()
    }
}

impl Answer {
    /// Status and message of a failure.
    pub(crate) fn failure(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["message"].as_str().unwrap_or_default())
    }

    /// One field of the user that was answered.
    pub(crate) fn user(&self, field: &str) -> &Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        &self.body["data"]["user"][field]
    }
}

/// The id of account `n`.
pub(crate) fn account(n: u8) -> String {
    format!("{n:02x}").repeat(12)
}
