//! The messages that wait for one service, in lanes: one for each account, so that an account whose messages do not
//! arrive holds up nobody else's.
//!
//! Only the oldest message of a lane is ever offered. Who is wanted and what becomes of a message is for others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Message, Row, Sequence};
use crate::id::AccountId;

/// Lanes that one look goes through: some tenths of a millisecond under the lock. The next look begins behind them.
pub(super) const LOOK_MAX: usize = 2048;

/// What waits for one service.
#[derive(Debug, Default)]
pub(super) struct Queue {
    rows: BTreeMap<Sequence, Row>,
    lanes: BTreeMap<AccountId, BTreeSet<Sequence>>,
    /// The oldest message of each lane.
    heads: BTreeMap<Sequence, AccountId>,
    /// Behind which head the next look begins, so that each gets its turn.
    looked_to: Sequence,
}

impl Queue {
    /// Adds a message that is not there.
    pub(super) fn insert(&mut self, sequence: Sequence, row: Row) {
        let account = row.message.account;
        self.change_lane(account, |lane| lane.insert(sequence));
        self.rows.insert(sequence, row);
    }

    /// Takes a message out.
    pub(super) fn remove(&mut self, sequence: Sequence) -> Option<Row> {
        let row = self.rows.remove(&sequence)?;
        self.change_lane(row.message.account, |lane| lane.remove(&sequence));
        Some(row)
    }

    /// Changes a lane, and keeps its head in step.
    fn change_lane(&mut self, account: AccountId, change: impl FnOnce(&mut BTreeSet<Sequence>) -> bool) {
        let lane = self.lanes.entry(account).or_default();
        if let Some(head) = lane.first() {
            self.heads.remove(head);
        }
        change(lane);
        match lane.first() {
            Some(head) => drop(self.heads.insert(*head, account)),
            None => drop(self.lanes.remove(&account)),
        }
    }

    /// The heads of at most `room` lanes for which `wanted` says so, from where the last look ended.
    pub(super) fn heads(
        &mut self,
        room: usize,
        wanted: impl Fn(&AccountId) -> bool,
    ) -> Vec<(Sequence, Arc<Message>)> {
        let mut found = Vec::new();
        let behind = self.heads.range(self.looked_to.saturating_add(1)..);
        let before = self.heads.range(..=self.looked_to);
        let mut looked_to = self.looked_to;
        for (sequence, account) in behind.chain(before).take(LOOK_MAX) {
            if found.len() >= room {
                break;
            }
            looked_to = *sequence;
            if wanted(account) {
                found.extend(self.rows.get(sequence).map(|row| (*sequence, Arc::clone(&row.message))));
            }
        }
        self.looked_to = looked_to;
        found
    }

    /// The message with this number.
    pub(super) fn get(&self, sequence: Sequence) -> Option<&Row> {
        self.rows.get(&sequence)
    }

    /// The message that waits for the longest time.
    pub(super) fn oldest(&self) -> Option<&Row> {
        self.rows.first_key_value().map(|(_, row)| row)
    }

    /// Whether a message about `account` waits.
    pub(super) fn is_about(&self, account: AccountId) -> bool {
        self.lanes.contains_key(&account)
    }

    /// How many messages wait.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::clock::Timestamp;

    fn account(n: u64) -> AccountId {
        let mut bytes = [0; 12];
        bytes[..8].copy_from_slice(&n.to_be_bytes());
        AccountId::from_bytes(bytes)
    }

    fn row(n: u64) -> Row {
        Row::new(Message::new("notes", account(n), "/x".into(), &Value::Null), Timestamp::from_millis(0))
    }

    fn numbers(heads: &[(Sequence, Arc<Message>)]) -> Vec<Sequence> {
        heads.iter().map(|(sequence, _)| *sequence).collect()
    }

    #[test]
    fn one_account_with_more_messages_than_a_look_takes_holds_up_nobody() {
        let mut queue = Queue::default();
        let stuck = 3 * LOOK_MAX as u64;
        for sequence in 1..=stuck {
            queue.insert(sequence, row(1));
        }
        queue.insert(stuck + 1, row(2));
        let heads = queue.heads(9, |of| *of != account(1));
        assert_eq!(numbers(&heads), [stuck + 1]);
    }

    #[test]
    fn more_stuck_accounts_than_a_look_takes_hold_up_nobody_for_long() {
        let mut queue = Queue::default();
        let stuck = 3 * LOOK_MAX as u64;
        for sequence in 1..=stuck + 1 {
            queue.insert(sequence, row(sequence));
        }
        let looks = (1..9).find(|_| !queue.heads(9, |of| *of == account(stuck + 1)).is_empty());
        assert_eq!(looks, Some(4));
    }

    #[test]
    fn lanes_have_their_turns_when_there_is_not_room_for_all() {
        let mut queue = Queue::default();
        for sequence in 1..=5 {
            queue.insert(sequence, row(sequence));
        }
        let looks = [(); 4].map(|()| numbers(&queue.heads(2, |_| true)));
        assert_eq!(looks, [[1, 2], [3, 4], [5, 1], [2, 3]]);
        assert!(queue.heads(0, |_| true).is_empty());
    }

    proptest! {
        #[test]
        fn heads_are_the_oldest_of_each_account_whatever_came_and_went(
            steps in proptest::collection::vec((1..30_u64, 0..4_u64), 0..80)
        ) {
            let (mut queue, mut rows) = (Queue::default(), BTreeMap::new());
            for (sequence, of) in steps {
                if rows.remove(&sequence).is_some() {
                    prop_assert!(queue.remove(sequence).is_some());
                } else {
                    rows.insert(sequence, of);
                    queue.insert(sequence, row(of));
                }
            }
            let mut seen = BTreeSet::new();
            let oldest: Vec<_> = rows.iter().filter(|(_, of)| seen.insert(**of)).map(|(n, _)| *n).collect();
            let mut heads = numbers(&queue.heads(99, |_| true));
            heads.sort_unstable();
            prop_assert_eq!(heads, oldest);
            prop_assert_eq!(queue.len(), rows.len());
            prop_assert!((0..4).all(|of| queue.is_about(account(of)) == seen.contains(&of)));
        }
    }
}
