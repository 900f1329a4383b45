//! Everything that can go wrong in auth, and how each looks to the caller.
//!
//! The match into the envelope is exhaustive; nothing here knows where an error was raised.

#![warn(clippy::wildcard_enum_match_arm)]

use chassis::bundle;
use chassis::failure::Failure;
use chassis::inbox;
use chassis::peer::PeerError;
use chassis::standing::Ended;
use chassis::token;
use http::StatusCode;

use crate::guess::Refused;
use crate::mail::Unserved;
use crate::password::HashError;
use crate::store::StoreError;
use crate::token::SigningError;

/// A wait of a moment: the writer or the hash pool works its queue off within seconds.
const MOMENT_S: u32 = 1;
/// A wait for the operator, who has to decide.
const OPERATOR_S: u32 = 60;
/// The relay tries an undecided registration again within this time.
const RELAY_S: u32 = 5;

/// Why auth did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The e-mail belongs to someone.
    #[error("the e-mail is taken")]
    EmailTaken,
    /// The e-mail is held by a registration that is being undone.
    #[error("the e-mail will be free in a moment")]
    EmailHeld,
    /// The key names a registration that is under way or being undone.
    #[error("the registration of this key is not decided")]
    RegistrationOpen,
    /// The key names a registration with another body.
    #[error("the key names another registration")]
    KeyReused,
    /// The username belongs to someone.
    #[error("the username is taken")]
    UsernameTaken,
    /// The user service found the profile wrong.
    #[error("the profile was refused: {0}")]
    ProfileRefused(String),
    /// The user service could not make the profile now; nothing is left behind.
    #[error("the profile could not be made")]
    ProfileUnavailable(#[source] Option<PeerError>),
    /// E-mail and password do not belong together, or the e-mail to no one.
    #[error("wrong e-mail or password")]
    BadCredentials,
    /// The client failed at this e-mail too often.
    #[error("too many wrong passwords")]
    TooManyGuesses(Refused),
    /// The right password of an account that is not in use.
    #[error("the account is deactivated")]
    Deactivated,
    /// The password given as the current one is not.
    #[error("wrong current password")]
    WrongPassword,
    /// The reset token works no more.
    #[error("the reset token is invalid or has expired")]
    ResetExpired,
    /// The token's account or session has ended.
    #[error("the session has ended")]
    SessionEnded(Ended),
    /// There is no such account.
    #[error("there is no such account")]
    AccountUnknown,
    /// Another service could not be asked where an account stands.
    #[error("an account could not be compared")]
    NotCompared(#[source] PeerError),
    /// Too many passwords wait to be hashed.
    #[error("too many passwords wait to be hashed")]
    HashingBusy,
    /// The store takes no more work now, or cannot write.
    #[error("the store takes no work")]
    StoreUnavailable(#[source] StoreError),
    /// The store lost its end and takes no changes until the operator decides.
    #[error("the store takes no changes")]
    StoreLost(#[source] StoreError),
    /// What is stored is not what it should be.
    #[error("the store is damaged")]
    StoreCorrupt(#[source] StoreError),
    /// No mail came that was waited for.
    #[error("no such mail came in time")]
    NoMail,
    /// Too many wait for mail.
    #[error("too many wait for mail")]
    MailCrowded,
    /// The service ends, and with it all waiting for mail.
    #[error("no mail will come any more")]
    MailClosed,
    /// Mails that were kept cannot be read, or not be removed.
    #[error("the mailbox cannot be used")]
    MailUnreadable(#[source] std::io::Error),
    /// A password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// A token could not be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The key of a message came with another message.
    #[error("the key was used for another message")]
    MessageKeyReused,
    /// A record of a bundle claims what something else has.
    #[error("a record is refused: {0}")]
    RecordRefused(&'static str),
    /// A registration is open, or messages wait.
    #[error("something is under way")]
    Unsettled,
    /// The task that registers ended without an outcome.
    #[error("a registration ended early")]
    Interrupted(#[from] tokio::task::JoinError),
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::EmailTaken => Self::EmailTaken,
            StoreError::EmailHeld => Self::EmailHeld,
            StoreError::KeyTaken => Self::RegistrationOpen,
            StoreError::Crowded | StoreError::Busy | StoreError::Failed(_) => Self::StoreUnavailable(error),
            StoreError::MessageKeyReused => Self::MessageKeyReused,
            StoreError::Lost(_) => Self::StoreLost(error),
            StoreError::Corrupt(_) => Self::StoreCorrupt(error),
            StoreError::AccountUnknown => Self::AccountUnknown,
            StoreError::ResetExpired => Self::ResetExpired,
            StoreError::PasswordChanged => Self::WrongPassword,
        }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::TooManyGuesses(refused)
    }
}

impl From<Unserved> for Error {
    fn from(unserved: Unserved) -> Self {
        match unserved {
            Unserved::Crowded => Self::MailCrowded,
            Unserved::Closed => Self::MailClosed,
            Unserved::Unreadable(error) => Self::MailUnreadable(error),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match &error {
            Error::EmailTaken => Self::new(StatusCode::CONFLICT, "email already exists"),
            Error::EmailHeld => {
                Self::unavailable("This email is not available right now, please try again", MOMENT_S)
            }
            Error::RegistrationOpen => {
                Self::unavailable("This registration is still under way, please try again", MOMENT_S)
            }
            Error::KeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "This Idempotency-Key was used for another registration",
            ),
            Error::UsernameTaken => Self::new(StatusCode::CONFLICT, "username already exists"),
            Error::ProfileRefused(message) => Self::bad_request(message.clone()),
            Error::ProfileUnavailable(_) => {
                Self::unavailable("Registration is not possible right now, please try again", RELAY_S)
                    .because(&error)
            }
            Error::BadCredentials => Self::unauthorized("Invalid email or password"),
            Error::TooManyGuesses(refused) => Self::too_many(
                format!("Too many requests from this IP, please try again in {} minutes!", refused.minutes),
                refused.retry_after_s,
            ),
            Error::Deactivated => Self::new(StatusCode::FORBIDDEN, "This account has been deactivated."),
            Error::WrongPassword => Self::unauthorized("Incorrect current password"),
            Error::ResetExpired => Self::bad_request("Token is invalid or has expired"),
            Error::SessionEnded(ended) => token::ended(*ended),
            Error::AccountUnknown => Self::new(StatusCode::NOT_FOUND, "No user found with that ID"),
            Error::HashingBusy => {
                Self::unavailable("Too many people are logging in, please try again", MOMENT_S)
            }
            Error::NoMail => Self::new(StatusCode::REQUEST_TIMEOUT, "No such mail came in time"),
            Error::MailCrowded => {
                Self::unavailable("Too many are waiting for mail, please try again", MOMENT_S)
            }
            Error::MailClosed => Self::unavailable("The service is ending, please try again", MOMENT_S),
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
            Error::MailUnreadable(_) | Error::Hash(_) | Error::Signing(_) | Error::Interrupted(_) => {
                Self::internal(&error)
            }
        }
    }
}
