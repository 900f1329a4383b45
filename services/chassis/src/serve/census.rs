//! Who has connections open at a listener, and whether one more may be.
//!
//! What is spoken on a connection, and what those are told who are one too many, is not known here.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Limits;
use crate::address::Address;

/// Of those who are one too many, so many at a time are told why; the others are hung up on.
const DECLINED_MAX: usize = 64;

/// The open connections of one listener; clones count the same ones.
#[derive(Clone, Debug)]
pub(super) struct Census(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: Limits,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    open: usize,
    declined: usize,
    /// Those who have any open, so never more than `open`.
    by_address: HashMap<Address, usize>,
}

/// A connection that is counted until this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    census: Census,
    /// Whose it is; nobody's when it is about to be declined.
    address: Option<Address>,
}

impl Census {
    pub(super) fn new(limits: Limits) -> Self {
        Self(Arc::new(Inner { limits, counts: Mutex::default() }))
    }

    /// A place for one more connection from `ip`, if it may have one.
    pub(super) fn admit(&self, ip: IpAddr) -> Option<Place> {
        let limits = &self.0.limits;
        let address = Address::from(ip);
        let mut counts = self.counts();
        let theirs = counts.by_address.get(&address).copied().unwrap_or_default();
        let is_many = theirs >= limits.per_address && !limits.unlimited.contains(&ip.to_canonical());
        if counts.open >= limits.connections || is_many {
            return None;
        }
        counts.open += 1;
        counts.by_address.insert(address, theirs + 1);
        Some(Place { census: self.clone(), address: Some(address) })
    }

    /// A place for as long as it takes to tell somebody that there is none.
    pub(super) fn decline(&self) -> Option<Place> {
        let mut counts = self.counts();
        if counts.declined >= DECLINED_MAX {
            return None;
        }
        counts.declined += 1;
        Some(Place { census: self.clone(), address: None })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.census.counts();
        let Some(address) = self.address else {
            counts.declined = counts.declined.saturating_sub(1);
            return;
        };
        counts.open = counts.open.saturating_sub(1);
        let left = counts.by_address.get(&address).copied().unwrap_or_default().saturating_sub(1);
        if left == 0 {
            counts.by_address.remove(&address);
        } else {
            counts.by_address.insert(address, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn census(connections: usize, per_address: usize, unlimited: &[&str]) -> Census {
        let unlimited = unlimited.iter().map(|ip| ip.parse().unwrap()).collect();
        Census::new(Limits { connections, per_address, unlimited, drain: Duration::ZERO })
    }

    fn places(census: &Census, ip: &str, asked: usize) -> Vec<Place> {
        (0..asked).filter_map(|_| census.admit(ip.parse().unwrap())).collect()
    }

    #[test]
    fn an_address_has_its_share_and_gets_it_back() {
        let census = census(10, 3, &[]);
        let first = places(&census, "192.0.2.1", 5);
        assert_eq!(first.len(), 3);
        assert_eq!(places(&census, "192.0.2.2", 5).len(), 3);
        drop(first);
        assert_eq!(places(&census, "192.0.2.1", 5).len(), 3);
        assert!(census.counts().by_address.is_empty(), "nobody is remembered who has nothing open");
    }

    #[test]
    fn a_network_that_a_host_picks_its_addresses_from_has_one_share() {
        let census = census(10, 3, &[]);
        let _first = places(&census, "2001:db8::1", 2);
        assert_eq!(places(&census, "2001:db8::2", 5).len(), 1);
        assert_eq!(places(&census, "2001:db8:0:1::2", 5).len(), 3);
    }

    #[test]
    fn all_together_have_no_more_than_the_listener_takes() {
        let census = census(4, 3, &[]);
        let (first, second) = (places(&census, "192.0.2.1", 3), places(&census, "192.0.2.2", 3));
        assert_eq!((first.len(), second.len()), (3, 1));
        assert!(places(&census, "192.0.2.3", 1).is_empty());
    }

    #[test]
    fn a_trusted_proxy_stands_for_many_clients() {
        let census = census(10, 3, &["192.0.2.9"]);
        assert_eq!(places(&census, "192.0.2.9", 20).len(), 10);
        assert_eq!(places(&census, "::ffff:192.0.2.9", 20).len(), 10);
    }

    #[test]
    fn those_who_are_told_are_bounded_too() {
        let census = census(1, 1, &[]);
        let told: Vec<Place> = (0..100).filter_map(|_| census.decline()).collect();
        assert_eq!(told.len(), DECLINED_MAX);
        drop(told);
        assert!(census.decline().is_some());
    }
}
