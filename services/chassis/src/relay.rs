//! Delivers a service's outbox until the others have heard.
//!
//! At least once, in order for each destination and account, with backoff; a message is never dropped.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use http::Method;
use tokio::time::Instant;

use crate::entropy::Stream;
use crate::outbox::{Lane, Message, Outbox, Sequence};
use crate::peer::{DEADLINE, Peer, PeerError};
use crate::shutdown::Shutdown;

/// Deliveries at a time: enough to use the loopback, few enough not to crowd a peer that just came back.
const IN_FLIGHT_MAX: usize = 16;
/// Looks for work that no commit announced, such as a lane whose backoff ended.
const TICK: Duration = Duration::from_millis(250);
const BACKOFF_MIN_MS: u32 = 50;
const BACKOFF_MAX_MS: u32 = 5_000;

/// The delivery of one service's messages.
#[derive(Debug)]
pub struct Relay {
    /// What is to be delivered.
    pub outbox: Arc<Outbox>,
    /// The services that messages may name.
    pub peers: Vec<Peer>,
    /// Draws the jitter of the backoff.
    pub jitter: Stream,
}

/// A lane that has to wait after a failed delivery.
#[derive(Clone, Copy)]
struct Backoff {
    attempts: u32,
    until: Instant,
}

impl Relay {
    /// Delivers until `shutdown`; `remove` makes the removal of a delivered row durable.
    pub async fn run<R, F, E>(self, remove: R, mut shutdown: Shutdown)
    where
        R: Fn(Sequence) -> F + Send + Sync,
        F: Future<Output = Result<(), E>> + Send,
        E: std::error::Error + Send,
    {
        let mut changes = self.outbox.subscribe();
        let mut flights = FuturesUnordered::new();
        let mut busy = BTreeSet::new();
        let mut backoffs: BTreeMap<Lane, Backoff> = BTreeMap::new();
        loop {
            for (sequence, message) in self.ready(&busy, &backoffs, IN_FLIGHT_MAX - flights.len()) {
                busy.insert(message.lane());
                flights.push(self.deliver(sequence, message, &remove));
            }
            tokio::select! {
                () = shutdown.requested() => return,
                Some((lane, delivered)) = flights.next() => {
                    busy.remove(&lane);
                    self.settle(lane, delivered, &mut backoffs);
                }
                _ = changes.changed() => {}
                () = tokio::time::sleep(TICK) => {}
            }
        }
    }

    fn ready(
        &self,
        busy: &BTreeSet<Lane>,
        backoffs: &BTreeMap<Lane, Backoff>,
        room: usize,
    ) -> Vec<(Sequence, Arc<Message>)> {
        if room == 0 {
            return Vec::new();
        }
        let now = Instant::now();
        let due = |message: &Message| backoffs.get(&message.lane()).is_none_or(|wait| wait.until <= now);
        self.outbox.heads(busy).into_iter().filter(|(_, message)| due(message)).take(room).collect()
    }

    async fn deliver<R, F, E>(&self, sequence: Sequence, message: Arc<Message>, remove: &R) -> (Lane, bool)
    where
        R: Fn(Sequence) -> F + Sync,
        F: Future<Output = Result<(), E>> + Send,
        E: std::error::Error,
    {
        let lane = message.lane();
        if let Err(error) = self.send(&message).await {
            tracing::warn!(outbox.sequence = sequence, path = message.path, %error, "a message waits");
            return (lane, false);
        }
        match remove(sequence).await {
            Ok(()) => {
                self.outbox.removed(sequence);
                (lane, true)
            }
            Err(error) => {
                tracing::error!(outbox.sequence = sequence, %error, "a delivered message could not be removed");
                (lane, false)
            }
        }
    }

    async fn send(&self, message: &Message) -> Result<(), PeerError> {
        let peer = self.peers.iter().find(|peer| peer.name() == message.to).ok_or(PeerError::Malformed {
            peer: "outbox",
            reason: format!("no service is called {}", message.to),
        })?;
        peer.call(Method::PUT, &message.path, Some(&message.body), DEADLINE).await.map(drop)
    }

    fn settle(&self, lane: Lane, delivered: bool, backoffs: &mut BTreeMap<Lane, Backoff>) {
        if delivered {
            backoffs.remove(&lane);
            return;
        }
        let attempts = backoffs.get(&lane).map_or(0, |wait| wait.attempts) + 1;
        let ceiling = backoff_ceiling_ms(attempts);
        let wait = Duration::from_millis(u64::from(self.jitter.below(ceiling)));
        backoffs.insert(lane, Backoff { attempts, until: Instant::now() + wait });
    }
}

/// Doubles from 50 ms to 5 s; the wait is drawn below it (full jitter).
fn backoff_ceiling_ms(attempts: u32) -> u32 {
    BACKOFF_MIN_MS.saturating_mul(1 << attempts.saturating_sub(1).min(16)).min(BACKOFF_MAX_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_backoff_doubles_up_to_its_cap() {
        let ceilings: Vec<_> = (1..=9).map(backoff_ceiling_ms).collect();
        assert_eq!(ceilings, [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert_eq!(backoff_ceiling_ms(u32::MAX), 5000);
    }
}
