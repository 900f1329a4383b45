//! What the user service asks of auth: to hold an e-mail for an account that moves to it.
//!
//! Everything else travels through the outbox.

use chassis::peer::{DEADLINE, Peer, PeerError};
use http::StatusCode;

use crate::change::Change;

/// The service that keeps e-mails, passwords and sessions.
pub(crate) const AUTH: &str = "auth";
/// The service that keeps notes.
pub(crate) const NOTES: &str = "notes";

/// The auth service.
#[derive(Debug)]
pub(crate) struct Auth(Peer);

/// What auth decided about an e-mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reservation {
    /// It is held for the change.
    Held,
    /// It belongs to someone else.
    Taken,
}

impl Auth {
    /// Auth behind `peer`.
    pub(crate) fn new(peer: Peer) -> Self {
        Self(peer)
    }

    /// Asks auth to hold the e-mail of `change`; the same change may ask again.
    pub(crate) async fn reserve(&self, change: &Change) -> Result<Reservation, PeerError> {
        match self.0.put(&change.claim_path(), &change.claim(), &change.id, DEADLINE).await {
            Ok(_) => Ok(Reservation::Held),
            Err(PeerError::Refused { status: StatusCode::CONFLICT, .. }) => Ok(Reservation::Taken),
            Err(error) => Err(error),
        }
    }
}
