//! What a connection's two halves know of each other: which answers are complete, and whether the requests broke off.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::task::AtomicWaker;
use http_body::{Frame, SizeHint};
use tokio::time::Instant;

/// The state of one connection; clones are the same state. One task does all of its work, so nothing is ordered.
#[derive(Clone, Debug)]
pub(super) struct Tally(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    opened_at: Instant,
    answered: AtomicU64,
    /// When that was for the last time, in milliseconds after the beginning.
    answered_ms: AtomicU64,
    is_broken: AtomicBool,
    is_ending: AtomicBool,
    /// Who waits for the next answer to be complete.
    waiting: AtomicWaker,
}

/// The body of an answer, which counts as complete when this is dropped.
#[derive(Debug)]
pub(super) struct Counted {
    body: Body,
    tally: Tally,
}

impl Default for Tally {
    fn default() -> Self {
        Self(Arc::new(Inner {
            opened_at: Instant::now(),
            answered: AtomicU64::new(0),
            answered_ms: AtomicU64::new(0),
            is_broken: AtomicBool::new(false),
            is_ending: AtomicBool::new(false),
            waiting: AtomicWaker::new(),
        }))
    }
}

impl Tally {
    /// Answers whose last byte was handed over for writing.
    pub(super) fn answered(&self) -> u64 {
        self.0.answered.load(Ordering::Relaxed)
    }

    /// When the last of them was, or the beginning of the connection.
    pub(super) fn answered_at(&self) -> Instant {
        self.0.opened_at + Duration::from_millis(self.0.answered_ms.load(Ordering::Relaxed))
    }

    /// Wakes the task of `cx` when the next answer is complete.
    pub(super) fn wake_when_answered(&self, cx: &Context<'_>) {
        self.0.waiting.register(cx.waker());
    }

    /// Notes that no further request will be read.
    pub(super) fn break_off(&self) {
        self.0.is_broken.store(true, Ordering::Relaxed);
    }

    /// Notes that the world ends: what has come is answered, what comes later is not waited for.
    pub(super) fn end(&self) {
        self.0.is_ending.store(true, Ordering::Relaxed);
    }

    /// Whether that was noted.
    pub(super) fn is_ending(&self) -> bool {
        self.0.is_ending.load(Ordering::Relaxed)
    }

    /// Whether an answer that is made now is the connection's last.
    pub(super) fn is_closing(&self) -> bool {
        self.is_ending() || self.0.is_broken.load(Ordering::Relaxed)
    }

    /// `body`, to be counted.
    pub(super) fn count(&self, body: Body) -> Counted {
        Counted { body, tally: self.clone() }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let inner = &self.tally.0;
        let since = u64::try_from(inner.opened_at.elapsed().as_millis()).unwrap_or(u64::MAX);
        inner.answered_ms.store(since, Ordering::Relaxed);
        inner.answered.fetch_add(1, Ordering::Relaxed);
        inner.waiting.wake();
    }
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
