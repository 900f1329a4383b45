//! How many requests each client has left for each service: a fixed window, counted exactly.
//!
//! Pure but for the lock: it knows the calendar and numbers, not headers, statuses or addresses' origin.

use std::sync::{Mutex, PoisonError};

use chassis::address::Address;
use chassis::clock::Clock;
use chassis::window::Windows;

use crate::routes::Upstream;

/// Windows remembered at once, about 8 MB.
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
    requests: u32,
    windows: Mutex<Windows<(Address, Upstream)>>,
}

impl Budget {
    /// Nothing spent yet.
    pub(crate) fn new(quota: Quota, clock: Clock) -> Self {
        let windows = Mutex::new(Windows::new(quota.window_s, WINDOWS_MAX));
        Self { clock, requests: quota.requests, windows }
    }

    /// Counts one request of `client` for `upstream`.
    pub(crate) fn spend(&self, client: Address, upstream: Upstream) -> Allowance {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let spent = windows.add((client, upstream), self.clock.now());
        Allowance {
            remaining: self.requests.saturating_sub(spent.count),
            resets_in_s: spent.resets_in_s,
            is_exceeded: spent.count > self.requests,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;

    use chassis::clock::Timestamp;

    use super::*;

    const QUOTA: Quota = Quota { requests: 3, window_s: 10 };

    fn client(number: u32) -> Address {
        IpAddr::V4(Ipv4Addr::from_bits(number)).into()
    }

    #[test]
    fn the_last_of_a_window_passes_and_the_next_does_not() {
        let clock = Clock::frozen(Timestamp::from_millis(500));
        let budget = Budget::new(QUOTA, clock.clone());
        let left = |remaining, resets_in_s, is_exceeded| Allowance { remaining, resets_in_s, is_exceeded };
        let after = |millis| {
            clock.advance(Duration::from_millis(millis));
            budget.spend(client(1), Upstream::Notes)
        };
        assert_eq!(after(0), left(2, 10, false));
        assert_eq!(after(1), left(1, 10, false));
        assert_eq!(after(8_999), left(0, 1, false));
        assert_eq!(after(999), left(0, 1, true));
        assert_eq!(after(1), left(2, 10, false));
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
}
