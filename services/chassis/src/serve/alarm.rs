//! One wait after the other, each with an end.
//!
//! What is waited for is its user's business.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// The timer goes off at least this often: no wait is shorter, so a new one never has to set it.
const LOOK: Duration = Duration::from_secs(10);

/// A timer for waits of the kind `K`, of which one is on at a time.
///
/// A wait that ends well costs no change of the timer, which is set only when it has gone off.
#[derive(Debug)]
pub(super) struct Alarm<K> {
    wait: Option<(K, Instant)>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<K> Default for Alarm<K> {
    fn default() -> Self {
        Self { wait: None, timer: None }
    }
}

impl<K: PartialEq> Alarm<K> {
    /// Ready once `wait` has been on for `limit`; another wait than the last one began at `since`.
    pub(super) fn poll(
        &mut self,
        wait: K,
        since: impl FnOnce() -> Instant,
        limit: Duration,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let since = match &self.wait {
            Some((on, since)) if *on == wait => *since,
            _ => since(),
        };
        self.wait = Some((wait, since));
        let due = since + limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(due.min(Instant::now() + LOOK))));
        if timer.deadline() > due {
            timer.as_mut().reset(due);
        }
        loop {
            ready!(timer.as_mut().poll(cx));
            let now = Instant::now();
            if now >= due {
                return Poll::Ready(());
            }
            timer.as_mut().reset(due.min(now + LOOK));
        }
    }

    /// Whether a wait is on.
    pub(super) fn is_on(&self) -> bool {
        self.wait.is_some()
    }

    /// Ends the wait; says whether there was one.
    pub(super) fn rest(&mut self) -> bool {
        self.wait.take().is_some()
    }
}
