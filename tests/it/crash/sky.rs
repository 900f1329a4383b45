//! One round as all clients see it: whether something may fail now, and whether it is over.

use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// Shared by the clients of one round and by whoever makes the fault.
#[derive(Debug, Default)]
pub(super) struct Sky {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_faulty: bool,
    is_over: bool,
    complaint: Option<String>,
}

impl Sky {
    /// From now on requests may stay unanswered.
    pub(super) fn darken(&self) {
        self.state().is_faulty = true;
    }

    /// Clients finish the request they are at.
    pub(super) fn end(&self) {
        self.state().is_over = true;
        self.changed.notify_all();
    }

    /// A client met what it should not have: the round ends.
    pub(super) fn complain(&self, complaint: String) {
        let mut state = self.state();
        state.complaint.get_or_insert(complaint);
        state.is_over = true;
        self.changed.notify_all();
    }

    /// Whether requests may stay unanswered.
    pub(super) fn is_faulty(&self) -> bool {
        self.state().is_faulty
    }

    /// Whether clients should stop.
    pub(super) fn is_over(&self) -> bool {
        self.state().is_over
    }

    /// Lets `moment` pass, or less when the round ends before.
    pub(super) fn pass(&self, moment: Duration) {
        drop(self.changed.wait_timeout_while(self.state(), moment, |state| !state.is_over).unwrap());
    }

    /// What the first client with a complaint said.
    pub(super) fn complaint(self) -> Option<String> {
        self.state.into_inner().unwrap().complaint
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}
