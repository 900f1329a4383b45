//! An auth service in a directory of its own, and the people who use it.

use std::time::Duration;

use auth::mail::{Mail, Mailbox};
use auth::{Auth, Config, HashCost, TokenLifetime};
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
use chassis::token::{Caller, Verifier};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval};

use crate::stub::Stub;

/// 2026-01-01T00:00:00Z.
const START: Timestamp = Timestamp::from_millis(1_767_225_600_000);
const SECRET: &str = "a secret of tests";
/// Far longer than anything takes that a test waits for; reached only by a test that fails.
const DEADLINE: Duration = Duration::from_secs(20);
/// Between two looks at something that announces nothing.
const LOOK: Duration = Duration::from_millis(2);

pub(crate) struct World {
    pub(crate) user: Stub,
    pub(crate) notes: Stub,
    pub(crate) config: Config,
    pub(crate) edge: Edge,
    signer: Signer,
    relay: JoinHandle<()>,
    trigger: Trigger,
    peers_trigger: Trigger,
    dir: TempDir,
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
        Self::with(|config| config).await
    }

    /// A world that keeps its accounts in memory if this build can simulate, as the workspace's can: for proofs that
    /// would wait for a disk most of the time.
    pub(crate) async fn in_memory() -> Self {
        Self::opened(|config| config, |config| on_disk(&Disk::default(), || Auth::open(config).unwrap()))
            .await
    }

    /// A world whose settings `change` decides.
    pub(crate) async fn with(change: impl FnOnce(Config) -> Config) -> Self {
        Self::opened(change, |config| Auth::open(config).unwrap()).await
    }

    async fn opened(change: impl FnOnce(Config) -> Config, open: impl FnOnce(Config) -> Auth) -> Self {
        let (peers_trigger, shutdown) = shutdown::channel();
        let (dir, clock) = (TempDir::new().unwrap(), Clock::frozen(START));
        let secret = Secret::new(SECRET.to_owned());
        let key = Key::derive(&secret);
        let user = Stub::start("user", &key, &clock, shutdown.clone()).await;
        let notes = Stub::start("notes", &key, &clock, shutdown).await;
        let config = change(Config {
            data_dir: dir.path().join("auth"),
            clock: clock.clone(),
            entropy: Entropy::seeded(7),
            secret,
            issuers: chassis::token::Issuers::default(),
            client_url: HeaderValue::from_static("http://localhost:5173"),
            client: Connector::tcp().client(),
            user: user.uri.clone(),
            notes: notes.uri.clone(),
            token_lifetime: TokenLifetime::parse("1d").unwrap(),
            hash_cost: HashCost::Cheap,
            password_min: 8,
            tolerance: None,
            smtp: None,
            capture: None,
            accept_loss: false,
        });
        let (edge, relay, trigger) = start(&open(config.clone()));
        let signer = Signer::new("user", &key, clock);
        Self { user, notes, config, edge, signer, relay, trigger, peers_trigger, dir }
    }

    /// Ends the service as a signal does, and starts it again on the same data.
    pub(crate) async fn restart(self) -> Self {
        self.restart_after(|_| {}).await
    }

    /// Like [`World::restart`], with something done to the settings or the data in between.
    pub(crate) async fn restart_after(self, meddle: impl FnOnce(&mut Config)) -> Self {
        let Self { user, notes, mut config, edge, signer, relay, trigger, peers_trigger, dir } = self;
        trigger.fire();
        relay.await.unwrap();
        drop(edge);
        // Work of requests that nobody waits for any more may hold the store a little longer.
        eventually(|| {
            let lock = std::fs::File::open(config.data_dir.join("lock")).unwrap();
            lock.try_lock().is_ok().then_some(())
        })
        .await;
        meddle(&mut config);
        let (edge, relay, trigger) = start(&Auth::open(config.clone()).unwrap());
        Self { user, notes, config, edge, signer, relay, trigger, peers_trigger, dir }
    }

    /// Has the service end, as a signal does.
    pub(crate) fn end(&self) {
        self.trigger.fire();
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
        send(&self.edge, method, path, headers, body).await
    }

    /// Anyone's request with a JSON body.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Value) -> Answer {
        let headers = [("content-type", "application/json")];
        self.send(method, path, &headers, body.to_string().into_bytes()).await
    }

    /// The request of someone who is logged in.
    pub(crate) async fn ask_as(&self, token: &str, method: &str, path: &str, body: Value) -> Answer {
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        self.send(method, path, &headers, body.to_string().into_bytes()).await
    }

    /// Another service's call.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Value) -> Answer {
        let credential = self.signer.authorization("auth");
        let headers = [("authorization", credential.as_str()), ("content-type", "application/json")];
        self.send(method, path, &headers, body.to_string().into_bytes()).await
    }

    /// Another service's call under `key`.
    pub(crate) async fn call_under(&self, key: &str, method: &str, path: &str, body: Value) -> Answer {
        let credential = self.signer.authorization("auth");
        let headers = [
            ("authorization", credential.as_str()),
            ("content-type", "application/json"),
            ("idempotency-key", key),
        ];
        self.send(method, path, &headers, body.to_string().into_bytes()).await
    }

    pub(crate) async fn register(&self, email: &str, password: &str) -> Answer {
        self.ask("POST", "/auth/register", json!({"email": email, "password": password})).await
    }

    pub(crate) async fn log_in(&self, email: &str, password: &str) -> Answer {
        self.ask("POST", "/auth/login", json!({"email": email, "password": password})).await
    }

    pub(crate) async fn forget_password(&self, email: &str) -> Answer {
        self.ask("POST", "/auth/forgot-password", json!({ "email": email })).await
    }

    pub(crate) async fn reset_password(&self, token: &str, password: &str) -> Answer {
        let path = format!("/auth/reset-password/{token}");
        self.ask("PATCH", &path, json!({ "password": password })).await
    }

    pub(crate) async fn change_password(&self, token: &str, current: &str, new: &str) -> Answer {
        let body = json!({"currentPassword": current, "newPassword": new});
        self.ask_as(token, "PATCH", "/auth/update-password", body).await
    }

    /// Who `token` belongs to.
    pub(crate) fn caller(&self, token: &str) -> Caller {
        Verifier::new(&self.config.secret, self.config.clock.clone()).verify(token).unwrap()
    }

    /// Tells auth where the account of `token` stands, as the user service does.
    pub(crate) async fn stands(&self, token: &str, generation: u32, rung: &str) -> Answer {
        let path = format!("/internal/accounts/{}/standing", self.caller(token).account);
        self.call("PUT", &path, json!({"generation": generation, "rung": rung, "epoch": 0})).await
    }

    pub(crate) fn mails(&self) -> Vec<Mail> {
        Mailbox::open(&self.config.data_dir.join("mailbox")).unwrap().list().unwrap()
    }

    /// Waits until there are `count` mails; returns the newest.
    pub(crate) async fn mail(&self, count: usize) -> Mail {
        eventually(|| Some(self.mails()).filter(|mails| mails.len() >= count)?.pop()).await
    }
}

