//! Messages to other services that were committed with the change that caused them.
//!
//! The rows live in the service's database; this is their image in memory, which the store keeps in step:
//! [`Outbox::committed`] after the commit, [`Outbox::removed`] after the removal. It knows no database.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;

use crate::id::AccountId;

/// Rows that one look for work goes through: deeper ones wait until these are done.
const LOOK_MAX: usize = 2048;
/// How long an answer to a client waits for its messages to arrive (PROTOCOL.md, S2).
pub const SETTLE_WITHIN: Duration = Duration::from_secs(1);

/// A message that waits for delivery: an idempotent PUT.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The name of the receiving service.
    pub to: String,
    /// The account it is about: messages about one account arrive in order.
    pub account: AccountId,
    /// The internal path.
    pub path: String,
    /// The JSON body.
    pub body: Value,
}

impl Message {
    /// A message to the service `to` about `account`; a body that is no JSON becomes null and is refused there.
    pub fn new<B: Serialize>(to: &str, account: AccountId, path: String, body: &B) -> Self {
        let body = serde_json::to_value(body).unwrap_or(Value::Null);
        Self { to: to.to_owned(), account, path, body }
    }

    /// The news of where an account stands.
    pub fn standing(to: &str, account: AccountId, standing: &crate::standing::Standing) -> Self {
        Self::new(to, account, format!("/internal/accounts/{account}/standing"), standing)
    }
}

/// The order in which messages were committed.
pub type Sequence = u64;

/// A lane delivers one message at a time, in order.
pub type Lane = (String, AccountId);

/// The pending messages of one service.
#[derive(Debug)]
pub struct Outbox {
    rows: Mutex<BTreeMap<Sequence, Arc<Message>>>,
    changes: watch::Sender<u64>,
}

impl Outbox {
    /// An outbox with the rows that the store found when it opened.
    pub fn new(rows: impl IntoIterator<Item = (Sequence, Message)>) -> Self {
        let rows = rows.into_iter().map(|(sequence, message)| (sequence, Arc::new(message))).collect();
        Self { rows: Mutex::new(rows), changes: watch::Sender::new(0) }
    }

    /// Takes in rows that are durable now.
    pub fn committed(&self, rows: impl IntoIterator<Item = (Sequence, Message)>) {
        self.rows().extend(rows.into_iter().map(|(sequence, message)| (sequence, Arc::new(message))));
        self.changed();
    }

    /// Forgets a row whose removal is durable.
    pub fn removed(&self, sequence: Sequence) {
        self.rows().remove(&sequence);
        self.changed();
    }

    /// How many messages wait.
    pub fn depth(&self) -> usize {
        self.rows().len()
    }

    /// The first message of each lane that is not in `busy`.
    pub fn heads(&self, busy: &BTreeSet<Lane>) -> Vec<(Sequence, Arc<Message>)> {
        let mut lanes = busy.clone();
        let rows = self.rows();
        let first_of_lane = |(_, message): &(&Sequence, &Arc<Message>)| lanes.insert(message.lane());
        let heads = rows.iter().take(LOOK_MAX).filter(first_of_lane);
        heads.map(|(sequence, message)| (*sequence, Arc::clone(message))).collect()
    }

    /// Waits until all of `sequences` were delivered, at most `within`; tells whether they were.
    pub async fn settled(&self, sequences: &[Sequence], within: Duration) -> bool {
        let mut changes = self.changes.subscribe();
        let all_gone = async {
            while sequences.iter().any(|sequence| self.rows().contains_key(sequence)) {
                if changes.changed().await.is_err() {
                    return;
                }
            }
        };
        tokio::time::timeout(within, all_gone).await.is_ok()
    }

    /// Hears of every change from now on.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<Sequence, Arc<Message>>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl Message {
    /// The lane that keeps this message in order.
    pub fn lane(&self) -> Lane {
        (self.to.clone(), self.account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(to: &str, account: u8) -> Message {
        Message::new(to, AccountId::from_bytes([account; 12]), "/x".into(), &Value::Null)
    }

    #[test]
    fn a_lane_offers_only_its_first_message() {
        let outbox =
            Outbox::new([(1, message("auth", 1)), (2, message("auth", 1)), (3, message("notes", 1))]);
        let heads = |busy: &BTreeSet<Lane>| outbox.heads(busy).iter().map(|(n, _)| *n).collect::<Vec<_>>();
        assert_eq!(heads(&BTreeSet::new()), [1, 3]);
        assert_eq!(heads(&BTreeSet::from([message("auth", 1).lane()])), [3]);
        outbox.removed(1);
        assert_eq!(heads(&BTreeSet::new()), [2, 3]);
    }

    #[tokio::test]
    async fn waiting_ends_with_the_last_delivery_or_the_deadline() {
        let outbox = Arc::new(Outbox::new([(1, message("auth", 1)), (2, message("auth", 2))]));
        assert!(!outbox.settled(&[1], Duration::from_millis(5)).await);
        outbox.removed(1);
        assert!(outbox.settled(&[1], Duration::ZERO).await);
        let waiter = Arc::clone(&outbox);
        let waiting = crate::task::spawn("test", async move { waiter.settled(&[2], SETTLE_WITHIN).await });
        outbox.removed(2);
        assert!(waiting.await.unwrap());
    }
}
