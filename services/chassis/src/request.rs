//! What is known of the request being served, for logs, answers and onward calls.

use std::future::Future;
use std::sync::Arc;

use crate::entropy::Stream;

tokio::task_local! {
    static CURRENT: RequestId;
}

/// The id that a request carries through every service, in `X-Request-Id` and in failure bodies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

/// Long enough for a UUID with a prefix, short enough for a log line.
const LENGTH_MAX: usize = 64;

impl RequestId {
    /// Takes an id that came from outside if it is well formed: 1 to 64 of `A-Z a-z 0-9 . _ -`.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=LENGTH_MAX).contains(&text.len());
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        (fits && plain).then(|| Self(text.into()))
    }

    /// Draws an id for a request that came without one.
    pub fn random(stream: &Stream) -> Self {
        Self(stream.hex::<12>().into())
    }

    /// The id of a call that its listener numbers, behind a `base` that is its own.
    pub(crate) fn numbered(base: &str, number: u64) -> Self {
        Self(format!("{base}-{number}").into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of the request that the current task serves.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// Runs `work` as the service of this request.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_well_formed_ids_are_taken_over() {
        assert!(RequestId::parse("a1.B-2_c").is_some());
        for text in ["", "a b", "a\"b", "ü", &"x".repeat(65)] {
            assert_eq!(RequestId::parse(text), None, "{text}");
        }
    }
}
