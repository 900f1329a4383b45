//! The control API: how tests and developers steer a world, on a loopback port of its own.
//!
//! It is a client like any other: it asks the services over their internal routes, and the processes that host them
//! over the orders in `src/topology/orders.rs`. So it works the same whether they share its process or not. It knows
//! no rule of any service. Off unless asked for; refused for a world that listens beyond loopback.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post, put};
use chassis::edge::{self, Edge};
use chassis::failure::Failure;
use chassis::serve;
use chassis::shutdown::Shutdown;
use http::{HeaderValue, StatusCode, header};
use tokio::net::TcpListener;

use crate::Failed;
use crate::cli::ServiceName;
use crate::topology::{self, Host, Recipe};

mod clock;
mod description;
mod fault;
mod fixture;
mod mail;
mod pause;
mod reach;
mod service;
mod snapshot;
mod token;
mod trace;
mod world;

pub(crate) use description::DESCRIPTION;
use reach::Reach;

/// The control API of one world, bound.
pub(crate) struct Control {
    url: String,
    listener: Option<TcpListener>,
    edge: Edge,
}

impl Control {
    /// Listens at `port` of loopback for orders to the world made by `recipe`, whose data is in `home`.
    pub(crate) async fn open(
        port: u16,
        recipe: &Arc<Recipe>,
        hosts: &BTreeMap<ServiceName, Arc<Host>>,
        home: &Path,
    ) -> Result<Self, Failed> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let bound = TcpListener::bind(address).await;
        let listener = bound.map_err(|error| topology::cannot_listen("control", address, &error))?;
        let url = topology::base(&topology::url_of(listener.local_addr()?)?);
        let reach = Reach::new(Arc::clone(recipe), hosts.clone(), home.to_owned());
        let config = edge::Config {
            clock: recipe.clock.clone(),
            request_ids: recipe.entropy.stream("control", "request id"),
            client_url: recipe.config.client_url.clone(),
        };
        let edge = Edge::around(routes(reach, recipe.config.client_url.clone()), config);
        Ok(Self { url, listener: Some(listener), edge })
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// Answers until `shutdown`; the first caller's future does.
    pub(crate) fn serve(&mut self, shutdown: Shutdown) -> impl Future<Output = ()> + Send + use<> {
        let (listener, edge) = (self.listener.take(), self.edge.clone());
        async move {
            if let Some(listener) = listener {
                serve::run(listener, edge, shutdown).await;
            }
        }
    }
}

fn routes(reach: Reach, client_url: HeaderValue) -> Router {
    Router::new()
        .route("/control", get(world::show))
        .route("/control/clock", get(clock::show).put(clock::set))
        .route("/control/reset", post(snapshot::reset))
        .route("/control/snapshots", get(snapshot::list))
        .route("/control/snapshots/{name}", put(snapshot::take).delete(snapshot::forget))
        .route("/control/snapshots/{name}/restore", post(snapshot::restore))
        .route("/control/fixtures", post(fixture::load))
        .route("/control/faults", get(fault::show).put(fault::set).delete(fault::clear))
        .route("/control/mail", get(mail::list).delete(mail::clear))
        .route("/control/mail/wait", get(mail::wait))
        .route("/control/tokens", post(token::log_in_as))
        .route("/control/traces", get(trace::list))
        .route("/control/traces/stream", get(trace::follow))
        .route("/control/services/{name}/stop", post(service::stop))
        .route("/control/services/{name}/start", post(service::start))
        .layer(middleware::from_fn_with_state(client_url, no_strangers))
        .with_state(reach)
}

/// A page from anywhere can make a browser send requests to loopback, and a name that resolves to loopback makes them
/// look like its own. Neither may steer a world.
async fn no_strangers(
    State(client_url): State<HeaderValue>,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let headers = request.headers();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_page = headers.get(header::ORIGIN).is_some_and(|origin| origin != client_url);
    if is_page || !is_loopback(host) {
        let message = "Control answers programs of this machine and pages of CLIENT_URL only";
        return Err(Failure::new(StatusCode::FORBIDDEN, message));
    }
    Ok(next.run(request).await)
}

fn is_loopback(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<http::uri::Authority>() else { return false };
    let host = authority.host().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_answered() {
        for host in ["127.0.0.1:8001", "localhost:8001", "localhost", "[::1]:8001", "127.9.9.9"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["", "evil.example:8001", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1"]
        {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
