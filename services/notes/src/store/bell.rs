//! A bell for whoever derives data from the notes: it rings after every commit.
//!
//! It says that there is something, not what: that is in the log of changes.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Remembers that it rang until somebody has heard it.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    has_rung: Mutex<bool>,
    heard: Condvar,
}

impl Bell {
    /// Rings; several times before it is heard are as one.
    pub(crate) fn ring(&self) {
        *self.lock() = true;
        self.heard.notify_one();
    }

    /// Waits until it rings, `limit` at most; without a limit for as long as it takes.
    pub(crate) fn wait(&self, limit: Option<Duration>) {
        let mut has_rung = match limit {
            None => self
                .heard
                .wait_while(self.lock(), |has_rung| !*has_rung)
                .unwrap_or_else(PoisonError::into_inner),
            Some(limit) => {
                let waited = self.heard.wait_timeout_while(self.lock(), limit, |has_rung| !*has_rung);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        *has_rung = false;
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.has_rung.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_before_the_wait_is_heard_once() {
        let bell = Bell::default();
        bell.ring();
        bell.ring();
        bell.wait(None);
        bell.wait(Some(Duration::from_millis(1)));
    }

    #[test]
    fn a_waiting_thread_hears_it() {
        let bell = Bell::default();
        std::thread::scope(|scope| {
            scope.spawn(|| bell.wait(None));
            bell.ring();
        });
    }
}
