//! Delivers a service's outbox until the others have heard.
//!
//! At least once, in order for each destination and account, with backoff; a message is never dropped.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use http::Method;
use tokio::time::Instant;

use crate::entropy::Stream;
use crate::id::AccountId;
use crate::outbox::{Message, Outbox, Sequence};
use crate::peer::{DEADLINE, Peer};
use crate::shutdown::Shutdown;

/// Deliveries at a time to one service: enough to use the loopback, few enough not to crowd one that just came
/// back. Each has its own, so that a service that hangs holds up nobody else's messages.
const IN_FLIGHT_MAX: usize = 8;
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

/// An account whose messages to one service have to wait after a failed delivery.
#[derive(Clone, Copy)]
struct Backoff {
    attempts: u32,
    until: Instant,
}

/// The state of deliveries to one service.
#[derive(Default)]
struct Lanes {
    /// Accounts with a message under way.
    busy: BTreeSet<AccountId>,
    backoffs: BTreeMap<AccountId, Backoff>,
}

impl Relay {
    /// Delivers until `shutdown`; `remove` makes the removal of a delivered row durable.
    pub async fn run<R, F, E>(self, remove: R, shutdown: Shutdown)
    where
        R: Fn(Sequence) -> F + Send + Sync,
        F: Future<Output = Result<(), E>> + Send,
        E: std::error::Error + Send,
    {
        let deliveries = self.peers.iter().map(|peer| self.serve(peer, &remove, shutdown.clone()));
        join_all(deliveries).await;
    }

    async fn serve<R, F, E>(&self, peer: &Peer, remove: &R, mut shutdown: Shutdown)
    where
        R: Fn(Sequence) -> F + Send + Sync,
        F: Future<Output = Result<(), E>> + Send,
        E: std::error::Error + Send,
    {
        let mut changes = self.outbox.subscribe();
        let mut flights = FuturesUnordered::new();
        let mut lanes = Lanes::default();
        loop {
            let now = Instant::now();
            let room = IN_FLIGHT_MAX - flights.len();
            for (sequence, message) in self.outbox.heads(peer.name(), room, |one| lanes.is_free(one, now)) {
                lanes.busy.insert(message.account);
                flights.push(self.deliver(peer, sequence, message, remove));
            }
            tokio::select! {
                () = shutdown.requested() => return,
                Some((account, delivered)) = flights.next() => {
                    lanes.busy.remove(&account);
                    lanes.settle(account, delivered, &self.jitter);
                }
                _ = changes.changed() => {}
                () = tokio::time::sleep(TICK) => {}
            }
        }
    }

    async fn deliver<R, F, E>(
        &self,
        peer: &Peer,
        sequence: Sequence,
        message: Arc<Message>,
        remove: &R,
    ) -> (AccountId, bool)
    where
        R: Fn(Sequence) -> F + Sync,
        F: Future<Output = Result<(), E>> + Send,
        E: std::error::Error,
    {
        if let Err(error) = peer.call(Method::PUT, &message.path, Some(&message.body), DEADLINE).await {
            tracing::warn!(outbox.sequence = sequence, path = message.path, %error, "a message waits");
            return (message.account, false);
        }
        let removed = remove(sequence).await;
        match &removed {
            Ok(()) => self.outbox.removed(sequence),
            Err(error) => {
                tracing::error!(outbox.sequence = sequence, %error, "a delivered message could not be removed");
            }
        }
        (message.account, removed.is_ok())
    }
}

impl Lanes {
    fn is_free(&self, account: &AccountId, now: Instant) -> bool {
        !self.busy.contains(account) && self.backoffs.get(account).is_none_or(|wait| wait.until <= now)
    }

    fn settle(&mut self, account: AccountId, delivered: bool, jitter: &Stream) {
        if delivered {
            self.backoffs.remove(&account);
            return;
        }
        let attempts = self.backoffs.get(&account).map_or(0, |wait| wait.attempts) + 1;
        let wait = Duration::from_millis(u64::from(jitter.below(backoff_ceiling_ms(attempts))));
        self.backoffs.insert(account, Backoff { attempts, until: Instant::now() + wait });
    }
}

/// Doubles from 50 ms to 5 s; the wait is drawn below it (full jitter).
fn backoff_ceiling_ms(attempts: u32) -> u32 {
    BACKOFF_MIN_MS.saturating_mul(1 << attempts.saturating_sub(1).min(16)).min(BACKOFF_MAX_MS)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::put;
    use http::{HeaderValue, StatusCode};
    use tokio::net::TcpListener;

    use super::*;
    use crate::clock::{Clock, Timestamp};
    use crate::connect::Connector;
    use crate::edge::{self, Edge};
    use crate::entropy::Entropy;
    use crate::internal::{Key, Signer};
    use crate::outbox::Row;
    use crate::secret::Secret;
    use crate::{serve, shutdown, task};

    #[test]
    fn the_backoff_doubles_up_to_its_cap() {
        let ceilings: Vec<_> = (1..=9).map(backoff_ceiling_ms).collect();
        assert_eq!(ceilings, [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert_eq!(backoff_ceiling_ms(u32::MAX), 5000);
    }

    /// A peer `name` that answers every call with success.
    async fn answering(name: &'static str, shutdown: &Shutdown) -> Peer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().route("/x", put(|| async { StatusCode::NO_CONTENT }));
        let config = edge::Config {
            clock: Clock::system(),
            request_ids: Entropy::seeded(1).stream("test", "request id"),
            client_url: HeaderValue::from_static("http://localhost"),
        };
        task::spawn("peer", serve::run(listener, Edge::around(routes, config), shutdown.clone()));
        peer(name, &base)
    }

    fn peer(name: &'static str, base: &str) -> Peer {
        let key = Key::derive(&Secret::new("secret".to_owned()));
        let signer = Signer::new("test", &key, Clock::system());
        Peer::new(name, base.parse().unwrap(), Connector::tcp().client(), signer)
    }

    #[tokio::test]
    async fn a_service_that_hangs_holds_up_no_message_to_another() {
        let (trigger, shutdown) = shutdown::channel();
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hung = peer("hung", &format!("http://{}", silent.local_addr().unwrap()));
        let healthy = answering("healthy", &shutdown).await;
        let row = |to, account: u8| {
            let account = AccountId::from_bytes([account; 12]);
            let message = Message::new(to, account, "/x".into(), &serde_json::Value::Null);
            Row::new(message, Timestamp::from_millis(0))
        };
        let mut rows: Vec<_> = (1..=100).map(|n| (u64::from(n), row("hung", n))).collect();
        rows.push((101, row("healthy", 1)));
        let outbox = Arc::new(Outbox::new(rows));
        let relay = Relay {
            outbox: Arc::clone(&outbox),
            peers: vec![hung, healthy],
            jitter: Entropy::seeded(1).stream("test", "jitter"),
        };
        let running = task::spawn("relay", relay.run(|_| async { Ok::<_, std::io::Error>(()) }, shutdown));
        assert!(outbox.settled(&[101], Duration::from_secs(1)).await);
        assert_eq!((outbox.depth("hung"), outbox.total()), (100, 100));
        trigger.fire();
        running.await.unwrap();
    }
}
