//! Everything that can go wrong in user, and how each looks to the caller.
//!
//! The match into the envelope is exhaustive; nothing here knows where an error was raised.

use chassis::bundle;
use chassis::failure::Failure;
use chassis::inbox;
use chassis::peer::PeerError;
use chassis::standing::Ended;
use chassis::token;
use http::StatusCode;

use crate::store::StoreError;

/// A wait of a moment: the writer works its queue off within seconds, and a peer restarts as fast.
const MOMENT_S: u32 = 1;
/// A wait for the operator, who has to decide.
const OPERATOR_S: u32 = 60;

/// Why user did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The token's account or session has ended.
    #[error("the session has ended")]
    SessionEnded(Ended),
    /// The caller is no administrator.
    #[error("the caller is no administrator")]
    NotAdmin,
    /// There is no such account.
    #[error("there is no such account")]
    AccountUnknown,
    /// The username belongs to someone.
    #[error("the username is taken")]
    UsernameTaken,
    /// The username of a fixture's profile belongs to someone.
    #[error("the username {0} is taken")]
    FixtureUsernameTaken(String),
    /// Every username that was generated belongs to someone.
    #[error("no generated username is free")]
    NoUsernameFree,
    /// The e-mail belongs to someone.
    #[error("the e-mail is taken")]
    EmailTaken,
    /// Auth could not be asked for the e-mail; nothing is changed.
    #[error("the e-mail could not be reserved")]
    EmailUnavailable(#[source] PeerError),
    /// Auth could not be asked where an account stands.
    #[error("an account could not be compared")]
    NotCompared(#[source] PeerError),
    /// The account was erased, or its registration aborted.
    #[error("the account is gone for good")]
    Erased,
    /// Another registration made the account's profile.
    #[error("the account has a profile of another registration")]
    AccountTaken,
    /// The store takes no more work now, or cannot write.
    #[error("the store takes no work")]
    StoreUnavailable(#[source] StoreError),
    /// The store lost its end and takes no changes until the operator decides.
    #[error("the store takes no changes")]
    StoreLost(#[source] StoreError),
    /// What is stored is not what it should be.
    #[error("the store is damaged")]
    StoreCorrupt(#[source] StoreError),
    /// The key of a message came with another message.
    #[error("the key was used for another message")]
    MessageKeyReused,
    /// A record of a bundle claims what something else has.
    #[error("a record is refused: {0}")]
    RecordRefused(&'static str),
    /// A change of an e-mail is open, or messages wait.
    #[error("something is under way")]
    Unsettled,
    /// The task that moves an e-mail ended without an outcome.
    #[error("a change of an e-mail ended early")]
    Interrupted(#[from] tokio::task::JoinError),
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::UsernameTaken { .. } => Self::UsernameTaken,
            StoreError::NoUsernameFree => Self::NoUsernameFree,
            StoreError::Erased => Self::Erased,
            StoreError::AccountTaken => Self::AccountTaken,
            StoreError::Crowded | StoreError::Busy | StoreError::Failed(_) => Self::StoreUnavailable(error),
            StoreError::MessageKeyReused => Self::MessageKeyReused,
            StoreError::Lost(_) => Self::StoreLost(error),
            StoreError::Corrupt(_) => Self::StoreCorrupt(error),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match &error {
            Error::SessionEnded(ended) => token::ended(*ended),
            Error::NotAdmin => {
                Self::new(StatusCode::FORBIDDEN, "You do not have permission to perform this action")
            }
            Error::AccountUnknown => Self::new(StatusCode::NOT_FOUND, "No user found with that ID"),
            Error::UsernameTaken => Self::new(StatusCode::CONFLICT, "username already exists"),
            Error::FixtureUsernameTaken(name) => {
                Self::new(StatusCode::CONFLICT, format!("username {name} already exists"))
            }
            Error::NoUsernameFree => {
                Self::unavailable("No username could be found, please try again", MOMENT_S)
            }
            Error::EmailTaken => Self::new(StatusCode::CONFLICT, "email already exists"),
            Error::EmailUnavailable(_) => {
                Self::unavailable("This email is not available right now, please try again", MOMENT_S)
                    .because(&error)
            }
            Error::Erased => Self::new(StatusCode::GONE, "The account is gone"),
            Error::AccountTaken => Self::new(StatusCode::CONFLICT, "account already exists"),
            Error::MessageKeyReused => inbox::reused(),
            Error::RecordRefused(reason) => Self::new(StatusCode::CONFLICT, *reason),
            Error::Unsettled => bundle::unsettled(),
            Error::StoreUnavailable(_) | Error::NotCompared(_) => {
                Self::unavailable("The service is busy, please try again", MOMENT_S).because(&error)
            }
            Error::StoreLost(_) => {
                Self::unavailable("Changes are not possible right now, please try again later", OPERATOR_S)
                    .because(&error)
            }
            Error::StoreCorrupt(_) => {
                Self::unavailable("The service is damaged and waits for its operator", OPERATOR_S)
                    .because(&error)
            }
            Error::Interrupted(_) => Self::internal(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::engine_failure;

    #[test]
    fn what_passes_is_503_and_says_when_to_come_back() {
        let unheard = PeerError::Unknown { peer: "auth", reason: "10.0.0.1 is silent".into() };
        let busy = [StoreError::Busy, StoreError::Crowded].map(Error::from);
        for error in busy.into_iter().chain([Error::NoUsernameFree, Error::EmailUnavailable(unheard)]) {
            let failure = Failure::from(error);
            assert_eq!((failure.status().as_u16(), failure.retry_after_s()), (503, Some(1)));
            assert!(!failure.message().contains("10.0.0.1"));
        }
    }

    #[test]
    fn what_is_damaged_is_503_and_told_to_the_operator_only() {
        let failure = Failure::from(Error::from(engine_failure("secret")));
        assert_eq!((failure.status().as_u16(), failure.message().contains("secret")), (503, false));
        assert!(failure.cause().is_some_and(|cause| cause.contains("secret")));
    }

    #[test]
    fn what_is_refused_has_the_words_of_the_contract() {
        let told = |error: Error| {
            let failure = Failure::from(error);
            (failure.status().as_u16(), failure.message().to_owned())
        };
        let taken = StoreError::UsernameTaken { name: "ada".into() };
        assert_eq!(told(taken.into()), (409, "username already exists".into()));
        assert_eq!(told(Error::EmailTaken), (409, "email already exists".into()));
        assert_eq!(told(Error::AccountUnknown), (404, "No user found with that ID".into()));
        assert_eq!(told(StoreError::Erased.into()).0, 410);
        assert_eq!(told(StoreError::AccountTaken.into()).0, 409);
    }
}
