//! Accounts, passwords and tokens.
//!
//! A request goes from `api` (HTTP) through `service` (the verb) to `store` (PoloDB). What other services must
//! hear is committed with the change and delivered by `relay`, which also writes the mails; the only question
//! that waits for an answer is the one to user whether a profile can be made (`peer`). It knows no profiles and
//! sees no notes.

mod account;
mod api;
mod bundle;
mod doctor;
mod error;
pub mod fixture;
mod guess;
mod idempotency;
pub mod mail;
mod news;
mod password;
mod peer;
mod relay;
mod reset;
mod service;
mod store;
mod token;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

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
use self::guess::Guesses;
pub use self::guess::Tolerance;
pub use self::mail::{Capture, Smtp};
use self::mail::{Carrier, Desk, Mailbox, Post, Slips};
pub use self::password::HashCost;
use self::relay::Mails;
use self::service::{Doctor, Hashing, Service, Streams, cores};
use self::store::Store;
use self::token::Issuer;
pub use self::token::{TokenLifetime, TokenLifetimeError};

/// The service's name, for streams of randomness and for credentials.
const NAME: &str = "auth";

/// What the auth service is made of.
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
    /// The one origin that browsers may call from, and that mails link to.
    pub client_url: HeaderValue,
    /// The connections to other services.
    pub client: Client,
    /// Where user is.
    pub user: Uri,
    /// Where notes is.
    pub notes: Uri,
    /// How long a token works.
    pub token_lifetime: TokenLifetime,
    /// What a password hash costs.
    pub hash_cost: HashCost,
    /// UTF-16 units of a new password at least.
    pub password_min: usize,
    /// How many wrong passwords are borne, `None` for any number.
    pub tolerance: Option<Tolerance>,
    /// Where mails go; without a server they stay in the folder `mailbox` of the data directory.
    pub smtp: Option<Smtp>,
    /// Where mail of other programs arrives, if it is to be kept in the mailbox too.
    pub capture: Option<Capture>,
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
    #[error("{} cannot be opened as the accounts database", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// What the engine said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The mail settings make no sense.
    #[error("mails cannot be sent with these settings")]
    Mail {
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The auth service, open.
pub struct Auth {
    service: Arc<Service>,
    doctor: Arc<Doctor>,
    edge: Edge,
    peers: Vec<Peer>,
    jitter: Stream,
    mails: Mails,
    slips: Mutex<Option<Slips>>,
    capture: Option<Capture>,
}

impl Auth {
    /// Takes the data directory and opens the database in it. Blocks for as long as that takes.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        let store = Arc::new(Store::open(&config.data_dir, config.clock.clone(), config.accept_loss)?);
        let mailbox = Arc::new(Mailbox::open(&config.data_dir.join(mail::FOLDER))?);
        let mails = mails(&config, &mailbox)?;
        let key = Key::derive(&config.secret);
        let signer = Signer::new(NAME, &key, config.clock.clone());
        let peer = |name, uri: &Uri| Peer::new(name, uri.clone(), config.client.clone(), signer.clone());
        let peers = vec![peer(peer::USER, &config.user), peer(peer::NOTES, &config.notes)];
        let stream = |purpose| config.entropy.stream(NAME, purpose);
        let (desk, slips) = Desk::open();
        let doctor = Doctor::new(
            Arc::clone(&store),
            peer(peer::USER, &config.user),
            peer(peer::NOTES, &config.notes),
            config.clock.clone(),
        );
        let doctor = Arc::new(doctor);
        let service = Arc::new(Service {
            store,
            user: peer::User::new(peer(peer::USER, &config.user)),
            guesses: Guesses::new(config.tolerance, config.clock.clone()),
            hashing: Hashing::open(config.hash_cost, cores(), stream("salt"))
                .map_err(DirError::io(&config.data_dir))?,
            issuer: Issuer::new(&config.secret, config.token_lifetime, config.clock.clone())
                .of(config.issuers.clone()),
            desk,
            mailbox,
            clock: config.clock.clone(),
            streams: Streams {
                account: stream("account id"),
                saga: stream("saga id"),
                reset_token: stream("reset token"),
            },
        });
        let gate = Gate::default();
        let app = App {
            auth: Arc::clone(&service),
            doctor: Arc::clone(&doctor),
            verifier: Verifier::new(&config.secret, config.clock.clone()).of(config.issuers.clone()),
            guard: Guard::new(NAME, &key, config.clock.clone()),
            gate: gate.clone(),
            password_min: config.password_min,
        };
        let (request_ids, jitter) = (stream("request id"), stream("jitter"));
        let edge = edge::Config { clock: config.clock, request_ids, client_url: config.client_url };
        let edge = Edge::around(api::routes(app), edge).behind(gate);
        let (slips, capture) = (Mutex::new(Some(slips)), config.capture);
        Ok(Self { service, doctor, edge, peers, jitter, mails, slips, capture })
    }

    /// The service's routes.
    pub fn router(&self) -> Edge {
        self.edge.clone()
    }

    /// Delivers what other services must hear, writes mails and catches those of others, until `shutdown`. Mails are
    /// written by the first caller's future only.
    pub fn relay(&self, shutdown: Shutdown) -> impl Future<Output = ()> + Send + use<> {
        let (service, mails) = (Arc::clone(&self.service), self.mails.clone());
        let (peers, jitter) = (self.peers.clone(), self.jitter.clone());
        let slips = self.slips.lock().unwrap_or_else(PoisonError::into_inner).take();
        let capture = self.capture.clone();
        async move {
            let deliver = relay::run(Arc::clone(&service.store), peers, jitter, shutdown.clone());
            let forget = Arc::clone(&service).forget_receipts(shutdown.clone());
            let catch = relay::catch(Arc::clone(&service), capture, shutdown.clone());
            match slips {
                Some(slips) => {
                    tokio::join!(deliver, forget, catch, relay::write(service, slips, mails, shutdown));
                }
                None => {
                    tokio::join!(deliver, forget, catch);
                }
            }
        }
    }

    /// Copies all that the service keeps into the folder `to`. Blocks for as long as that takes.
    ///
    /// # Errors
    /// When something cannot be read or written, or changes meanwhile.
    pub fn copy(&self, to: &Path) -> Result<(), CopyError> {
        self.service.store.copy(to)?;
        Ok(self.service.mailbox.copy(&to.join(mail::FOLDER))?)
    }

    /// Looks for faults now and once a minute, until `shutdown`.
    pub fn doctor(&self, shutdown: Shutdown) -> impl Future<Output = ()> + Send + use<> {
        Arc::clone(&self.doctor).watch(shutdown)
    }
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Auth(..)")
    }
}

fn mails(config: &Config, mailbox: &Arc<Mailbox>) -> Result<Mails, OpenError> {
    let client_url = String::from_utf8_lossy(config.client_url.as_bytes()).into_owned();
    let clock = config.clock.clone();
    let post = if let Some(smtp) = config.smtp.clone() {
        let carrier = Carrier::new(smtp, config.entropy.stream(NAME, "mail id"));
        let carrier = carrier.map_err(|error| OpenError::Mail { source: error.into() })?;
        Post::by_smtp(carrier, clock)
    } else {
        Post::to_mailbox(Arc::clone(mailbox), clock)
    };
    Ok(Mails { client_url, post })
}
