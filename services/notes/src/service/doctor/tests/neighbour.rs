//! Another service as the doctor meets it: it knows accounts and answers for them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use chassis::audit::{Answer, Entry, Question, Record};
use chassis::body::Internal;
use chassis::clock::Clock;
use chassis::connect::Connector;
use chassis::edge::{self, Edge};
use chassis::entropy::Entropy;
use chassis::id::AccountId;
use chassis::internal::{Key, Signer};
use chassis::peer::Peer;
use chassis::reply::Reply;
use chassis::secret::Secret;
use chassis::shutdown::{self, Trigger};
use chassis::{serve, task};
use http::{HeaderValue, StatusCode, Uri};
use tokio::net::TcpListener;

type Known = Arc<Mutex<BTreeMap<AccountId, (Record, bool)>>>;

/// A service on a port of its own until it is dropped; accounts that it was told nothing of are absent.
pub(crate) struct Neighbour {
    known: Known,
    uri: Uri,
    _trigger: Trigger,
}

impl Neighbour {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let (trigger, shutdown) = shutdown::channel();
        let known = Known::default();
        let routes = Router::new().route("/internal/audit", post(audit)).with_state(Arc::clone(&known));
        let config = edge::Config {
            clock: Clock::system(),
            request_ids: Entropy::seeded(1).stream("neighbour", "request id"),
            client_url: HeaderValue::from_static("http://localhost"),
        };
        task::spawn("neighbour", serve::run(listener, Edge::around(routes, config), shutdown));
        Self { known, uri, _trigger: trigger }
    }

    /// Puts `record` on its record.
    pub(crate) fn knows(&self, account: AccountId, record: Record) {
        self.known.lock().unwrap().insert(account, (record, false));
    }

    /// Has it say that something about `account` is under way.
    pub(crate) fn is_busy_with(&self, account: AccountId, busy: bool) {
        let mut known = self.known.lock().unwrap();
        known.entry(account).or_insert((Record::Absent, false)).1 = busy;
    }

    /// The way to it under this name.
    pub(crate) fn peer(&self, name: &'static str) -> Peer {
        peer(name, self.uri.clone())
    }
}

/// The way to whoever listens at `uri`.
pub(crate) fn peer(name: &'static str, uri: Uri) -> Peer {
    let key = Key::derive(&Secret::new("a secret of tests".to_owned()));
    Peer::new(name, uri, Connector::tcp().client(), Signer::new("test", &key, Clock::system()))
}

async fn audit(State(known): State<Known>, Internal(question): Internal<Question>) -> Reply<Answer> {
    let known = known.lock().unwrap();
    let entry = |account| {
        let (record, busy) = known.get(&account).copied().unwrap_or((Record::Absent, false));
        Entry { account, record, busy }
    };
    let accounts = question.accounts.into_iter().map(entry).collect();
    Reply(StatusCode::OK, Answer { accounts, facts: BTreeMap::new() })
}
