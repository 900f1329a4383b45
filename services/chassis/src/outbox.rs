//! Messages to other services that were committed with the change that caused them.
//!
//! The rows live in the service's database; this is their image in memory, which the store keeps in step:
//! [`Outbox::committed`] and [`Outbox::removed`], each after the commit that made it so. It knows no database.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;

use self::queue::Queue;
use crate::clock::Timestamp;
use crate::id::AccountId;
use crate::recent::Recent;

mod queue;

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

/// The order in which messages were committed; a number is never used twice in the life of a database.
pub type Sequence = u64;

/// A message as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What is to be told.
    pub message: Arc<Message>,
    /// When it was committed.
    pub at: Timestamp,
    /// Why it is not offered any more: what its receiver said when it refused for good.
    pub parked: Option<String>,
}

impl Row {
    /// A message committed at `at` that waits for delivery.
    pub fn new(message: Message, at: Timestamp) -> Self {
        Self { message: Arc::new(message), at, parked: None }
    }
}

/// The pending messages of one service.
#[derive(Debug)]
pub struct Outbox {
    rows: Mutex<Rows>,
    changes: watch::Sender<u64>,
    recent: Recent,
}

/// Rows on their way, by receiving service, and those that are parked: they hold up nothing behind them.
#[derive(Debug, Default)]
struct Rows {
    waiting: BTreeMap<String, Queue>,
    parked: BTreeMap<Sequence, Row>,
}

impl Outbox {
    /// An outbox with the rows that the store found when it opened.
    pub fn new(rows: impl IntoIterator<Item = (Sequence, Row)>) -> Self {
        let outbox =
            Self { rows: Mutex::default(), changes: watch::Sender::new(0), recent: Recent::default() };
        outbox.committed(rows);
        outbox
    }

    /// Takes in rows as they are durable now: new ones, and those that were parked or offered again.
    pub fn committed(&self, rows: impl IntoIterator<Item = (Sequence, Row)>) {
        let mut all = self.rows();
        for (sequence, row) in rows {
            self.recent.mark(row.message.account);
            all.insert(sequence, row);
        }
        drop(all);
        self.changed();
    }

    /// Forgets a row whose removal is durable.
    pub fn removed(&self, sequence: Sequence) {
        if let Some(row) = self.rows().remove(sequence) {
            self.recent.mark(row.message.account);
        }
        self.changed();
    }

    /// Takes in all rows anew, as they were found when the database had to be opened again.
    pub fn renew(&self, rows: impl IntoIterator<Item = (Sequence, Row)>) {
        let mut all = self.rows();
        *all = Rows::default();
        for (sequence, row) in rows {
            all.insert(sequence, row);
        }
        drop(all);
        self.changed();
    }

    /// How many rows there are, parked ones too.
    pub fn total(&self) -> usize {
        let all = self.rows();
        all.waiting.values().map(Queue::len).sum::<usize>() + all.parked.len()
    }

    /// How many messages to the service `to` wait for delivery.
    pub fn depth(&self, to: &str) -> usize {
        self.rows().waiting.get(to).map_or(0, Queue::len)
    }

    /// When the oldest message to the service `to` that waits for delivery was committed.
    pub fn oldest_at(&self, to: &str) -> Option<Timestamp> {
        self.rows().waiting.get(to)?.oldest().map(|row| row.at)
    }

    /// The rows that are parked, oldest first.
    pub fn parked(&self) -> Vec<(Sequence, Row)> {
        self.rows().parked.iter().map(|(sequence, row)| (*sequence, row.clone())).collect()
    }

    /// When a message that waits for the service `to` was committed.
    pub fn committed_at(&self, to: &str, sequence: Sequence) -> Option<Timestamp> {
        self.rows().waiting.get(to)?.get(sequence).map(|row| row.at)
    }

    /// The oldest message to the service `to` about each account for which `wanted` says so, at most `room`. A look
    /// goes through some thousand accounts; the next one begins where it ended.
    pub fn heads(
        &self,
        to: &str,
        room: usize,
        wanted: impl Fn(&AccountId) -> bool,
    ) -> Vec<(Sequence, Arc<Message>)> {
        self.rows().waiting.get_mut(to).map_or_else(Vec::new, |queue| queue.heads(room, wanted))
    }

    /// Waits until none of `sequences` is on its way, at most `within`; tells whether all were delivered.
    pub async fn settled(&self, sequences: &[Sequence], within: Duration) -> bool {
        let mut changes = self.changes.subscribe();
        let all_gone = async {
            while sequences.iter().any(|sequence| self.rows().is_waiting(*sequence)) {
                if changes.changed().await.is_err() {
                    return;
                }
            }
        };
        let in_time = tokio::time::timeout(within, all_gone).await.is_ok();
        in_time && !sequences.iter().any(|sequence| self.rows().parked.contains_key(sequence))
    }

    /// Those of `accounts` about which a message waits, or was committed or delivered a moment ago, and those that
    /// were called busy.
    pub fn busy(&self, accounts: &[AccountId]) -> BTreeSet<AccountId> {
        let all = self.rows();
        let is_busy = |account: AccountId| {
            self.recent.holds(account) || all.waiting.values().any(|queue| queue.is_about(account))
        };
        accounts.iter().copied().filter(|account| is_busy(*account)).collect()
    }

    /// Calls `account` busy for a moment: something about it is under way without a message.
    pub fn touch(&self, account: AccountId) {
        self.recent.mark(account);
    }

