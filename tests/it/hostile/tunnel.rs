//! The gateway before one service that notes what it is asked, both in this process and connected in memory.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use chassis::clock::{Clock, Timestamp};
use chassis::connect::{Connector, Stream};
use chassis::edge::{self, Edge, Target};
use chassis::entropy::Entropy;
use chassis::internal::{Key, Signer};
use chassis::secret::Secret;
use chassis::serve::{self, Listener};
use chassis::{shutdown, task};
use gateway::{Config, Gateway};
use http::{HeaderValue, Request, Uri};
use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::mpsc;

use super::agreement::Reading;
use super::framing::statuses;

/// Room for everything that one side says at once.
const ROOM: usize = 256 * 1024;
/// Connections that wait to be accepted.
const BACKLOG: usize = 64;
/// Above every deadline of the product, in simulated time.
const EVER: Duration = Duration::from_hours(1);

/// A way to the service through the gateway.
pub(super) struct Tunnel {
    door: mpsc::Sender<DuplexStream>,
    seen: Arc<Mutex<Vec<Reading>>>,
    _triggers: [shutdown::Trigger; 2],
}

impl Tunnel {
    /// Opens both, in the current runtime.
    pub(super) fn open() -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&seen);
        let routes =
            axum::Router::new().fallback(move |target, request| note(Arc::clone(&noted), target, request));
        let (service, first) = served(Edge::with_fallback(routes, around()));
        let open = move |_: Uri| {
            let service = service.clone();
            async move {
                let (ours, theirs) = duplex(ROOM);
                service.send(theirs).await.ok().ok_or(io::ErrorKind::ConnectionRefused)?;
                Ok(Box::new(ours) as Box<dyn Stream>)
            }
        };
        let gateway = Gateway::open(config(Connector::new(open))).unwrap();
        let (door, second) = served(gateway.router());
        Self { door, seen, _triggers: [first, second] }
    }

    /// Says `bytes` on a connection of its own; gives the statuses of the answers and what the service was asked.
    pub(super) async fn say(&self, bytes: &[u8]) -> (Vec<u16>, Vec<Reading>) {
        self.seen.lock().unwrap().clear();
        let (mut client, server) = duplex(ROOM);
        client.write_all(bytes).await.unwrap();
        self.door.send(server).await.unwrap();
        let mut answers = Vec::new();
        tokio::time::timeout(EVER, client.read_to_end(&mut answers)).await.unwrap().unwrap();
        let answers = String::from_utf8(answers).unwrap();
        let statuses = statuses(&answers).into_iter().map(|status| status.parse().unwrap());
        // Leave to send a body is no answer.
        let statuses = statuses.filter(|status| *status != 100).collect();
        let seen = self.seen.lock().unwrap().clone();
        (statuses, seen)
    }
}

async fn note(seen: Arc<Mutex<Vec<Reading>>>, Target(target): Target, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.ok().map(|body| body.to_bytes().to_vec());
    let (method, target) = (parts.method.to_string(), target.to_string());
    seen.lock().unwrap().push(Reading { method, target, fields: BTreeMap::default(), body });
    "seen".into_response()
}

fn clock() -> Clock {
    Clock::frozen(Timestamp::from_millis(0))
}

fn around() -> edge::Config {
    edge::Config {
        clock: clock(),
        request_ids: Entropy::seeded(1).stream("tunnel", "request id"),
        client_url: HeaderValue::from_static("http://localhost:5173"),
    }
}

fn config(connector: Connector) -> Config {
    let service = || Uri::from_static("http://service");
    Config {
        clock: clock(),
        entropy: Entropy::seeded(2),
        client_url: HeaderValue::from_static("http://localhost:5173"),
        auth_uri: service(),
        user_uri: service(),
        notes_uri: service(),
        client: connector.client(),
        signer: Signer::new("gateway", &Key::derive(&Secret::new("secret".to_owned())), clock()),
        deadline: gateway::DEADLINE,
        quota: None,
        burst: None,
        trusted_proxies: Vec::new(),
    }
}

/// Connections made in memory.
struct Door(mpsc::Receiver<DuplexStream>);

impl Listener for Door {
    type Stream = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, SocketAddr)> {
        match self.0.recv().await {
            Some(stream) => Ok((stream, SocketAddr::from(([192, 0, 2, 1], 4711)))),
            None => std::future::pending().await,
        }
    }
}

fn served(edge: Edge) -> (mpsc::Sender<DuplexStream>, shutdown::Trigger) {
    let (sender, receiver) = mpsc::channel(BACKLOG);
    let (trigger, shutdown) = shutdown::channel();
    task::spawn("tunnel", serve::run(Door(receiver), edge, shutdown));
    (sender, trigger)
}
