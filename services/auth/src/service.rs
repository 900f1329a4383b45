//! What people and other services do with accounts: the verbs of auth.
//!
//! The rules live here, one file for each noun; no verb knows HTTP, and none writes but through the store.

use std::sync::Arc;

use chassis::clock::Clock;
use chassis::entropy::Stream;
use chassis::outbox::SETTLE_WITHIN;

mod account;
mod bundle;
mod credential;
mod doctor;
mod fixture;
mod hashing;
mod mail;
mod measure;
mod receipt;
mod registration;
mod session;

pub(crate) use doctor::Doctor;
pub(crate) use fixture::NewAccount;
pub(crate) use registration::Registration;
pub(crate) use session::Whose;

use crate::error::Error;
use crate::guess::Guesses;
use crate::mail::{Desk, Mailbox};
use crate::peer::User;
use crate::store::{Changed, Store};
use crate::token::Issuer;
pub(crate) use hashing::{Hashing, cores};

/// The auth service without its doors.
pub(crate) struct Service {
    pub(crate) store: Arc<Store>,
    pub(crate) user: User,
    pub(crate) guesses: Guesses,
    pub(crate) hashing: Hashing,
    pub(crate) issuer: Issuer,
    pub(crate) desk: Desk,
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) clock: Clock,
    pub(crate) streams: Streams,
}

/// Where the service's random values come from, each purpose its own.
pub(crate) struct Streams {
    pub(crate) account: Stream,
    pub(crate) saga: Stream,
    pub(crate) reset_token: Stream,
}

impl Service {
    /// Waits a moment for the end of the old sessions to arrive everywhere, then opens a new one.
    async fn settle(&self, changed: Changed) -> Result<String, Error> {
        if !self.store.outbox().settled(&changed.told, SETTLE_WITHIN).await {
            tracing::warn!(account = %changed.identity.account, "other services will hear of a password change later");
        }
        Ok(self.issuer.issue(&changed.identity)?)
    }
}
