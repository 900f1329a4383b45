//! Another service as the doctor meets it: it knows accounts, answers for them, and does as messages say.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{post, put};
use chassis::audit::{Answer, Entry, Facts, Question, Record};
use chassis::body::Internal;
use chassis::clock::Clock;
use chassis::connect::Connector;
use chassis::contract::{EmailMove, RoleChange};
use chassis::edge::{self, Edge};
use chassis::entropy::Entropy;
use chassis::id::AccountId;
use chassis::internal::{Key, Signer};
use chassis::peer::Peer;
use chassis::reply::Reply;
use chassis::secret::Secret;
use chassis::shutdown::{self, Trigger};
use chassis::standing::{Rung, Standing};
use chassis::{serve, task};
use http::{HeaderValue, StatusCode, Uri};
use tokio::net::TcpListener;

type Known = Arc<Mutex<Told>>;

/// What it was told.
#[derive(Default)]
struct Told {
    records: BTreeMap<AccountId, (Record, bool)>,
    facts: BTreeMap<AccountId, Facts>,
}

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
        let routes = Router::new()
            .route("/internal/audit", post(audit))
            .route("/internal/accounts/{account}/standing", put(hear))
            .route("/internal/accounts/{account}/email", put(move_email))
            .route("/internal/accounts/{account}/role", put(change_role))
            .route("/internal/claims/{email}/release", put(let_go))
            .with_state(Arc::clone(&known));
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
        self.known.lock().unwrap().records.insert(account, (record, false));
    }

    /// Puts what it heard of the account's profile on its record.
    pub(crate) fn heard(&self, account: AccountId, facts: Facts) {
        self.known.lock().unwrap().facts.insert(account, facts);
    }

    /// What it heard of the account's profile by now.
    pub(crate) fn facts(&self, account: AccountId) -> Option<Facts> {
        self.known.lock().unwrap().facts.get(&account).cloned()
    }

    /// Has it say that something about `account` is under way.
    pub(crate) fn is_busy_with(&self, account: AccountId, busy: bool) {
        let mut known = self.known.lock().unwrap();
        known.records.entry(account).or_insert((Record::Absent, false)).1 = busy;
    }

    /// What it knows of `account` by now.
    pub(crate) fn record(&self, account: AccountId) -> Record {
        self.known.lock().unwrap().records.get(&account).map_or(Record::Absent, |(record, _)| *record)
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
        let (record, busy) = known.records.get(&account).copied().unwrap_or((Record::Absent, false));
        Entry { account, record, busy }
    };
    let facts = |account: &AccountId| Some((*account, known.facts.get(account)?.clone()));
    let facts = question.accounts.iter().filter_map(facts).collect();
    let accounts = question.accounts.iter().map(|account| entry(*account)).collect();
    Reply(StatusCode::OK, Answer { accounts, facts })
}

async fn hear(
    State(known): State<Known>,
    Path(account): Path<AccountId>,
    Internal(told): Internal<Standing>,
) {
    let mut known = known.lock().unwrap();
    let (record, _) = known.records.entry(account).or_insert((Record::Absent, false));
    *record = match *record {
        _ if told.rung == Rung::Deleted => Record::Gone,
        Record::Gone => Record::Gone,
        Record::Absent => Record::Standing(told),
        Record::Standing(standing) => Record::Standing(standing.join(told)),
    };
}

async fn move_email(
    State(known): State<Known>,
    Path(account): Path<AccountId>,
    Internal(moved): Internal<EmailMove>,
) {
    let mut known = known.lock().unwrap();
    if let Some(facts) = known.facts.get_mut(&account).filter(|facts| facts.version < moved.version) {
        facts.email = moved.email;
    }
}

async fn change_role(
    State(known): State<Known>,
    Path(account): Path<AccountId>,
    Internal(change): Internal<RoleChange>,
) {
    let mut known = known.lock().unwrap();
    if let Some(facts) = known.facts.get_mut(&account).filter(|facts| facts.version < change.version) {
        facts.role = change.role;
    }
}

/// Whose e-mail is held is nothing that it tells.
async fn let_go() {}
