//! When notes last heard of the services whose news it lives by.
//!
//! In the strict profile an author who was deactivated elsewhere must not go on here because the news cannot arrive:
//! without a word from auth and from user for a minute, nobody is served. It knows neither what they say nor how.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Who can end an author's access.
const SPEAKERS: [&str; 2] = ["auth", "user"];
/// How long silence is taken for quiet: three beats may be lost.
const SILENCE_MAX: Duration = Duration::from_mins(1);

/// When each of the two was heard last.
#[derive(Debug)]
pub(crate) struct Hearing(Mutex<[Instant; SPEAKERS.len()]>);

impl Hearing {
    /// Counts from `now`: a start is as good as a word from both.
    pub(crate) fn new(now: Instant) -> Self {
        Self(Mutex::new([now; SPEAKERS.len()]))
    }

    /// The service `speaker` said something.
    pub(crate) fn heard(&self, speaker: &str, now: Instant) {
        for (name, at) in SPEAKERS.iter().zip(self.heard_at().iter_mut()) {
            if *name == speaker {
                *at = now;
            }
        }
    }

    /// Whether one of them was not heard for too long.
    pub(crate) fn is_lost(&self, now: Instant) -> bool {
        self.heard_at().iter().any(|at| now.saturating_duration_since(*at) > SILENCE_MAX)
    }

    fn heard_at(&self) -> MutexGuard<'_, [Instant; SPEAKERS.len()]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_must_be_heard_within_the_minute() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let hearing = Hearing::new(start);
        assert!(!hearing.is_lost(at(60)));
        hearing.heard("auth", at(50));
        assert!(hearing.is_lost(at(61)));
        hearing.heard("user", at(61));
        assert!(!hearing.is_lost(at(110)) && hearing.is_lost(at(111)));
    }

    #[test]
    fn others_do_not_count() {
        let start = Instant::now();
        let hearing = Hearing::new(start);
        hearing.heard("satchel", start + Duration::from_secs(50));
        assert!(hearing.is_lost(start + Duration::from_secs(61)));
    }
}
