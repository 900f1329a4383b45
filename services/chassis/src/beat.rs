//! Tells a service now and then that there is no news for it, so that it can tell quiet from trouble.
//!
//! What the other makes of silence is its own business.

use std::time::Duration;

use http::Method;

use crate::contract::Beat;
use crate::outbox::Outbox;
use crate::peer::{DEADLINE, Peer};
use crate::shutdown::Shutdown;

/// Between two beats: four of them fit into the minute after which a strict service takes silence for trouble.
const EVERY: Duration = Duration::from_secs(15);

/// Beats to `peer` until `shutdown`, but not while a message to it waits in `outbox`: a beat says that it has heard
/// everything. One that is lost is not sent again; the next follows.
pub async fn run(peer: &Peer, outbox: &Outbox, mut shutdown: Shutdown) {
    loop {
        tokio::select! {
            biased;
            () = shutdown.requested() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if outbox.depth(peer.name()) > 0 {
            continue;
        }
        if let Err(error) = peer.call(Method::PUT, "/internal/beat", Some(&Beat {}), DEADLINE).await {
            tracing::debug!(peer = peer.name(), %error, "a beat was not heard");
        }
    }
}
