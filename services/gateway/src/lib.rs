//! The only public door: checks, limits and dispatches; it has no domain and no database.
//!
//! Reading order: [`ROUTES`] (what is public), `dispatch` (what a request goes through), `path` (where it
//! leads), `forward` (how a service is asked), `budget` and `limit` (how often), `shield` (how fast), `crowd` (how
//! much at a time).
//!
//! It knows services by their prefix and address, and nothing of users, passwords or notes.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use chassis::clock::Clock;
use chassis::connect::Client;
use chassis::edge::{self, Edge};
use chassis::entropy::Entropy;
use chassis::internal::Signer;
use chassis::reply::Reply;
use http::uri::Authority;
use http::{HeaderValue, StatusCode, Uri};
use serde::Serialize;

mod address;
mod budget;
mod crowd;
mod description;
mod dispatch;
mod error;
mod forward;
mod limit;
mod path;
mod routes;
mod shield;

pub use budget::Quota;
pub use description::DESCRIPTION;
pub use routes::{Access, ROUTES, Route, Upstream};
pub use shield::Burst;

use address::Proxies;
use crowd::Crowd;
use dispatch::{Door, dispatch};
use forward::{Authorities, Forwarder};
use limit::Limit;

/// When a service's whole answer must be here (PROTOCOL.md §6).
pub const DEADLINE: Duration = Duration::from_secs(5);

/// What a gateway is made of.
#[derive(Clone, Debug)]
pub struct Config {
    /// The calendar of rate windows and `Date`.
    pub clock: Clock,
    /// Where request ids come from.
    pub entropy: Entropy,
    /// The one origin that browsers may call from.
    pub client_url: HeaderValue,
    /// Where the auth service is: scheme `http`, host and port.
    pub auth_uri: Uri,
    /// Where the user service is.
    pub user_uri: Uri,
    /// Where the notes service is.
    pub notes_uri: Uri,
    /// How services are reached.
    pub client: Client,
    /// Vouches for clients at services that ask who they are.
    pub signer: Signer,
    /// When a service's whole answer must be here: [`DEADLINE`] but in tests.
    pub deadline: Duration,
    /// What each client may ask of each service, `None` for no end.
    pub quota: Option<Quota>,
    /// How fast each client may send, `None` for any speed.
    pub burst: Option<Burst>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
}

/// Why a gateway cannot be opened.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum OpenError {
    /// A service's address is more or less than a scheme, a host and a port.
    #[error("the {service} service cannot be at {uri}: expected http://host:port")]
    Address {
        /// The service.
        service: &'static str,
        /// Its address as configured.
        uri: Uri,
    },
    /// A limit of zero would let nothing through.
    #[error("{limit} must be at least 1")]
    ZeroLimit {
        /// The setting.
        limit: &'static str,
    },
}

const NO_BUDGET: OpenError = OpenError::ZeroLimit { limit: "the budget's requests and window" };
const NO_BURST: OpenError = OpenError::ZeroLimit { limit: "the burst shield's rate and burst" };

/// The gateway, ready to serve.
#[derive(Clone, Debug)]
pub struct Gateway {
    edge: Edge,
}

impl Gateway {
    /// Puts the door together. A burst shield forgets old clients in a task, so it needs a runtime.
    ///
    /// # Errors
    /// When the configuration makes no sense; services need not be up.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        let proxies = Arc::new(Proxies::new(&config.trusted_proxies));
        let door = door(&config, Arc::clone(&proxies))?;
        let mut routes = Router::new().fallback(dispatch).with_state(Arc::new(door));
        if let Some(burst) = config.burst {
            routes = shield::guard(routes, burst, proxies).ok_or(NO_BURST)?;
        }
        // Added after the shield, and so outside of it.
        let routes = routes.route("/health", get(health));
        let edge = edge::Config {
            clock: config.clock,
            request_ids: config.entropy.stream("gateway", "request id"),
            client_url: config.client_url,
        };
        Ok(Self { edge: Edge::with_fallback(routes, edge) })
    }

    /// The door itself.
    pub fn router(&self) -> Edge {
        self.edge.clone()
    }
}

fn door(config: &Config, proxies: Arc<Proxies>) -> Result<Door, OpenError> {
    let authorities = Authorities {
        auth: authority("auth", &config.auth_uri)?,
        user: authority("user", &config.user_uri)?,
        notes: authority("notes", &config.notes_uri)?,
    };
    let (client, signer, deadline) = (config.client.clone(), config.signer.clone(), config.deadline);
    let forwarder = Forwarder { client, authorities, signer, deadline, crowd: Crowd::new() };
    let limit = config.quota.map(|quota| limit(quota, &config.clock)).transpose()?;
    Ok(Door { proxies, limit, forwarder })
}

fn limit(quota: Quota, clock: &Clock) -> Result<Limit, OpenError> {
    if quota.requests == 0 || quota.window_s == 0 {
        return Err(NO_BUDGET);
    }
    Ok(Limit::new(quota, clock.clone()))
}

fn authority(service: &'static str, uri: &Uri) -> Result<Authority, OpenError> {
    let bare = uri.scheme_str() == Some("http") && uri.path() == "/" && uri.query().is_none();
    let authority = uri.authority().filter(|_| bare).cloned();
    authority.ok_or_else(|| OpenError::Address { service, uri: uri.clone() })
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    service: &'static str,
}

async fn health() -> Reply<Health> {
    Reply(StatusCode::OK, Health { status: "OK", service: "API Gateway" })
}