fn start(auth: &Auth) -> (Edge, JoinHandle<()>, Trigger) {
    let (trigger, shutdown) = shutdown::channel();
    (auth.router(), task::spawn("relay", auth.relay(shutdown)), trigger)
}

/// What `token` says, whoever signed it.
pub(crate) fn claims_of(token: &str) -> Value {
    jsonwebtoken::dangerous::insecure_decode::<Value>(token).unwrap().claims
}

/// Sends a request through `edge`.
pub(crate) async fn send(
    edge: &Edge,
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
    let response = edge.answer(request.body(Body::from(body)).unwrap()).await;
    let (status, headers) = (response.status(), response.headers().clone());
    let text = String::from_utf8(bytes_of(response).await).unwrap();
    Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null), text }
}

/// Waits for what announces nothing.
pub(crate) async fn eventually<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let (deadline, mut looks) = (Instant::now() + DEADLINE, interval(LOOK));
    loop {
        looks.tick().await;
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "it did not happen");
    }
}

impl Answer {
    /// Status and message of a failure.
    pub(crate) fn failure(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["message"].as_str().unwrap_or_default())
    }

    /// The token of a success with `status`.
    pub(crate) fn token(&self, status: u16) -> String {
        assert_eq!(
            (self.status.as_u16(), &self.body["status"]),
            (status, &json!("success")),
            "{}",
            self.text
        );
        self.body["token"].as_str().unwrap().to_owned()
    }
}
