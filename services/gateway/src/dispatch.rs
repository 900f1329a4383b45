//! What every request under `/api` goes through, in the contract's order of checks.
//!
//! Before this, the edge answered preflights and refused paths and queries that cannot be decoded; after it, the service
//! finds the route. Nothing here knows what a service does.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use chassis::address::Address;
use chassis::edge::Target;

use crate::address::Proxies;
use crate::error::Error;
use crate::forward::Forwarder;
use crate::limit::Limit;
use crate::path::{self, Onward};

/// What stands between clients and services.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) proxies: Arc<Proxies>,
    pub(crate) limit: Option<Limit>,
    pub(crate) forwarder: Forwarder,
}

/// Prefix, budget, path; then the service.
pub(crate) async fn dispatch(
    State(door): State<Arc<Door>>,
    Target(target): Target,
    request: Request,
) -> Result<Response, Error> {
    let onward = path::onward(&target).ok_or_else(|| Error::NoRoute(path::quoted(&target).to_owned()))?;
    let client = door.proxies.client(request.headers(), request.extensions());
    match &door.limit {
        Some(limit) => Ok(door.pass_within(limit, &onward, client, request).await),
        None => door.pass(&onward, client, request).await,
    }
}

impl Door {
    /// Every answer says what is left of the budget, a refusal too.
    async fn pass_within(
        &self,
        limit: &Limit,
        onward: &Onward<'_>,
        client: Address,
        request: Request,
    ) -> Response {
        let allowance = limit.spend(client, onward.upstream);
        let mut response = match limit.check(allowance) {
            Ok(()) => self.pass(onward, client, request).await.into_response(),
            Err(refusal) => refusal.into_response(),
        };
        limit.announce(allowance, response.headers_mut());
        response
    }

    async fn pass(&self, onward: &Onward<'_>, client: Address, request: Request) -> Result<Response, Error> {
        if !onward.is_plain() {
            return Err(Error::NoRoute(onward.target.to_owned()));
        }
        self.forwarder.forward(onward, client, request).await
    }
}
