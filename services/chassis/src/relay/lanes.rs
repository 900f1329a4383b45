//! The lanes to one peer, one for each account: one message at a time in each, and a rest after a failure.
//!
//! Keeps who is under way and who rests until when. It sends nothing and knows no message.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::entropy::Stream;
use crate::id::AccountId;

/// The longest rest after a first failure: a callee that restarts needs about so long.
const REST_MIN_MS: u32 = 50;
/// And after many: with the two seconds after which a lost message is missed, less than the five that a recovery may
/// take (PROMISES.md A1). The 5 s of PROTOCOL.md §6 would be more than that.
const REST_MAX_MS: u32 = 2_500;

/// The state of deliveries to one peer.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    /// Accounts with a message under way.
    busy: BTreeSet<AccountId>,
    /// Accounts whose last message failed; there are no more than messages wait.
    rests: BTreeMap<AccountId, Rest>,
}

/// A lane's failures in a row, and when it may go on.
#[derive(Clone, Copy, Debug)]
struct Rest {
    failures: u32,
    until: Instant,
}

impl Lanes {
    /// Whether the next message about `account` may go out.
    pub(super) fn is_free(&self, account: &AccountId, now: Instant) -> bool {
        !self.busy.contains(account) && self.rests_until(account).is_none_or(|until| until <= now)
    }

    /// Until when the lane of `account` rests; none if its last message did not fail.
    pub(super) fn rests_until(&self, account: &AccountId) -> Option<Instant> {
        self.rests.get(account).map(|rest| rest.until)
    }

    /// A message about `account` goes out.
    pub(super) fn depart(&mut self, account: AccountId) {
        self.busy.insert(account);
    }

    /// The message about `account` is settled for good.
    pub(super) fn settled(&mut self, account: AccountId) {
        self.busy.remove(&account);
        self.rests.remove(&account);
    }

    /// The message about `account` has to go out again, after a rest with full jitter.
    pub(super) fn failed(&mut self, account: AccountId, now: Instant, jitter: &Stream) {
        self.busy.remove(&account);
        let failures = self.rests.get(&account).map_or(0, |rest| rest.failures).saturating_add(1);
        let rest = Duration::from_millis(u64::from(jitter.below(ceiling_ms(failures))));
        self.rests.insert(account, Rest { failures, until: now + rest });
    }

    /// Nobody rests any longer: the peer is back.
    pub(super) fn wake(&mut self, now: Instant) {
        for rest in self.rests.values_mut() {
            rest.until = rest.until.min(now);
        }
    }
}

/// Doubles from 50 ms to 2.5 s; the rest is drawn below it.
fn ceiling_ms(failures: u32) -> u32 {
    REST_MIN_MS.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(REST_MAX_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;

    const ADA: AccountId = AccountId::from_bytes([1; 12]);
    const BEN: AccountId = AccountId::from_bytes([2; 12]);

    #[test]
    fn the_ceiling_doubles_up_to_its_cap() {
        let ceilings: Vec<_> = (1..=9).map(ceiling_ms).collect();
        assert_eq!(ceilings, [50, 100, 200, 400, 800, 1600, 2500, 2500, 2500]);
        assert_eq!(ceiling_ms(u32::MAX), 2500);
    }

    #[test]
    fn one_message_at_a_time_is_under_way_in_each_lane() {
        let (now, mut lanes) = (Instant::now(), Lanes::default());
        lanes.depart(ADA);
        assert_eq!((lanes.is_free(&ADA, now), lanes.is_free(&BEN, now)), (false, true));
        lanes.settled(ADA);
        assert!(lanes.is_free(&ADA, now));
    }

    #[test]
    fn a_lane_rests_below_its_ceiling_after_each_failure_until_a_message_is_settled() {
        let (now, mut lanes) = (Instant::now(), Lanes::default());
        let jitter = Entropy::seeded(1).stream("test", "jitter");
        for failures in 1..=20 {
            lanes.depart(ADA);
            lanes.failed(ADA, now, &jitter);
            let rest = lanes.rests_until(&ADA).unwrap() - now;
            assert!(rest < Duration::from_millis(u64::from(ceiling_ms(failures))), "{failures}: {rest:?}");
            assert!(lanes.is_free(&ADA, now + rest) && lanes.is_free(&BEN, now));
        }
        lanes.settled(ADA);
        assert_eq!(lanes.rests_until(&ADA), None);
    }

    #[test]
    fn a_peer_that_is_back_ends_every_rest_and_forgets_no_failure() {
        let (now, mut lanes) = (Instant::now(), Lanes::default());
        lanes.rests.insert(ADA, Rest { failures: 9, until: now + Duration::from_secs(5) });
        lanes.wake(now);
        assert!(lanes.is_free(&ADA, now));
        assert_eq!(lanes.rests[&ADA].failures, 9);
    }
}
