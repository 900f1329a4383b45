//! Taking turns: few at a time, a bounded number waiting, nobody for long.
//!
//! Who finds no room is refused at once, so that under any load what was begun is finished in time. What is done in a
//! turn is not known here.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How many may be where, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Turns at a time.
    pub at_a_time: usize,
    /// Those that wait for one.
    pub waiting: usize,
    /// How long each waits before it is refused.
    pub wait_max: Duration,
}

/// Turns that are taken one after the other, in the order in which they were asked for.
#[derive(Debug)]
pub struct Turns {
    limits: Limits,
    /// For those that wait and those whose turn it is.
    places: Arc<Semaphore>,
    free: Arc<Semaphore>,
}

/// It is the holder's turn until this is dropped.
#[derive(Debug)]
pub struct Turn {
    _turn: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

/// Too many wait, or the wait took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many wait for their turn")]
pub struct Crowded;

impl Turns {
    /// Nobody's turn yet.
    pub fn new(limits: Limits) -> Self {
        let places = Arc::new(Semaphore::new(limits.at_a_time.saturating_add(limits.waiting)));
        Self { limits, places, free: Arc::new(Semaphore::new(limits.at_a_time)) }
    }

    /// Waits for a turn. A caller that goes away while it waits leaves its place to others.
    ///
    /// # Errors
    /// At once when too many wait already, else after the longest wait.
    pub async fn take(&self) -> Result<Turn, Crowded> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_full| Crowded)?;
        let turn = match Arc::clone(&self.free).try_acquire_owned() {
            Ok(turn) => turn,
            Err(_taken) => self.wait().await?,
        };
        Ok(Turn { _turn: turn, _place: place })
    }

    async fn wait(&self) -> Result<OwnedSemaphorePermit, Crowded> {
        let waiting = timeout(self.limits.wait_max, Arc::clone(&self.free).acquire_owned());
        waiting.await.map_err(|_late| Crowded)?.map_err(|_never_closed| Crowded)
    }

    /// How many have their turn now.
    pub fn under_way(&self) -> usize {
        self.limits.at_a_time.saturating_sub(self.free.available_permits())
    }

    /// How many wait for theirs now.
    pub fn waiting(&self) -> usize {
        let all = self.limits.at_a_time.saturating_add(self.limits.waiting);
        all.saturating_sub(self.places.available_permits()).saturating_sub(self.under_way())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::time::Instant;

    use super::*;

    fn turns(at_a_time: usize, waiting: usize) -> Turns {
        Turns::new(Limits { at_a_time, waiting, wait_max: Duration::from_secs(2) })
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_place_is_refused_at_once_and_who_waits_too_long_then() {
        let turns = turns(1, 1);
        let _held = turns.take().await.unwrap();
        let since = Instant::now();
        let waits = turns.take();
        tokio::pin!(waits);
        assert!(waits.as_mut().now_or_never().is_none());
        assert_eq!((turns.under_way(), turns.waiting()), (1, 1));
        assert_eq!(turns.take().now_or_never().map(|taken| taken.unwrap_err()), Some(Crowded));
        assert_eq!(waits.await.unwrap_err(), Crowded);
        assert_eq!(since.elapsed(), Duration::from_secs(2));
    }

    #[tokio::test]
    async fn a_turn_passes_to_who_waits_longest_and_not_to_who_went_away() {
        let turns = turns(1, 2);
        let held = turns.take().await.unwrap();
        let mut first = Box::pin(turns.take());
        let mut second = Box::pin(turns.take());
        assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
        drop(held);
        drop(first);
        let _held = second.await.unwrap();
        assert_eq!((turns.under_way(), turns.waiting()), (1, 0));
    }
}
