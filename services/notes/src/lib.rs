//! The notes service: notes, their lists, and the searches over them.
//!
//! ```text
//! api ──► service ──► store ──► SQLite (one writer thread, several readers)
//!            │          └─ literal ──► corpus, folding
//!            ├─ search ──► tantivy (one indexing thread)
//!            └─ note, listing, ranked, completion
//! ```
//!
//! Knows of its authors only an account id and where that stands; tokens and the other services tell.

mod api;
mod bundle;
mod completion;
mod corpus;
mod doctor;
mod error;
pub mod fixture;
mod folding;
mod listing;
mod note;
mod peer;
mod ranked;
mod search;
mod service;
mod store;

use std::future::Future;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chassis::clock::Clock;
use chassis::connect::Client;
use chassis::dir::DirError;
use chassis::edge::{self, Edge};
use chassis::entropy::Entropy;
use chassis::gate::Gate;
use chassis::internal::{Guard, Key, Signer};
use chassis::peer::Peer;
use chassis::secret::Secret;
use chassis::shutdown::Shutdown;
use chassis::token::{Issuers, Verifier};
use http::{HeaderValue, Uri};
use tokio::time::Instant;

use self::api::App;
pub use self::api::DESCRIPTION;
use self::search::Index;
use self::service::{Data, Doctor, Hearing, Service};
use self::store::Store;
#[cfg(feature = "simulation")]
pub use self::store::inspection;

/// The service's name: in credentials between services, in streams of randomness.
const NAME: &str = "notes";

/// What the notes service is made of.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where its database is kept: a directory of its own, which exists.
    pub data_dir: PathBuf,
    /// The calendar.
    pub clock: Clock,
    /// Where note ids and request ids are drawn from.
    pub entropy: Entropy,
    /// The secret that tokens are signed with.
    pub secret: Secret<String>,
    /// The names that tokens are issued under.
    pub issuers: Issuers,
    /// The one origin that browsers may call from.
    pub client_url: HeaderValue,
    /// Whether nobody is served when auth and user have been silent for a minute.
    pub strict: bool,
    /// Whether to go on with a database that lost its end; otherwise such a one is not opened.
    pub accept_loss: bool,
    /// The connections to other services.
    pub client: Client,
    /// Where auth is.
    pub auth: Uri,
    /// Where user is.
    pub user: Uri,
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
    #[error("{} cannot be opened as the notes database", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// What SQLite or a migration said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Acknowledged changes are gone from it.
    #[error(
        "{} lost its end: it has {has} commits and had {had}. Restore a backup, or start once with --accept-loss to go \
         on without what is missing",
        path.display()
    )]
    Lost {
        /// The database.
        path: PathBuf,
        /// How many commits it has.
        has: u64,
        /// How many it had.
        had: u64,
    },
    /// A later version of this program wrote it.
    #[error("{} has version {version}, this program knows versions up to {known}", path.display())]
    TooNew {
        /// The database.
        path: PathBuf,
        /// Its version.
        version: usize,
        /// The version that this program writes.
        known: usize,
    },
}

/// The notes service, open.
#[derive(Clone, Debug)]
pub struct Notes {
    edge: Edge,
    doctor: Arc<Doctor>,
    store: Arc<Store>,
}

impl Notes {
    /// Takes the data directory, opens the database in it and finishes purges that a stop interrupted. Blocks for
    /// as long as that takes.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        // Each thread of the runtime reads in place, and as many scans run beside them: no reader is waited for.
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let readers = u32::try_from(2 * threads).unwrap_or(u32::MAX);
        let store = Store::open(&config.data_dir, readers, config.accept_loss)?;
        let stream = |purpose| config.entropy.stream(NAME, purpose);
        let store = Arc::new(store);
        let index = Arc::new(Index::open(&config.data_dir, Arc::clone(&store)));
        let data = Data { index, store: Arc::clone(&store) };
        let key = Key::derive(&config.secret);
        let signer = Signer::new(NAME, &key, config.clock.clone());
        let peer = |name, uri: &Uri| Peer::new(name, uri.clone(), config.client.clone(), signer.clone());
        let (auth, user) = (peer(peer::AUTH, &config.auth), peer(peer::USER, &config.user));
        let doctor = Arc::new(Doctor::new(data.clone(), auth, user));
        let hearing = config.strict.then(|| Hearing::new(Instant::now()));
        let service = Service::open(data, config.clock.clone(), stream("note id"), threads, hearing)
            .map_err(|error| OpenError::Database { path: config.data_dir, source: error.into() })?;
        let gate = Gate::default();
        let app = App {
            notes: Arc::new(service),
            doctor: Arc::clone(&doctor),
            verifier: Verifier::new(&config.secret, config.clock.clone()).of(config.issuers.clone()),
            guard: Guard::new(NAME, &key, config.clock.clone()),
            gate: gate.clone(),
        };
        let edge = edge::Config {
            clock: config.clock,
            request_ids: stream("request id"),
            client_url: config.client_url,
        };
        Ok(Self { edge: Edge::around(api::routes(app), edge).behind(gate), doctor, store })
    }

    /// The service's routes.
    pub fn router(&self) -> Edge {
        self.edge.clone()
    }

    /// Copies all that the service keeps into the folder `to`. Blocks for as long as that takes.
    ///
    /// # Errors
    /// When something cannot be read or written, or changes meanwhile.
    pub fn copy(&self, to: &Path) -> Result<(), CopyError> {
        self.store.copy(to)??;
        search::copy(self.store.folder(), to);
        Ok(())
    }

    /// Looks for faults now and once a minute, until `shutdown`.
    pub fn doctor(&self, shutdown: Shutdown) -> impl Future<Output = ()> + Send + use<> {
        Arc::clone(&self.doctor).watch(shutdown)
    }
}
