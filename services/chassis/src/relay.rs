//! Delivers a service's outbox until the others have heard.
//!
//! At least once, in order for each destination and account, with a rest after a failure; a message is never
//! dropped. Whether a peer may be asked is for `circuit` to say, which message may go for `lanes`; what becomes of a
//! delivered or refused one in the database is the service's business.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::Instant;

use self::circuit::Circuit;
use self::lanes::Lanes;
use crate::beat;
use crate::clock::Timestamp;
use crate::entropy::Stream;
use crate::id::AccountId;
use crate::outbox::{Message, Outbox, Sequence};
use crate::peer::{DEADLINE, Peer};
use crate::shutdown::Shutdown;

mod circuit;
mod lanes;

/// Deliveries at a time: enough to use the loopback, few enough not to crowd a service that just came back. Each
/// peer has its share of its own, so that one that hangs holds up nobody else's messages.
const IN_FLIGHT_MAX: usize = 16;
/// Looks for work that no commit announced, such as a lane whose rest ended.
const TICK: Duration = Duration::from_millis(250);

/// The delivery of one service's messages.
#[derive(Debug)]
pub struct Relay {
    /// Whose messages they are; with the sequence number that names each of them.
    pub service: &'static str,
    /// What is to be delivered.
    pub outbox: Arc<Outbox>,
    /// The services that messages may name.
    pub peers: Vec<Peer>,
    /// The one of them that is told when there is no news for it.
    pub beats_to: &'static str,
    /// Draws the jitter of the rests.
    pub jitter: Stream,
}

/// What a message came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The receiver has taken it: its row goes.
    Delivered,
    /// The receiver refused it for good, and said why: its row is parked.
    Refused(String),
}

/// A delivery that came back.
struct Flight {
    account: AccountId,
    /// Whether the peer decided, one way or the other.
    decided: bool,
    /// Whether the message's ending is durable.
    settled: bool,
}

/// The deliveries to one peer.
struct Line<'a> {
    peer: &'a Peer,
    /// Deliveries at a time.
    share: usize,
    circuit: Circuit,
    lanes: Lanes,
}

impl Relay {
    /// Delivers until `shutdown`; `settle` makes durable what a message came to, and takes it out of its lane in the
    /// outbox.
    pub async fn run<S, F, E>(self, settle: S, shutdown: Shutdown)
    where
        S: Fn(Sequence, Ending) -> F + Send + Sync,
        F: Future<Output = Result<(), E>> + Send,
        E: std::error::Error + Send,
    {
        let share = (IN_FLIGHT_MAX / self.peers.len().max(1)).max(1);
        let lines = self.peers.iter().map(|peer| {
            let line = Line { peer, share, circuit: Circuit::default(), lanes: Lanes::default() };
            self.serve(line, &settle, shutdown.clone())
        });
        let listeners = self.peers.iter().filter(|peer| peer.name() == self.beats_to);
        let beats = listeners.map(|peer| beat::run(peer, &self.outbox, shutdown.clone()));
        tokio::join!(join_all(lines), join_all(beats));
    }

    async fn serve<S, F, E>(&self, mut line: Line<'_>, settle: &S, mut shutdown: Shutdown)
    where
        S: Fn(Sequence, Ending) -> F + Send + Sync,
        F: Future<Output = Result<(), E>> + Send,
        E: std::error::Error + Send,
    {
        let mut changes = self.outbox.subscribe();
        let mut flights = FuturesUnordered::new();
        loop {
            for (sequence, message) in line.next(&self.outbox, flights.len(), Instant::now()) {
                flights.push(self.deliver(line.peer, sequence, message, settle));
            }
            // In this order, so that a simulation repeats.
            tokio::select! {
                biased;
                () = shutdown.requested() => return,
                Some(flight) = flights.next() => line.land(&flight, Instant::now(), &self.jitter),
                _ = changes.changed() => {}
                () = tokio::time::sleep(TICK) => {}
            }
        }
    }

    /// What the message is known by at its receiver. A database that was put back from an older copy numbers its
    /// messages from there again, so the number alone would name two of them.
    fn key(&self, peer: &Peer, sequence: Sequence) -> String {
        let at = self.outbox.committed_at(peer.name(), sequence).map_or(0, Timestamp::as_millis);
        format!("{}-{sequence}-{at}", self.service)
    }

    async fn deliver<S, F, E>(
        &self,
        peer: &Peer,
        sequence: Sequence,
        message: Arc<Message>,
        settle: &S,
    ) -> Flight
    where
        S: Fn(Sequence, Ending) -> F + Sync,
        F: Future<Output = Result<(), E>> + Send,
        E: std::error::Error,
    {
        let key = self.key(peer, sequence);
        let account = message.account;
        let ending = match peer.put(&message.path, &message.body, &key, DEADLINE).await {
            Ok(_) => Ending::Delivered,
            Err(error) if error.is_final() => Ending::Refused(error.to_string()),
            Err(error) => {
                tracing::warn!(outbox.key = key, path = message.path, %error, "a message waits");
                return Flight { account, decided: false, settled: false };
            }
        };
        if let Ending::Refused(why) = &ending {
            tracing::error!(
                outbox.key = key,
                path = message.path,
                why,
                "a message was refused and is parked"
            );
        }
        let settled = settle(sequence, ending).await;
        if let Err(error) = &settled {
            tracing::error!(outbox.key = key, %error, "what a message came to could not be written down");
        }
        Flight { account, decided: true, settled: settled.is_ok() }
    }
}

impl Line<'_> {
    /// The messages that go out now, with `in_flight` still under way.
    fn next(&mut self, outbox: &Outbox, in_flight: usize, now: Instant) -> Vec<(Sequence, Arc<Message>)> {
        let messages = match self.circuit.is_open() {
            false => self.due(outbox, self.share.saturating_sub(in_flight), now),
            true if in_flight == 0 && self.circuit.may_probe(now) => self.probe(outbox, now),
            true => Vec::new(),
        };
        for (_, message) in &messages {
            self.lanes.depart(message.account);
        }
        messages
    }

    fn due(&self, outbox: &Outbox, room: usize, now: Instant) -> Vec<(Sequence, Arc<Message>)> {
        outbox.heads(self.peer.name(), room, |account| self.lanes.is_free(account, now))
    }

    /// One message, of a lane that never failed or else rests for the longest time: one that always fails must not
    /// be the only one that is ever tried.
    fn probe(&mut self, outbox: &Outbox, now: Instant) -> Vec<(Sequence, Arc<Message>)> {
        let heads = outbox.heads(self.peer.name(), usize::MAX, |_| true);
        let probe = heads.into_iter().min_by_key(|(_, message)| self.lanes.rests_until(&message.account));
        if probe.is_some() {
            self.circuit.probed(now);
        }
        probe.into_iter().collect()
    }

    fn land(&mut self, flight: &Flight, now: Instant, jitter: &Stream) {
        if flight.settled {
            self.lanes.settled(flight.account);
        } else {
            self.lanes.failed(flight.account, now, jitter);
        }
        if flight.decided && self.circuit.answered() {
            self.lanes.wake(now);
            tracing::info!(peer = self.peer.name(), "a service answers again");
        }
        if !flight.decided && self.circuit.unanswered(now) {
            tracing::warn!(peer = self.peer.name(), "a service does not answer; it is probed from now on");
        }
    }
}

#[cfg(test)]
mod tests;
