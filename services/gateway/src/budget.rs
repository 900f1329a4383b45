//! How many requests each client has left for each service: a fixed window, counted exactly.
//!
//! Pure but for the lock: it knows the calendar and numbers, not headers, statuses or addresses' origin.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use chassis::clock::{Clock, Timestamp};

use crate::address::Address;
use crate::routes::Upstream;

/// Windows remembered at once, about 8 MB. When one more opens, the window that would end first is forgotten:
/// its client starts afresh a little early, which costs less than unbounded memory or refusing strangers.
const WINDOWS_MAX: usize = 100_000;

/// What each client may ask of each service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests in one window, at least 1.
    pub requests: u32,
    /// The window's length in seconds, at least 1; it opens with a client's first request.
    pub window_s: u32,
}

/// What is left after a request was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// Requests left in this window.
    pub(crate) remaining: u32,
    /// Seconds until the window ends, rounded up.
    pub(crate) resets_in_s: u32,
    /// Whether this request was already one too many.
    pub(crate) is_exceeded: bool,
}

/// The counters of all clients.
#[derive(Debug)]
pub(crate) struct Budget {
    clock: Clock,
    ledger: Mutex<Ledger>,
}

impl Budget {
    /// Nothing spent yet.
    pub(crate) fn new(quota: Quota, clock: Clock) -> Self {
        Self { clock, ledger: Mutex::new(Ledger::new(quota, WINDOWS_MAX)) }
    }

    /// Counts one request of `client` for `upstream`.
    pub(crate) fn spend(&self, client: Address, upstream: Upstream) -> Allowance {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        ledger.spend((client, upstream), self.clock.now())
    }
}

type Key = (Address, Upstream);

#[derive(Clone, Copy, Debug)]
struct Window {
    ends_ms: i64,
    spent: u32,
}

#[derive(Debug)]
struct Ledger {
    quota: Quota,
    windows_max: usize,
    windows: HashMap<Key, Window>,
    /// The key of every window with its end, soonest first: all windows are equally long, so they end in the
    /// order in which they opened.
    by_end: VecDeque<(i64, Key)>,
    /// The latest instant seen.
    now_ms: i64,
}

impl Ledger {
    fn new(quota: Quota, windows_max: usize) -> Self {
        let (windows, by_end) = (HashMap::new(), VecDeque::new());
        Self { quota, windows_max, windows, by_end, now_ms: i64::MIN }
    }

    fn spend(&mut self, key: Key, now: Timestamp) -> Allowance {
        self.advance_to(now.as_millis());
        let window = self.windows.get(&key).copied();
        let mut window = window.unwrap_or_else(|| self.open(key));
        let is_exceeded = window.spent >= self.quota.requests;
        window.spent = window.spent.saturating_add(1).min(self.quota.requests);
        self.windows.insert(key, window);
        Allowance {
            remaining: self.quota.requests - window.spent,
            resets_in_s: u32::try_from((window.ends_ms - self.now_ms + 999) / 1000).unwrap_or_default(),
            is_exceeded,
        }
    }

    /// Forgets what has ended. A calendar set back by less than a window stands still until it has caught up;
    /// one set back further starts everyone afresh, lest windows last for years.
    fn advance_to(&mut self, now_ms: i64) {
        if now_ms < self.now_ms.saturating_sub(self.window_ms()) {
            self.windows.clear();
            self.by_end.clear();
            self.now_ms = now_ms;
        }
        self.now_ms = self.now_ms.max(now_ms);
        while self.by_end.front().is_some_and(|(ends_ms, _)| *ends_ms <= self.now_ms) {
            self.forget_first();
        }
    }

    fn open(&mut self, key: Key) -> Window {
        if self.windows.len() >= self.windows_max {
            self.forget_first();
        }
        let ends_ms = self.now_ms.saturating_add(self.window_ms());
        self.by_end.push_back((ends_ms, key));
        Window { ends_ms, spent: 0 }
    }

    fn forget_first(&mut self) {
        if let Some((_, key)) = self.by_end.pop_front() {
            self.windows.remove(&key);
        }
    }

    fn window_ms(&self) -> i64 {
        i64::from(self.quota.window_s) * 1000
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use proptest::prelude::*;

    use super::*;

    const QUOTA: Quota = Quota { requests: 3, window_s: 10 };

    fn client(number: u32) -> Address {
        IpAddr::V4(Ipv4Addr::from_bits(number)).into()
    }

    fn spend(ledger: &mut Ledger, number: u32, at_ms: i64) -> Allowance {
        ledger.spend((client(number), Upstream::Notes), Timestamp::from_millis(at_ms))
    }

    #[test]
    fn a_window_opens_with_the_first_request_and_ends_to_the_millisecond() {
        let mut ledger = Ledger::new(QUOTA, 10);
        let left = |remaining, resets_in_s, is_exceeded| Allowance { remaining, resets_in_s, is_exceeded };
        assert_eq!(spend(&mut ledger, 1, 500), left(2, 10, false));
        assert_eq!(spend(&mut ledger, 1, 501), left(1, 10, false));
        assert_eq!(spend(&mut ledger, 1, 9_500), left(0, 1, false));
        assert_eq!(spend(&mut ledger, 1, 10_499), left(0, 1, true));
        assert_eq!(spend(&mut ledger, 1, 10_500), left(2, 10, false));
    }

    #[test]
    fn clients_and_services_are_counted_apart() {
        let budget = Budget::new(QUOTA, Clock::frozen(Timestamp::from_millis(0)));
        for _ in 0..4 {
            budget.spend(client(1), Upstream::Notes);
        }
        assert!(budget.spend(client(1), Upstream::Notes).is_exceeded);
        assert_eq!(budget.spend(client(1), Upstream::Auth).remaining, 2);
        assert_eq!(budget.spend(client(2), Upstream::Notes).remaining, 2);
    }

    #[test]
    fn a_full_table_forgets_the_window_that_ends_first() {
        let mut ledger = Ledger::new(QUOTA, 3);
        for number in 0..1000 {
            spend(&mut ledger, number, i64::from(number));
            assert!(ledger.windows.len() <= 3);
            assert_eq!(ledger.by_end.len(), ledger.windows.len());
        }
        assert_eq!(spend(&mut ledger, 999, 1000).remaining, 1);
        assert_eq!(spend(&mut ledger, 0, 1000).remaining, 2);
    }

    #[test]
    fn a_calendar_set_back_prolongs_no_window_beyond_its_length() {
        let mut ledger = Ledger::new(QUOTA, 10);
        spend(&mut ledger, 1, 100_000);
        assert_eq!(spend(&mut ledger, 1, 95_000).remaining, 1);
        let allowance = spend(&mut ledger, 1, 0);
        assert_eq!((allowance.remaining, allowance.resets_in_s), (2, 10));
    }

    proptest! {
        #[test]
        fn never_more_than_the_quota_passes_in_one_window(steps in prop::collection::vec(0_i64..4_000, 1..60)) {
            let (mut ledger, mut now, mut passed) = (Ledger::new(QUOTA, 10), 0, Vec::new());
            for step in steps {
                now += step;
                if !spend(&mut ledger, 1, now).is_exceeded {
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
