//! Which accounts changed a moment ago: what looks wrong about them may only be under way.
//!
//! In memory and bounded; it measures elapsed time and forgets with the process. Why someone asks is their business.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::id::AccountId;

/// A change is under way no longer than this (PROTOCOL.md §6): all retries of a message to a peer that answers fit.
pub const RECENT_FOR: Duration = Duration::from_secs(30);
/// Accounts that are remembered: more than a machine of two cores changes in that time, in a few megabytes.
const ACCOUNTS_MAX: usize = 65_536;

/// The accounts that changed within the last [`RECENT_FOR`]. When more change than it can hold, every account
/// counts as recent until the oldest are out of date.
#[derive(Debug, Default)]
pub struct Recent(Mutex<Marks>);

#[derive(Debug, Default)]
struct Marks {
    newest: HashMap<AccountId, Instant>,
    in_order: VecDeque<(AccountId, Instant)>,
    crowded_at: Option<Instant>,
}

impl Recent {
    /// Takes note that `account` changes now.
    pub fn mark(&self, account: AccountId) {
        self.marks().mark(account, Instant::now());
    }

    /// Whether `account` changed a moment ago.
    pub fn holds(&self, account: AccountId) -> bool {
        self.marks().holds(account, Instant::now())
    }

    fn marks(&self) -> MutexGuard<'_, Marks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Marks {
    fn mark(&mut self, account: AccountId, now: Instant) {
        self.forget(now);
        if self.in_order.len() >= ACCOUNTS_MAX {
            self.crowded_at = Some(now);
            return;
        }
        self.in_order.push_back((account, now));
        self.newest.insert(account, now);
    }

    fn holds(&mut self, account: AccountId, now: Instant) -> bool {
        self.forget(now);
        self.crowded_at.is_some() || self.newest.contains_key(&account)
    }

    fn forget(&mut self, now: Instant) {
        let is_old = |at: Instant| now.duration_since(at) >= RECENT_FOR;
        while let Some((account, at)) = self.in_order.front().copied().filter(|(_, at)| is_old(*at)) {
            self.in_order.pop_front();
            if self.newest.get(&account) == Some(&at) {
                self.newest.remove(&account);
            }
        }
        self.crowded_at = self.crowded_at.filter(|at| !is_old(*at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(number: u32) -> AccountId {
        AccountId::parse(&format!("{number:024x}")).unwrap()
    }

    #[test]
    fn an_account_is_recent_for_half_a_minute_after_its_last_change() {
        let (mut marks, start) = (Marks::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        marks.mark(account(1), start);
        marks.mark(account(1), after(20));
        assert!(marks.holds(account(1), after(49)) && !marks.holds(account(2), after(49)));
        assert!(!marks.holds(account(1), after(50)));
        assert!(marks.in_order.is_empty() && marks.newest.is_empty());
    }

    #[test]
    fn when_more_change_than_it_can_hold_everyone_is_recent_for_a_while() {
        let (mut marks, start) = (Marks::default(), Instant::now());
        for n in 0..=u32::try_from(ACCOUNTS_MAX).unwrap() {
            marks.mark(account(n), start);
        }
        assert!(marks.holds(account(u32::MAX), start));
        assert_eq!(marks.in_order.len(), ACCOUNTS_MAX);
        let later = start + RECENT_FOR;
        assert!(!marks.holds(account(1), later) && !marks.holds(account(u32::MAX), later));
    }
}
