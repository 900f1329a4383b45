//! What auth asks of the user service: to make the profile of an account being registered.
//!
//! Everything else travels through the outbox.

use std::time::Duration;

use chassis::contract::NewProfile;
use chassis::id::AccountId;
use chassis::peer::{Peer, PeerError};
use http::StatusCode;

/// The service that keeps profiles.
pub(crate) const USER: &str = "user";
/// The service that keeps notes.
pub(crate) const NOTES: &str = "notes";

/// Tries for one profile (PROTOCOL.md, R2).
const TRIES: u32 = 3;
/// What one try may take: three of them stay below what a person waits for patiently.
const TRY_WITHIN: Duration = Duration::from_millis(600);
/// Between two tries: time for a restarting service to listen again.
const REST: Duration = Duration::from_millis(100);

/// The user service.
#[derive(Debug)]
pub(crate) struct User(Peer);

/// What became of a profile that was asked for.
#[derive(Debug)]
pub(crate) enum Creation {
    /// It is there.
    Made,
    /// The user service decided against it.
    Refused {
        /// Why.
        refusal: Refusal,
        /// Whether an earlier try may still make it.
        in_doubt: bool,
    },
    /// Nobody knows.
    Unknown(PeerError),
}

/// Why there is no profile.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Somebody has that name.
    UsernameTaken,
    /// The user service found the profile wrong.
    Invalid(String),
    /// A refusal that says nothing about the profile.
    Other(PeerError),
}

impl User {
    /// The user service behind `peer`.
    pub(crate) fn new(peer: Peer) -> Self {
        Self(peer)
    }

    /// Asks for the profile of `account`. The same registration asks again while the outcome is unknown.
    pub(crate) async fn create(&self, account: AccountId, profile: &NewProfile) -> Creation {
        let path = format!("/internal/profiles/{account}");
        let mut tried = 0;
        loop {
            tried += 1;
            match self.0.put(&path, profile, &profile.saga, TRY_WITHIN).await {
                Ok(_) => return Creation::Made,
                Err(PeerError::Unknown { .. }) if tried < TRIES => tokio::time::sleep(REST).await,
                Err(error @ PeerError::Unknown { .. }) => return Creation::Unknown(error),
                Err(error) => return refused(error, tried),
            }
        }
    }
}

/// What the user service decided stays decided, whichever try it answers: it remembers. Only a refusal that came
/// before the decision says nothing about an earlier try. What is gone was made once: news of it may be on their way
/// here, and must find either the account or its tombstone.
fn refused(error: PeerError, tried: u32) -> Creation {
    let was_there = matches!(error, PeerError::Refused { status: StatusCode::GONE, .. });
    let refusal = refusal(error);
    let in_doubt = was_there || (tried > 1 && matches!(refusal, Refusal::Other(_)));
    Creation::Refused { refusal, in_doubt }
}

fn refusal(error: PeerError) -> Refusal {
    match error {
        PeerError::Refused { status: StatusCode::CONFLICT, .. } => Refusal::UsernameTaken,
        PeerError::Refused { status: StatusCode::BAD_REQUEST, message, .. } => Refusal::Invalid(message),
        other => Refusal::Other(other),
    }
}