    /// Hears of every change from now on.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Whether the message is still to be delivered, or parked.
    pub fn holds(&self, sequence: Sequence) -> bool {
        let all = self.rows();
        all.is_waiting(sequence) || all.parked.contains_key(&sequence)
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl Rows {
    fn insert(&mut self, sequence: Sequence, row: Row) {
        self.remove(sequence);
        match row.parked {
            Some(_) => drop(self.parked.insert(sequence, row)),
            None => self.waiting.entry(row.message.to.clone()).or_default().insert(sequence, row),
        }
    }

    fn remove(&mut self, sequence: Sequence) -> Option<Row> {
        let parked = self.parked.remove(&sequence);
        parked.or_else(|| self.waiting.values_mut().find_map(|queue| queue.remove(sequence)))
    }

    fn is_waiting(&self, sequence: Sequence) -> bool {
        self.waiting.values().any(|queue| queue.get(sequence).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_millis(7);

    fn row(to: &str, account: u8) -> Row {
        let account = AccountId::from_bytes([account; 12]);
        Row::new(Message::new(to, account, "/x".into(), &Value::Null), AT)
    }

    fn parked(row: Row) -> Row {
        Row { parked: Some("409: no".into()), ..row }
    }

    fn heads(outbox: &Outbox, to: &str) -> Vec<Sequence> {
        outbox.heads(to, 9, |_| true).iter().map(|(sequence, _)| *sequence).collect()
    }

    #[test]
    fn messages_about_one_account_are_offered_in_order_and_each_service_has_its_own() {
        let outbox = Outbox::new([(1, row("auth", 1)), (2, row("auth", 1)), (3, row("notes", 1))]);
        assert_eq!((heads(&outbox, "auth"), heads(&outbox, "notes")), (vec![1], vec![3]));
        assert_eq!(outbox.heads("auth", 9, |_| false), []);
        outbox.removed(1);
        assert_eq!((heads(&outbox, "auth"), outbox.total()), (vec![2], 2));
    }

    #[test]
    fn an_account_that_waits_keeps_its_younger_messages_back_and_no_one_elses() {
        let outbox = Outbox::new([(1, row("auth", 1)), (2, row("auth", 1)), (3, row("auth", 2))]);
        let waits = AccountId::from_bytes([1; 12]);
        let heads = outbox.heads("auth", 9, |account| *account != waits);
        assert_eq!(heads.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn a_parked_message_holds_up_nothing_is_counted_apart_and_can_come_back() {
        let outbox = Outbox::new([(1, row("auth", 1)), (2, row("auth", 1)), (3, row("notes", 1))]);
        outbox.committed([(1, parked(row("auth", 1)))]);
        assert_eq!((heads(&outbox, "auth"), outbox.depth("auth"), outbox.total()), (vec![2], 1, 3));
        assert_eq!(outbox.parked(), [(1, parked(row("auth", 1)))]);
        outbox.committed([(1, row("auth", 1))]);
        assert_eq!((heads(&outbox, "auth"), outbox.parked()), (vec![1], vec![]));
        outbox.committed([(1, parked(row("auth", 1)))]);
        outbox.removed(1);
        assert_eq!((outbox.total(), outbox.parked()), (2, vec![]));
    }

    #[test]
    fn depth_and_age_are_told_for_each_service() {
        let late = Row { at: Timestamp::from_millis(9), ..row("auth", 2) };
        let outbox = Outbox::new([(1, row("auth", 1)), (2, late), (3, row("notes", 1))]);
        assert_eq!((outbox.depth("auth"), outbox.depth("notes"), outbox.depth("user")), (2, 1, 0));
        assert_eq!((outbox.oldest_at("auth"), outbox.oldest_at("user")), (Some(AT), None));
        outbox.removed(1);
        assert_eq!(outbox.oldest_at("auth"), Some(Timestamp::from_millis(9)));
    }

    #[test]
    fn an_account_is_busy_while_a_message_waits_and_a_moment_longer() {
        let outbox = Outbox::new([(1, row("auth", 1))]);
        let [first, second, third] = [1, 2, 3].map(|n| AccountId::from_bytes([n; 12]));
        outbox.touch(second);
        assert_eq!(outbox.busy(&[first, second, third]), BTreeSet::from([first, second]));
        outbox.removed(1);
        assert_eq!(outbox.busy(&[first, third]), BTreeSet::from([first]), "it has only just arrived");
    }

    #[tokio::test]
    async fn waiting_ends_with_the_last_delivery_or_the_deadline() {
        let outbox = Arc::new(Outbox::new([(1, row("auth", 1)), (2, row("auth", 2))]));
        assert!(!outbox.settled(&[1], Duration::from_millis(5)).await);
        outbox.removed(1);
        assert!(outbox.settled(&[1], Duration::ZERO).await);
        let waiter = Arc::clone(&outbox);
        let waiting = crate::task::spawn("test", async move { waiter.settled(&[2], SETTLE_WITHIN).await });
        outbox.removed(2);
        assert!(waiting.await.unwrap());
    }

    #[tokio::test]
    async fn waiting_for_a_refused_message_ends_at_once_and_without_success() {
        let outbox = Outbox::new([(1, parked(row("auth", 1)))]);
        let settled = outbox.settled(&[1], Duration::MAX);
        assert!(!settled.await);
    }
}
