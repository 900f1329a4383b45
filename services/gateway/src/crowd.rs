//! How much each service is asked at a time: what is beyond it waits for a moment or is refused at once.
//!
//! A service that is asked more than it can do finishes nothing in time; so it gets what keeps it busy, and the rest
//! hears soon that it must come back. Each service has a share of its own, because one that is slow must not take the
//! others with it. Who asks, and how often, is the business of [`crate::budget`] and [`crate::shield`].

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chassis::turn::{Crowded, Limits, Turn, Turns};

use crate::error::Error;
use crate::routes::Upstream;

/// Requests that a service has in hand: enough to keep its cores busy and to share a sync between many writes; the
/// last of them is answered some 15 ms later than it would be alone.
const IN_HAND_MAX: usize = 128;
/// Requests that wait for that: a burst of clients that all begin at once, a browser with its six connections each.
const WAITING_MAX: usize = 256;
/// How long they do: a refusal is of use only while nobody has given up, so it comes well within 100 ms
/// (PROMISES.md O1).
const WAIT_MAX: Duration = Duration::from_millis(25);
/// Of so many refusals one is told: a line for each would cost more than the refusal.
const TOLD_ONCE_IN: u64 = 1_000;

/// Everyone who asks something of the services.
#[derive(Debug)]
pub(crate) struct Crowd {
    auth: Turns,
    user: Turns,
    notes: Turns,
    refused: AtomicU64,
}

impl Crowd {
    /// Nobody yet.
    pub(crate) fn new() -> Self {
        let limits = Limits { at_a_time: IN_HAND_MAX, waiting: WAITING_MAX, wait_max: WAIT_MAX };
        let [auth, user, notes] = [(); 3].map(|()| Turns::new(limits));
        Self { auth, user, notes, refused: AtomicU64::new(0) }
    }

    /// Lets a request through to `upstream`, until the returned turn is dropped.
    ///
    /// # Errors
    /// When too many ask the same.
    pub(crate) async fn enter(&self, upstream: Upstream) -> Result<Turn, Error> {
        let turns = match upstream {
            Upstream::Auth => &self.auth,
            Upstream::User => &self.user,
            Upstream::Notes => &self.notes,
        };
        turns.take().await.map_err(|Crowded| self.refuse(upstream.name()))
    }

    fn refuse(&self, service: &'static str) -> Error {
        let before = self.refused.fetch_add(1, Ordering::Relaxed);
        if before.is_multiple_of(TOLD_ONCE_IN) {
            tracing::warn!(service, before, "more is asked than can be answered: requests are refused");
        }
        Error::Crowded { service }
    }
}
