//! A client of the public API, and of internal routes as an operator, over the simulated network.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chassis::clock::Clock;
use chassis::internal::{Key, Signer};
use chassis::secret::Secret;
use http::{Method, Request, header};
use http_body_util::{BodyExt as _, Full};
use serde_json::Value;

use crate::network::{Network, PORT};
use crate::site::SECRET;

/// A little more than what the gateway waits for a service.
const PATIENCE: Duration = Duration::from_secs(7);

/// People's way to the services; clones share connections.
#[derive(Clone)]
pub(crate) struct Client {
    http: chassis::connect::Client,
    signer: Signer,
}

/// What was asked, as people see it.
#[derive(Clone)]
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) token: Option<&'a str>,
    pub(crate) body: Value,
}

/// What came back; status 0 stands for nothing at all.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// What the caller knows of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Refused,
    Unknown,
}

impl Reply {
    /// A 5xx may have been done.
    pub(crate) fn outcome(&self) -> Outcome {
        match self.status {
            200..=299 => Outcome::Done,
            400..=499 => Outcome::Refused,
            _ => Outcome::Unknown,
        }
    }

    /// The text at `pointer` in the body.
    pub(crate) fn text(&self, pointer: &str) -> String {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

impl Client {
    /// A client on the host `name`.
    pub(crate) fn on(name: &'static str, network: &Arc<Network>, clock: &Clock) -> Self {
        let key = Key::derive(&Secret::new(SECRET.to_owned()));
        let signer = Signer::new("satchel", &key, clock.clone());
        Self { http: network.connector(name).client(), signer }
    }

    /// Asks the gateway.
    pub(crate) async fn ask(&self, call: Call<'_>) -> Reply {
        let authorization = call.token.map(|token| format!("Bearer {token}"));
        self.send("gateway", call, authorization).await
    }

    /// Asks `service` as another service would.
    pub(crate) async fn command(&self, service: &str, call: Call<'_>) -> Reply {
        let authorization = self.signer.authorization(service);
        self.send(service, call, Some(authorization)).await
    }

    /// Asks `service` at its own port, past the gateway.
    pub(crate) async fn ask_service(&self, service: &str, path: &str, token: &str) -> Reply {
        let call = Call { method: Method::GET, path, token: None, body: Value::Null };
        self.send(service, call, Some(format!("Bearer {token}"))).await
    }

    async fn send(&self, host: &str, call: Call<'_>, authorization: Option<String>) -> Reply {
        let Call { method, path, body, .. } = call;
        let mut request = Request::builder().method(method).uri(format!("http://{host}:{PORT}{path}"));
        if let Some(value) = authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        let mut bytes = Bytes::new();
        if !body.is_null() {
            request = request.header(header::CONTENT_TYPE, "application/json");
            bytes = Bytes::from(body.to_string());
        }
        let request = request.body(Full::new(bytes)).expect("a request");
        let answering = async {
            let answer = self.http.request(host, request).await.ok()?;
            let status = answer.status().as_u16();
            let bytes = answer.into_body().collect().await.ok()?.to_bytes();
            Some(Reply { status, body: serde_json::from_slice(&bytes).unwrap_or_default() })
        };
        let answered = tokio::time::timeout(PATIENCE, answering).await.ok().flatten();
        answered.unwrap_or(Reply { status: 0, body: Value::Null })
    }
}
