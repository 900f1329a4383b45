//! The notes service: notes, their lists, and the literal search over them.
//!
//! ```text
//! api ──► service ──► store ──► SQLite (one writer thread, several readers)
//!            │          └─ scan ──► folding
//!            └─ note, listing
//! ```
//!
//! Knows of its authors only an account id and where that stands; tokens and the other services tell.

mod api;
mod error;
pub mod fixture;
mod folding;
mod listing;
mod note;
mod service;
mod store;

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;

use chassis::clock::Clock;
use chassis::edge::{self, Edge};
use chassis::entropy::Entropy;
use chassis::internal::{Guard, Key};
use chassis::secret::Secret;
use chassis::token::Verifier;
use http::HeaderValue;

use self::api::App;
use self::service::Service;
pub use self::store::OpenError;
use self::store::Store;

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
    /// The one origin that browsers may call from.
    pub client_url: HeaderValue,
}

/// The notes service, open.
#[derive(Clone, Debug)]
pub struct Notes {
    app: App,
    edge: edge::Config,
}

impl Notes {
    /// Opens the data directory and finishes purges that a stop interrupted.
    ///
    /// # Errors
    /// When another process has the directory, or it or the database in it cannot be used.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        let Config {
            data_dir,
            clock,
            entropy,
            secret,
            client_url,
        } = config;
        // Each thread of the runtime reads in place, and as many scans run beside them: no reader is waited for.
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let store = Store::open(&data_dir, u32::try_from(2 * threads).unwrap_or(u32::MAX))?;
        let service = Service::open(store, clock.clone(), entropy.stream(NAME, "note id"), threads).map_err(
            |source| OpenError::Database {
                path: data_dir,
                source: source.into(),
            },
        )?;
        let app = App {
            notes: Arc::new(service),
            verifier: Verifier::new(&secret, clock.clone()),
            guard: Guard::new(NAME, &Key::derive(&secret), clock.clone()),
        };
        let edge = edge::Config {
            clock,
            request_ids: entropy.stream(NAME, "request id"),
            client_url,
        };
        Ok(Self { app, edge })
    }

    /// The routes with everything around them.
    pub fn router(&self) -> Edge {
        Edge::around(api::routes(self.app.clone()), self.edge.clone())
    }
}
