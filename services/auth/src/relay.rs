//! What auth does for others after it has answered: tells services what changed here, and writes mails.
//!
//! What there is to tell was committed with the change itself; the order and the retries are the chassis'.

use std::sync::Arc;
use std::time::Duration;

use chassis::blocking;
use chassis::entropy::Stream;
use chassis::peer::Peer;
use chassis::relay::{Ending, Relay};
use chassis::shutdown::Shutdown;
use tokio::time::{sleep, timeout_at};

use crate::NAME;
use crate::mail::{self, Capture, Letter, Post, Slips};
use crate::peer::NOTES;
use crate::service::Service;
use crate::store::Store;

/// How long mails that are owed when the world ends may take: the drain of requests has the same end.
const DRAIN_MAX: Duration = Duration::from_secs(5);

/// Delivers the outbox of `store` to `peers` until `shutdown`.
pub(crate) async fn run(store: Arc<Store>, peers: Vec<Peer>, jitter: Stream, shutdown: Shutdown) {
    let outbox = Arc::clone(store.outbox());
    let relay = Relay { service: NAME, outbox, peers, beats_to: NOTES, jitter };
    let settle = |sequence, ending| {
        let store = Arc::clone(&store);
        blocking::run(move || match ending {
            Ending::Delivered => store.delivered(sequence),
            Ending::Refused(why) => store.park(sequence, why),
        })
    };
    relay.run(settle, shutdown).await;
}

/// Keeps the mail that other programs deliver at `capture`, if there is such a place.
pub(crate) async fn catch(service: Arc<Service>, capture: Option<Capture>, shutdown: Shutdown) {
    if let Some(capture) = capture {
        mail::catch(capture, Arc::clone(&service.mailbox), service.clock.clone(), shutdown).await;
    }
}

/// Where mails lead, and how they leave.
#[derive(Clone, Debug)]
pub(crate) struct Mails {
    pub(crate) client_url: String,
    pub(crate) post: Post,
}

/// Answers `slips` with mails until `shutdown`, and then those that wait already, for five seconds.
pub(crate) async fn write(service: Arc<Service>, slips: Slips, mails: Mails, mut shutdown: Shutdown) {
    let work = work(&service, slips, mails, shutdown.clone());
    let late = async {
        shutdown.requested().await;
        service.mailbox.close();
        sleep(DRAIN_MAX).await;
    };
    tokio::select! {
        () = work => service.mailbox.close(),
        () = late => tracing::warn!("some mails were not written in time"),
    }
}

async fn work(service: &Service, mut slips: Slips, mails: Mails, mut shutdown: Shutdown) {
    loop {
        tokio::select! {
            Some(slip) = slips.recv() => {
                // The end of the world ends the rest as well.
                let _rested = timeout_at(slip.due, shutdown.requested()).await;
                mails.answer(service, slip.email).await;
            }
            () = shutdown.requested() => break,
        }
    }
    slips.close();
    while let Some(slip) = slips.recv().await {
        mails.answer(service, slip.email).await;
    }
    mails.post.drained().await;
}

impl Mails {
    async fn answer(&self, service: &Service, email: chassis::email::Email) {
        match service.start_reset(email.clone()).await {
            Ok(Some(token)) => {
                let letter = Letter::reset(email, &self.client_url, &token);
                self.post.send(letter).await;
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "a reset could not be started"),
        }
    }
}
