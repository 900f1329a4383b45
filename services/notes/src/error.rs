//! How a request to notes fails, in the words of notes, and what the client is told of it.
//!
//! The one place that gives these facts a status.

use chassis::failure::Failure;
use chassis::inbox;
use chassis::standing::Ended;
use chassis::token;
use chassis::turn::Crowded;
use http::StatusCode;

use crate::store::StoreError;

/// Long enough for a queue of some hundred commits or a scan to pass.
const RETRY_BUSY_S: u32 = 1;
/// A beat comes as often.
const RETRY_OUT_OF_TOUCH_S: u32 = 15;
/// Someone has to mend what is damaged.
const RETRY_DAMAGED_S: u32 = 60;
/// Space is made by people or by jobs that tidy up.
const RETRY_FULL_S: u32 = 30;

/// Why a verb did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// There is no such note, or it is another author's: callers cannot tell which.
    #[error("no such note of this author")]
    NoteNotFound,
    /// The note would be larger than a page has room for.
    #[error("the note is too large")]
    NoteTooLarge,
    /// The caller's token is worth nothing any more.
    #[error("the caller's session has ended")]
    Ended(Ended),
    /// The services whose news decide about access are silent.
    #[error("the other services have been silent for too long")]
    OutOfTouch,
    /// Too many searches run and wait.
    #[error("too many long reads wait")]
    Crowded(#[from] Crowded),
    /// The doctor found the database damaged.
    #[error("the database is damaged; `satchel doctor` tells what helps")]
    Damaged,
    /// A message came under the key of another.
    #[error("a message came under the key of another")]
    KeyReused,
    /// A record of a bundle claims what something else has.
    #[error("a record is refused: {0}")]
    RecordRefused(&'static str),
    /// The store could not do its part.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match &error {
            Error::NoteNotFound => Self::new(StatusCode::NOT_FOUND, "Note not found or access denied"),
            Error::NoteTooLarge => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "A note cannot exceed 20480 bytes")
            }
            Error::Ended(reason) => token::ended(*reason),
            Error::Crowded(Crowded) => {
                Self::unavailable("Too many searches are running, please try again", RETRY_BUSY_S)
            }
            Error::OutOfTouch => {
                Self::unavailable("Notes cannot check access now, please try again", RETRY_OUT_OF_TOUCH_S)
                    .because(&error)
            }
            Error::KeyReused => inbox::reused(),
            Error::RecordRefused(reason) => Self::new(StatusCode::CONFLICT, *reason),
            Error::Store(StoreError::Busy | StoreError::Undone) => {
                Self::unavailable("Notes are busy, please try again", RETRY_BUSY_S).because(&error)
            }
            Error::Store(StoreError::Full(_) | StoreError::Failing(_)) => {
                Self::unavailable("Notes cannot be changed now, please try again", RETRY_FULL_S)
                    .because(&error)
            }
            Error::Damaged | Error::Store(StoreError::Corrupt { .. } | StoreError::Damaged(_)) => {
                Self::unavailable("Notes are damaged and wait for their operator", RETRY_DAMAGED_S)
                    .because(&error)
            }
            Error::Store(StoreError::Sqlite(_)) => Self::internal(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn told(error: impl Into<Error>) -> (u16, String, Option<u32>) {
        let failure = Failure::from(error.into());
        (failure.status().as_u16(), failure.message().to_owned(), failure.retry_after_s())
    }

    #[test]
    fn what_passes_is_503_and_says_when_to_come_back() {
        let full = StoreError::Full(Arc::new(rusqlite::Error::InvalidQuery));
        let passing = [StoreError::Busy.into(), StoreError::Undone.into(), full.into(), Crowded.into()];
        for error in passing.into_iter().chain([Error::OutOfTouch]) {
            let (status, _, retry_after_s) = told(error);
            assert!(status == 503 && retry_after_s.is_some());
        }
    }

    #[test]
    fn what_is_broken_inside_is_500_and_told_to_the_operator_only() {
        let error = StoreError::Sqlite(Arc::new(rusqlite::Error::InvalidQuery));
        let failure = Failure::from(Error::from(error));
        assert!(failure.cause().is_some_and(|cause| cause.starts_with("the store failed: ")));
        assert_eq!((failure.status().as_u16(), failure.message().contains("query")), (500, false));
    }

    #[test]
    fn what_is_damaged_is_503_and_told_to_the_operator_only() {
        let error = StoreError::Corrupt { table: "note", key: 7, what: "tags" };
        let failure = Failure::from(Error::from(error));
        assert_eq!(failure.cause(), Some("the store failed: note 7 is corrupt: tags"));
        assert_eq!((failure.status().as_u16(), failure.message().contains("tags")), (503, false));
    }

    #[test]
    fn an_absent_note_and_an_ended_session_have_the_words_of_the_contract() {
        assert_eq!(told(Error::NoteNotFound), (404, "Note not found or access denied".into(), None));
        let gone = "User belonging to this token no longer exists.";
        assert_eq!(told(Error::Ended(Ended::Account)), (401, gone.into(), None));
        assert_eq!(told(Error::Ended(Ended::Session)), (401, "Not authorized, invalid token".into(), None));
    }
}
