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

/// Rows that one look for a service's work goes through: deeper ones wait until these are done.
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

/// The messages for one receiving service.
type Rows = BTreeMap<Sequence, Arc<Message>>;

/// The pending messages of one service.
#[derive(Debug)]
pub struct Outbox {
    rows: Mutex<BTreeMap<String, Rows>>,
    changes: watch::Sender<u64>,
}

impl Outbox {
    /// An outbox with the rows that the store found when it opened.
    pub fn new(rows: impl IntoIterator<Item = (Sequence, Message)>) -> Self {
        let outbox = Self { rows: Mutex::default(), changes: watch::Sender::new(0) };
        outbox.committed(rows);
        outbox
    }

    /// Takes in rows that are durable now.
    pub fn committed(&self, rows: impl IntoIterator<Item = (Sequence, Message)>) {
        let mut all = self.rows();
        for (sequence, message) in rows {
            all.entry(message.to.clone()).or_default().insert(sequence, Arc::new(message));
        }
        drop(all);
        self.changed();
    }

    /// Forgets a row whose removal is durable.
    pub fn removed(&self, sequence: Sequence) {
        for rows in self.rows().values_mut() {
            rows.remove(&sequence);
        }
        self.changed();
    }

    /// How many messages wait.
    pub fn depth(&self) -> usize {
        self.rows().values().map(Rows::len).sum()
    }

    /// The oldest message to the service `to` about each account for which `wanted` says so, at most `room`.
    pub fn heads(
        &self,
        to: &str,
        room: usize,
        wanted: impl Fn(&AccountId) -> bool,
    ) -> Vec<(Sequence, Arc<Message>)> {
        let all = self.rows();
        let mut seen = BTreeSet::new();
        let rows = all.get(to).into_iter().flatten().take(LOOK_MAX);
        let heads = rows.filter(|(_, message)| seen.insert(message.account) && wanted(&message.account));
        heads.take(room).map(|(sequence, message)| (*sequence, Arc::clone(message))).collect()
    }

    /// Waits until all of `sequences` were delivered, at most `within`; tells whether they were.
    pub async fn settled(&self, sequences: &[Sequence], within: Duration) -> bool {
        let mut changes = self.changes.subscribe();
        let all_gone = async {
            while sequences.iter().any(|sequence| self.holds(*sequence)) {
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

    fn holds(&self, sequence: Sequence) -> bool {
        self.rows().values().any(|rows| rows.contains_key(&sequence))
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<String, Rows>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(to: &str, account: u8) -> Message {
        Message::new(to, AccountId::from_bytes([account; 12]), "/x".into(), &Value::Null)
    }

    #[test]
    fn messages_about_one_account_are_offered_in_order_and_each_service_has_its_own() {
        let outbox =
            Outbox::new([(1, message("auth", 1)), (2, message("auth", 1)), (3, message("notes", 1))]);
        let heads = |to: &str| outbox.heads(to, 9, |_| true).iter().map(|(n, _)| *n).collect::<Vec<_>>();
        assert_eq!((heads("auth"), heads("notes")), (vec![1], vec![3]));
        assert_eq!(outbox.heads("auth", 9, |_| false), []);
        outbox.removed(1);
        assert_eq!((heads("auth"), outbox.depth()), (vec![2], 2));
    }

    #[test]
    fn an_account_that_waits_keeps_its_younger_messages_back_and_no_one_elses() {
        let outbox = Outbox::new([(1, message("auth", 1)), (2, message("auth", 1)), (3, message("auth", 2))]);
        let waits = AccountId::from_bytes([1; 12]);
        let heads = outbox.heads("auth", 9, |account| *account != waits);
        assert_eq!(heads.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [3]);
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
