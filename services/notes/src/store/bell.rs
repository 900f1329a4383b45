//! A bell for whoever derives data from the notes: it rings after every commit, and when somebody calls.
//!
//! It says that there is something, not what: that is in the log of changes.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Remembers that it rang until somebody has heard it; several times before that are as one.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    state: Mutex<State>,
    heard: Condvar,
}

#[derive(Debug, Default)]
struct State {
    has_rung: bool,
    is_called: bool,
    /// The listener minds only calls: commits come by the thousand and need not wake it.
    is_paused: bool,
}

impl Bell {
    /// Rings after a commit.
    pub(crate) fn ring(&self) {
        let mut state = self.lock();
        state.has_rung = true;
        let is_paused = state.is_paused;
        drop(state);
        if !is_paused {
            self.heard.notify_one();
        }
    }

    /// Rings for somebody who wants something now.
    pub(crate) fn call(&self) {
        self.lock().is_called = true;
        self.heard.notify_one();
    }

    /// Waits until it rings or somebody calls, `limit` at most; without a limit for as long as it takes.
    pub(crate) fn wait(&self, limit: Option<Duration>) {
        let mut state = self.wait_while(limit, |state| !state.has_rung && !state.is_called);
        *state = State::default();
    }

    /// Waits until somebody calls, `limit` at most. What rings meanwhile is heard by the next wait.
    pub(crate) fn pause(&self, limit: Duration) {
        self.lock().is_paused = true;
        let mut state = self.wait_while(Some(limit), |state| !state.is_called);
        (state.is_called, state.is_paused) = (false, false);
    }

    fn wait_while(
        &self,
        limit: Option<Duration>,
        still: impl FnMut(&mut State) -> bool,
    ) -> MutexGuard<'_, State> {
        let state = self.lock();
        match limit {
            None => self.heard.wait_while(state, still).unwrap_or_else(PoisonError::into_inner),
            Some(limit) => {
                let waited = self.heard.wait_timeout_while(state, limit, still);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn a_pause_minds_calls_only_and_forgets_no_ring() {
        let bell = Bell::default();
        bell.ring();
        bell.pause(Duration::from_millis(1));
        bell.call();
        bell.pause(Duration::MAX);
        bell.wait(None);
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
