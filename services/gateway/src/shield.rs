//! The burst shield: how fast one client may send, whatever its budget says.
//!
//! It guards the process, not the contract: governor's own monotonic clock, no headers of its own, and off
//! where load is wanted. What a client may ask for in all is [`crate::budget`]'s business.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::IntoResponse;
use chassis::address::Address;
use chassis::task;
use http::Request;
use tower_governor::governor::GovernorConfigBuilder;
use tower_governor::key_extractor::KeyExtractor;
use tower_governor::{GovernorError, GovernorLayer};

use crate::address::Proxies;
use crate::error::Error;

/// How often clients that have been quiet are forgotten: it bounds the table by the addresses of a second, and a sweep
/// of that many takes about a millisecond.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// How fast each client may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Burst {
    /// Requests that are earned back each second, at least 1.
    pub per_second: u32,
    /// Requests that may come at once, at least 1.
    pub burst: u32,
}

/// Tells clients apart as the budget does, never by what a stranger's header says.
#[derive(Clone)]
struct ByAddress(Arc<Proxies>);

impl KeyExtractor for ByAddress {
    type Key = Address;

    fn extract<T>(&self, request: &Request<T>) -> Result<Address, GovernorError> {
        Ok(self.0.client(request.headers(), request.extensions()))
    }
}

/// Puts the shield before `routes`; `None` for a burst or a rate of 0.
///
/// Needs a runtime: a task drops clients that went quiet, and ends when the routes are gone.
pub(crate) fn guard(routes: Router, burst: Burst, proxies: Arc<Proxies>) -> Option<Router> {
    let config = GovernorConfigBuilder::default()
        .period(Duration::from_secs(1).checked_div(burst.per_second)?)
        .burst_size(burst.burst)
        .key_extractor(ByAddress(proxies))
        .finish()?;
    let limiter = Arc::downgrade(config.limiter());
    task::spawn("shield sweep", async move {
        let mut ticks = tokio::time::interval(SWEEP_EVERY);
        loop {
            ticks.tick().await;
            let Some(limiter) = limiter.upgrade() else { return };
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    });
    Some(routes.layer(GovernorLayer::new(config).error_handler(|error| refusal(&error).into_response())))
}

fn refusal(error: &GovernorError) -> Error {
    let retry_after_s = match error {
        // Rounded down there, so a client that obeyed would come a moment too early.
        GovernorError::TooManyRequests { wait_time, .. } => {
            u32::try_from(*wait_time).unwrap_or(u32::MAX).saturating_add(1)
        }
        // Our extractor gives neither; were it to, the client may simply ask again.
        GovernorError::UnableToExtractKey | GovernorError::Other { .. } => 1,
    };
    Error::Burst { retry_after_s }
}
