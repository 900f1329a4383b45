//! A notes service in a directory of its own, and the people who ask it things.

use aws_lc_rs::hmac;
use axum::body::Body;
use axum::extract::Request;
use chassis::clock::{Clock, Timestamp};
use chassis::connect::Connector;
use chassis::edge::bytes_of;
use chassis::entropy::Entropy;
use chassis::internal::{Key, Signer};
use chassis::secret::Secret;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use notes::{Config, Notes};
use serde_json::{Value, json};
use tempfile::TempDir;

const SECRET: &str = "a secret of these tests, long enough";
/// Nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:9";
const NOW_MS: i64 = 1_800_000_000_000;

/// Two authors.
pub(crate) const ADA: &str = "a190d9a9551b5d3780443007";
pub(crate) const BEN: &str = "a68b6b6a9ad2c7e82c081813";

/// A running service.
pub(crate) struct World {
    pub(crate) clock: Clock,
    notes: Notes,
    _dir: TempDir,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// Status and message of a failure.
    pub(crate) fn failure(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["message"].as_str().unwrap_or_default())
    }

    /// The note of a success.
    pub(crate) fn note(&self) -> &Value {
        assert!(self.status.is_success(), "{self:?}");
        &self.body["data"]["note"]
    }

    /// The titles of a list.
    pub(crate) fn titles(&self) -> Vec<&str> {
        let notes = self.body["data"]["notes"].as_array().unwrap_or_else(|| panic!("{self:?}"));
        notes.iter().map(|note| note["title"].as_str().unwrap()).collect()
    }

    /// The total of a list.
    pub(crate) fn total(&self) -> u64 {
        self.body["data"]["pagination"]["total"].as_u64().unwrap_or_else(|| panic!("{self:?}"))
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::open(false)
    }

    /// A world whose notes serve nobody while auth or user is silent.
    pub(crate) fn strict() -> Self {
        Self::open(true)
    }

    fn open(strict: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::frozen(Timestamp::from_millis(NOW_MS));
        let config = Config {
            data_dir: dir.path().to_owned(),
            clock: clock.clone(),
            entropy: Entropy::seeded(7),
            secret: Secret::new(SECRET.to_owned()),
            issuers: chassis::token::Issuers::default(),
            client_url: HeaderValue::from_static("http://localhost:5173"),
            strict,
            accept_loss: false,
            client: Connector::tcp().client(),
            auth: NOWHERE.parse().unwrap(),
            user: NOWHERE.parse().unwrap(),
        };
        Self { clock, notes: Notes::open(config).unwrap(), _dir: dir }
    }

    /// Someone with a token of `account` from its first session.
    pub(crate) fn author(&self, account: &str) -> Person<'_> {
        self.session(account, 0, 0)
    }

    /// Someone with a token of this generation and epoch.
    pub(crate) fn session(&self, account: &str, generation: u32, epoch: u32) -> Person<'_> {
        let now = self.clock.now().as_seconds();
        let claims =
            json!({"userId": account, "iat": now, "exp": now + 60, "gen": generation, "epoch": epoch});
        Person { world: self, authorization: Some(format!("Bearer {}", token(&claims))), header: None }
    }

    /// Someone without a token.
    pub(crate) fn stranger(&self) -> Person<'_> {
        Person { world: self, authorization: None, header: None }
    }

    /// The user service.
    pub(crate) fn user_service(&self) -> Person<'_> {
        self.service("user")
    }

    /// Another service.
    pub(crate) fn service(&self, name: &'static str) -> Person<'_> {
        let key = Key::derive(&Secret::new(SECRET.to_owned()));
        let signer = Signer::new(name, &key, self.clock.clone());
        Person { world: self, authorization: Some(signer.authorization("notes")), header: None }
    }
}

/// Someone who asks.
pub(crate) struct Person<'a> {
    world: &'a World,
    authorization: Option<String>,
    header: Option<(&'static str, String)>,
}

impl Person<'_> {
    /// The same person, who sends one more header.
    pub(crate) fn with(self, name: &'static str, value: &str) -> Self {
        Self { header: Some((name, value.to_owned())), ..self }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path, None).await
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        if let Some((name, value)) = &self.header {
            request = request.header(*name, value);
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        if !body.is_empty() {
            request = request.header("content-type", "application/json").header("content-length", body.len());
        }
        let response = self.world.notes.router().answer(request.body(Body::from(body)).unwrap()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = bytes_of(response).await;
        Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }

    /// Creates a note and returns its path.
    pub(crate) async fn has_note(&self, body: Value) -> String {
        let answer = self.post("/notes", body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        format!("/notes/{}", answer.note()["id"].as_str().unwrap())
    }
}

/// Signs as auth does; notes itself can only verify.
fn token(claims: &Value) -> String {
    let signed = format!(
        "{}.{}",
        base64url(br#"{"alg":"HS256","typ":"JWT"}"#),
        base64url(claims.to_string().as_bytes())
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", base64url(signature.as_ref()))
}

/// Unpadded base64url (RFC 4648 §5).
fn base64url(bytes: &[u8]) -> String {
    let digits: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_']).collect();
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group
            .iter()
            .enumerate()
            .fold(0, |bits, (place, byte)| bits | usize::from(*byte) << (16 - 8 * place));
        text.extend((0..=group.len()).map(|place| digits[bits >> (18 - 6 * place) & 63]));
    }
    text
}
