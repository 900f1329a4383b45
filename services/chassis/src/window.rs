//! Counting per key in fixed windows, exactly and in bounded memory.
//!
//! A window opens with the first count of its key. Pure: what is counted, how much of it is too much and what time it
//! is are its owner's to say.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use crate::clock::Timestamp;

/// The open windows of all keys, all of one length.
#[derive(Debug)]
pub struct Windows<K> {
    length_ms: i64,
    /// When one more opens than this, the window that would end first is forgotten: its key starts afresh a little
    /// early, which costs less than unbounded memory or refusing strangers.
    max: usize,
    by_key: HashMap<K, Window>,
    /// The key of every window with its end, soonest first: all are equally long, so they end in the order in which
    /// they opened.
    by_end: VecDeque<(i64, K)>,
    /// The latest instant seen.
    now_ms: i64,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    ends_ms: i64,
    count: u32,
}

/// Where a key stands in its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// What was counted since the window opened.
    pub count: u32,
    /// Seconds until it ends, rounded up.
    pub resets_in_s: u32,
}

impl<K: Copy + Eq + Hash> Windows<K> {
    /// No window is open. Each will last for `length_s` seconds; at most `max` are remembered.
    pub fn new(length_s: u32, max: usize) -> Self {
        let (by_key, by_end) = (HashMap::new(), VecDeque::new());
        Self { length_ms: i64::from(length_s) * 1000, max, by_key, by_end, now_ms: i64::MIN }
    }

    /// Counts one for `key`, and opens its window if none is.
    pub fn add(&mut self, key: K, now: Timestamp) -> Count {
        self.advance_to(now.as_millis());
        let mut window = self.by_key.get(&key).copied().unwrap_or_else(|| self.open(key));
        window.count = window.count.saturating_add(1);
        self.by_key.insert(key, window);
        self.told(window)
    }

    /// Where `key` stands; `None` while it has no window.
    pub fn find(&mut self, key: K, now: Timestamp) -> Option<Count> {
        self.advance_to(now.as_millis());
        self.by_key.get(&key).map(|window| self.told(*window))
    }

    /// Takes `by` counts of `key` back; its window stays open.
    pub fn take_back(&mut self, key: K, by: u32) {
        if let Some(window) = self.by_key.get_mut(&key) {
            window.count = window.count.saturating_sub(by);
        }
    }

    /// Takes one count of `key` back; a window in which nothing is left never was.
    pub fn undo(&mut self, key: K) {
        self.take_back(key, 1);
        if self.by_key.get(&key).is_some_and(|window| window.count == 0) {
            self.by_key.remove(&key);
        }
    }

    /// How many windows are open, those that ended since the last look included.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    fn told(&self, window: Window) -> Count {
        let resets_in_s = u32::try_from((window.ends_ms - self.now_ms + 999) / 1000).unwrap_or_default();
        Count { count: window.count, resets_in_s }
    }

    /// Forgets what has ended. A calendar set back by less than a window stands still until it has caught up;
    /// one set back further starts everyone afresh, lest windows last for years.
    fn advance_to(&mut self, now_ms: i64) {
        if now_ms < self.now_ms.saturating_sub(self.length_ms) {
            self.by_key.clear();
            self.by_end.clear();
            self.now_ms = now_ms;
        }
        self.now_ms = self.now_ms.max(now_ms);
        while self.by_end.front().is_some_and(|(ends_ms, _)| *ends_ms <= self.now_ms) {
            self.forget_first();
        }
    }

    fn open(&mut self, key: K) -> Window {
        while self.len() >= self.max {
            self.forget_first();
        }
        // Ends of windows that never were: there are no more of them than of others.
        if self.by_end.len() >= self.max.saturating_mul(2) {
            let by_key = &self.by_key;
            self.by_end
                .retain(|(ends_ms, key)| by_key.get(key).is_some_and(|window| window.ends_ms == *ends_ms));
        }
        let ends_ms = self.now_ms.saturating_add(self.length_ms);
        self.by_end.push_back((ends_ms, key));
        Window { ends_ms, count: 0 }
    }

    fn forget_first(&mut self) {
        if let Some((ends_ms, key)) = self.by_end.pop_front()
            && self.by_key.get(&key).is_some_and(|window| window.ends_ms == ends_ms)
        {
            self.by_key.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn add(windows: &mut Windows<u32>, key: u32, at_ms: i64) -> Count {
        windows.add(key, Timestamp::from_millis(at_ms))
    }

    const fn told(count: u32, resets_in_s: u32) -> Count {
        Count { count, resets_in_s }
    }

    #[test]
    fn a_window_opens_with_the_first_count_and_ends_to_the_millisecond() {
        let mut windows = Windows::new(10, 10);
        assert_eq!(windows.find(1, Timestamp::from_millis(0)), None);
        assert_eq!(add(&mut windows, 1, 500), told(1, 10));
        assert_eq!(add(&mut windows, 1, 501), told(2, 10));
        assert_eq!(add(&mut windows, 1, 9_500), told(3, 1));
        assert_eq!(windows.find(1, Timestamp::from_millis(10_499)), Some(told(3, 1)));
        assert_eq!(add(&mut windows, 2, 10_499), told(1, 10));
        assert_eq!(add(&mut windows, 1, 10_500), told(1, 10));
    }

    #[test]
    fn what_is_taken_back_may_be_counted_again_in_the_same_window() {
        let mut windows = Windows::new(10, 10);
        for _ in 0..3 {
            add(&mut windows, 1, 0);
        }
        windows.take_back(1, 2);
        windows.take_back(2, 1);
        assert_eq!(add(&mut windows, 1, 4_000), told(2, 6));
        windows.take_back(1, u32::MAX);
        assert_eq!(windows.find(1, Timestamp::from_millis(4_000)), Some(told(0, 6)));
    }

    #[test]
    fn a_full_table_forgets_the_window_that_ends_first() {
        let mut windows = Windows::new(10, 3);
        for key in 0..1000 {
            add(&mut windows, key, i64::from(key));
            assert!(windows.by_key.len() <= 3);
            assert_eq!(windows.by_end.len(), windows.by_key.len());
        }
        assert_eq!(add(&mut windows, 999, 1000).count, 2);
        assert_eq!(add(&mut windows, 0, 1000).count, 1);
    }

    #[test]
    fn a_calendar_set_back_prolongs_no_window_beyond_its_length() {
        let mut windows = Windows::new(10, 10);
        add(&mut windows, 1, 100_000);
        assert_eq!(add(&mut windows, 1, 95_000), told(2, 10));
        assert_eq!(add(&mut windows, 1, 0), told(1, 10));
    }

    proptest! {
        #[test]
        fn never_more_than_the_quota_is_counted_in_one_window(steps in prop::collection::vec(0_i64..4_000, 1..60)) {
            let (mut windows, mut now, mut passed) = (Windows::new(10, 10), 0, Vec::new());
            for step in steps {
                now += step;
                if add(&mut windows, 1, now).count <= 3 {
                    passed.push(now);
                }
            }
            // Fixed windows: two of them meet in any stretch of one window's length.
            for first in &passed {
                let within = passed.iter().filter(|at| (*first..first + 10_000).contains(*at)).count();
                prop_assert!(within <= 6);
            }
        }
    }
}
