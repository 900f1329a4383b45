//! After the last fault everything comes to rest (PROTOCOL.md §7, I9): no message waits or was refused, nothing is
//! half done, and the doctor finds nothing.
//!
//! It asks the services as an operator would, and knows no client.

use std::time::Duration;

use tokio::time::Instant;

use super::asker::AGREED_WITHIN;
use crate::kit::{Gauges, Site, wait};

/// What must be zero at rest, at every service.
const AT_REST: [&str; 4] =
    ["satchel_outbox_depth{", "satchel_outbox_parked{", "satchel_sagas{", "satchel_index_lag"];

/// Demands that every service comes to rest; tells how long that took.
pub(super) fn comes_to_rest(site: &Site) -> Duration {
    let (doors, begun, mut restless) = (site.doors(), Instant::now(), Vec::new());
    let rested = wait::poll(AGREED_WITHIN, || {
        restless = [doors.auth, doors.user, doors.notes].into_iter().flat_map(restless_numbers).collect();
        restless.is_empty().then_some(())
    });
    assert!(rested.is_ok(), "not at rest after {AGREED_WITHIN:?}: {restless:?}");
    begun.elapsed()
}

fn restless_numbers(door: std::net::SocketAddr) -> Vec<(String, f64)> {
    let gauges = Gauges::read(door);
    let at_rest: Vec<_> = gauges.named(&AT_REST).collect();
    assert!(!at_rest.is_empty(), "{door} tells nothing of its outbox");
    at_rest
        .iter()
        .filter(|(_, value)| *value != 0.0)
        .map(|(name, value)| ((*name).to_owned(), *value))
        .collect()
}

/// Demands that the doctor finds nothing, in a world that runs or has stopped. In one that stopped it also looks at
/// what changed a moment ago.
pub(super) fn is_healthy(site: &Site) {
    let told = site.doctor().expect(0);
    assert_eq!(told.stdout, "{\"clean\":true,\"findings\":[]}\n");
}
