//! Profiles and their administration.
//!
//! A request goes from `api` (HTTP) through `service` (the verb) to `store` (PoloDB). What other services must
//! hear is committed with the change and delivered by `relay`; the only question that waits for an answer is the
//! one to auth whether an e-mail is free (`peer`). It knows no passwords, issues no tokens and sees no notes.

mod api;
mod bundle;
mod change;
mod doctor;
mod error;
pub mod fixture;
mod news;
mod peer;
mod profile;
mod relay;
mod roster;
mod service;
mod store;
mod suggestion;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chassis::clock::Clock;
use chassis::connect::Client;
use chassis::dir::DirError;
use chassis::edge::{self, Edge};
use chassis::entropy::{Entropy, Stream};
use chassis::gate::Gate;
use chassis::internal::{Guard, Key, Signer};
use chassis::peer::Peer;
use chassis::secret::Secret;
use chassis::shutdown::Shutdown;
use chassis::token::{Issuers, Verifier};
use http::{HeaderValue, Uri};

use self::api::App;
pub use self::api::DESCRIPTION;
use self::service::{Doctor, Service};
use self::store::Store;

/// The service's name, for streams of randomness and for credentials.
const NAME: &str = "user";

/// What the user service is made of.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its own directory; held exclusively while the service is open.
    pub data_dir: PathBuf,
    /// The calendar.
    pub clock: Clock,
    /// Where its randomness comes from.
    pub entropy: Entropy,
    /// What tokens are signed with.
    pub secret: Secret<String>,
    /// The names that tokens are issued under.
    pub issuers: Issuers,
    /// The one origin that browsers may call from.
    pub client_url: HeaderValue,
    /// The connections to other services.
    pub client: Client,
    /// Where auth is.
    pub auth: Uri,
    /// Where notes is.
    pub notes: Uri,
    /// Whether to go on with a database that lost its end; otherwise such a one takes no changes.
    pub accept_loss: bool,
}

/// Why the service cannot be copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The file system refuses, or somebody writes.
    #[error(transparent)]
    Dir(#[from] DirError),
    /// The database cannot be copied.
    #[error("the database cannot be copied")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<store::StoreError> for CopyError {
    fn from(error: store::StoreError) -> Self {
        Self::Store(error.into())
    }
}

/// Why the service cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data directory is in use, or the file system refuses.
    #[error(transparent)]
    Dir(#[from] DirError),
    /// It is no database of ours, or a damaged one.
    #[error("{} cannot be opened as the profiles database", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// What the engine said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The user service, open.
#[derive(Debug)]
pub struct User {
    service: Arc<Service>,
    doctor: Arc<Doctor>,
    edge: Edge,
    peers: Vec<Peer>,
    jitter: Stream,
}

impl User {
    /// Takes the data directory and opens the database in it. Blocks for as long as that takes.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        let store = Arc::new(Store::open(&config.data_dir, config.clock.clone(), config.accept_loss)?);
        let key = Key::derive(&config.secret);
        let signer = Signer::new(NAME, &key, config.clock.clone());
        let peer = |name, uri: &Uri| Peer::new(name, uri.clone(), config.client.clone(), signer.clone());
        let peers = vec![peer(peer::AUTH, &config.auth), peer(peer::NOTES, &config.notes)];
        let stream = |purpose| config.entropy.stream(NAME, purpose);
        let asked = peer(peer::AUTH, &config.auth);
        let doctor = Arc::new(Doctor::new(Arc::clone(&store), asked, config.clock.clone()));
        let service = Arc::new(Service {
            store,
            auth: peer::Auth::new(peer(peer::AUTH, &config.auth)),
            clock: config.clock.clone(),
            digits: stream("username"),
            change_ids: stream("change id"),
        });
        let gate = Gate::default();
        let app = App {
            user: Arc::clone(&service),
            doctor: Arc::clone(&doctor),
            verifier: Verifier::new(&config.secret, config.clock.clone()).of(config.issuers.clone()),
            guard: Guard::new(NAME, &key, config.clock.clone()),
            gate: gate.clone(),
        };
        let (request_ids, jitter) = (stream("request id"), stream("jitter"));
        let edge = edge::Config { clock: config.clock, request_ids, client_url: config.client_url };
        Ok(Self { service, doctor, edge: Edge::around(api::routes(app), edge).behind(gate), peers, jitter })
    }

    /// The service's routes.
    pub fn router(&self) -> Edge {
        self.edge.clone()
    }

    /// Delivers what other services must hear, until `shutdown`.
    pub fn relay(&self, shutdown: Shutdown) -> impl Future<Output = ()> + Send + use<> {
        let forget = Arc::clone(&self.service).forget_receipts(shutdown.clone());
        let deliver =
            relay::run(Arc::clone(&self.service.store), self.peers.clone(), self.jitter.clone(), shutdown);
        async move {
            tokio::join!(deliver, forget);
        }
    }

    /// Copies all that the service keeps into the folder `to`. Blocks for as long as that takes.
    ///
    /// # Errors
    /// When something cannot be read or written, or changes meanwhile.
    pub fn copy(&self, to: &Path) -> Result<(), CopyError> {
        Ok(self.service.store.copy(to)?)
    }

    /// Looks for faults now and once a minute, until `shutdown`.
    pub fn doctor(&self, shutdown: Shutdown) -> impl Future<Output = ()> + Send + use<> {
        Arc::clone(&self.doctor).watch(shutdown)
    }
}
