//! Why the gateway answers a request itself, and what the client is told.
//!
//! What a service decided is not here: its answers pass through.

use axum::response::{IntoResponse, Response};
use chassis::failure::Failure;
use http::StatusCode;

/// A fault of any kind, for the operator.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Asked again after this time, a service that restarts is usually back.
const UNREACHABLE_RETRY_S: u32 = 1;

/// What was in hand is done by then, many times over.
const CROWDED_RETRY_S: u32 = 1;

/// What the gateway has against a request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The target leads nowhere; it is quoted to the client.
    #[error("no route leads to {0}")]
    NoRoute(String),
    /// Its query or body cannot be read; the chassis has worded it.
    #[error("the request is unreadable: {}", .0.message())]
    Unreadable(Failure),
    /// The client has used up its window.
    #[error("the client's budget is spent")]
    Spent {
        /// The length of a window, for the message.
        minutes: u32,
        /// Until the window ends.
        retry_after_s: u32,
    },
    /// Too many at once, whatever the budget says.
    #[error("the client sends too fast")]
    Burst {
        /// Until one more is let through.
        retry_after_s: u32,
    },
    /// Too many ask the same service, whoever they are.
    #[error("{service} has too much in hand")]
    Crowded {
        /// Who should have been asked.
        service: &'static str,
    },
    /// No connection, or it broke before the answer was complete.
    #[error("{service} cannot be reached")]
    Unreachable {
        /// Who should have answered.
        service: &'static str,
        /// What happened.
        source: Cause,
    },
    /// The deadline passed.
    #[error("{service} did not answer in time")]
    Silent {
        /// Who should have answered.
        service: &'static str,
    },
    /// The answer has more bytes than any of the contract's.
    #[error("{service} sent an answer that is too large")]
    Oversized {
        /// Who answered.
        service: &'static str,
    },
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::NoRoute(target) => Self::no_route(&target),
            Error::Unreadable(failure) => failure,
            Error::Spent { minutes, retry_after_s } => Self::too_many(spent(minutes), retry_after_s),
            Error::Burst { retry_after_s } => {
                Self::too_many("Too many requests from this IP, please slow down!", retry_after_s)
            }
            Error::Crowded { .. } => {
                Self::unavailable("Too many requests are under way, please try again", CROWDED_RETRY_S)
            }
            Error::Unreachable { .. } => Self::unavailable(
                "The service is not available at the moment, please try again",
                UNREACHABLE_RETRY_S,
            )
            .because(&error),
            Error::Silent { .. } => Self::timed_out().because(&error),
            Error::Oversized { .. } => {
                Self::new(StatusCode::BAD_GATEWAY, "The service gave no usable answer").because(&error)
            }
        }
    }
}

fn spent(minutes: u32) -> String {
    let unit = if minutes == 1 { "minute" } else { "minutes" };
    format!("Too many requests from this IP, please try again in {minutes} {unit}!")
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        Failure::from(self).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_names_the_window_in_minutes() {
        for (minutes, text) in [(15, "in 15 minutes!"), (1, "in 1 minute!")] {
            let failure = Failure::from(Error::Spent { minutes, retry_after_s: 7 });
            assert!(failure.message().ends_with(text), "{}", failure.message());
            assert_eq!(failure.retry_after_s(), Some(7));
        }
    }

    #[test]
    fn only_the_operator_reads_what_broke() {
        let source = Cause::from("connection refused (os error 111)");
        let failure = Failure::from(Error::Unreachable { service: "notes", source });
        assert_eq!(failure.cause(), Some("notes cannot be reached: connection refused (os error 111)"));
        assert!(!failure.message().contains("notes"), "{}", failure.message());
    }
}
