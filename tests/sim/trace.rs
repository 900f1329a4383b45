//! What happened in one run, line by line with its simulated time: printed when a run fails, compared when one is
//! repeated.

use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The lines so far; clones write to the same ones.
#[derive(Clone, Default)]
pub(crate) struct Trace(Arc<Lines>);

#[derive(Default)]
struct Lines {
    now_ms: AtomicU64,
    lines: Mutex<Vec<String>>,
}

impl Trace {
    /// Simulated milliseconds since the start.
    pub(crate) fn now_ms(&self) -> u64 {
        self.0.now_ms.load(Ordering::Relaxed)
    }

    /// Puts the time of the lines to come.
    pub(crate) fn set_now_ms(&self, now_ms: u64) {
        self.0.now_ms.store(now_ms, Ordering::Relaxed);
    }

    /// Writes a line.
    pub(crate) fn note(&self, what: impl Display) {
        let line = format!("{:>7} {what}", self.now_ms());
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    /// All lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
