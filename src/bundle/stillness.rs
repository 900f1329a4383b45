//! A moment in which the services take no requests from clients, so that all of them can be read or written as one.
//!
//! Each service opens by itself when nobody renews the moment: whoever asked for it may have been killed.

use std::time::Duration;

use chassis::gate::{Mode, Pause, Paused};
use chassis::peer::{Peer, PeerError};
use http::{Method, StatusCode};
use tokio::time::{Instant, interval};

use crate::Failed;
use crate::operated::{Peers, explained};
use crate::settling::settled;

const PATH: &str = "/internal/pause";
/// How long a service stays closed without another word: some renewals may come late on a busy machine.
const LEASE: Duration = Duration::from_secs(10);
/// After which it is renewed.
const RENEW_AFTER: Duration = Duration::from_secs(3);
/// A service lets those inside finish, for five seconds at most.
const ANSWER: Duration = Duration::from_secs(8);
/// Between two looks whether somebody else's pause is over.
const OTHERS: Duration = Duration::from_millis(50);

/// Services that stand still until this is ended.
pub(super) struct Stillness<'a> {
    peers: &'a Peers,
    mode: Mode,
    since: Instant,
    renewed: Instant,
}

impl<'a> Stillness<'a> {
    /// Begins it: in `mode` nothing of clients goes on in any service.
    pub(super) async fn begin(peers: &'a Peers, mode: Mode) -> Result<Self, Failed> {
        let now = Instant::now();
        let stillness = Self { peers, mode, since: now, renewed: now };
        for (closed, peer) in peers.values().enumerate() {
            if let Err(error) = stillness.close(peer).await {
                for peer in peers.values().take(closed) {
                    open(peer).await;
                }
                return Err(explained(error));
            }
        }
        Ok(stillness)
    }

    /// Closes one service, after a pause that somebody else may have there: one that was killed leaves its own.
    async fn close(&self, peer: &Peer) -> Result<(), PeerError> {
        let (deadline, mut looks) = (Instant::now() + LEASE, interval(OTHERS));
        loop {
            looks.tick().await;
            match self.pause(peer, false).await {
                Err(PeerError::Refused { status: StatusCode::CONFLICT, .. }) if Instant::now() < deadline => {
                }
                closed => return closed,
            }
        }
    }

    /// Waits until all that was acknowledged is everywhere.
    pub(super) async fn settle(&self) -> Result<(), Failed> {
        if settled(|| self.waiting()).await? {
            return Ok(());
        }
        Err("messages between the services still wait: is each of them running? `satchel doctor` tells more"
            .into())
    }

    /// Keeps it from ending by itself.
    pub(super) async fn go_on(&mut self) -> Result<(), Failed> {
        if self.renewed.elapsed() >= RENEW_AFTER {
            self.renew().await?;
        }
        Ok(())
    }

    /// Ends it, and tells how long it lasted; an error if it was over before somewhere.
    pub(super) async fn end(self) -> Result<Duration, Failed> {
        let mut lasted = Ok(());
        for peer in self.peers.values() {
            // Where it is over, somebody else may have the service still.
            match self.pause(peer, true).await {
                Ok(()) => open(peer).await,
                Err(error) => lasted = Err(explained(error)),
            }
        }
        lasted.map(|()| self.since.elapsed())
    }

    async fn renew(&mut self) -> Result<(), Failed> {
        let now = Instant::now();
        for peer in self.peers.values() {
            self.pause(peer, true).await.map_err(explained)?;
        }
        self.renewed = now;
        Ok(())
    }

    async fn waiting(&self) -> Result<u64, Failed> {
        let mut waiting = 0;
        for peer in self.peers.values() {
            let told = peer.call(Method::GET, PATH, None::<&()>, ANSWER).await.map_err(explained)?;
            waiting += serde_json::from_value::<Paused>(told)?.waiting;
        }
        Ok(waiting)
    }

    async fn pause(&self, peer: &Peer, renews: bool) -> Result<(), PeerError> {
        let lease_ms = u64::try_from(LEASE.as_millis()).unwrap_or(u64::MAX);
        let pause = Pause { mode: self.mode, lease_ms, renews };
        peer.call(Method::PUT, PATH, Some(&pause), ANSWER).await.map(drop)
    }
}

async fn open(peer: &Peer) {
    if let Err(error) = peer.call(Method::DELETE, PATH, None::<&()>, ANSWER).await {
        tracing::warn!(%error, "{} stays closed for some seconds", peer.name());
    }
}
