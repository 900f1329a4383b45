//! What is remembered of messages from other services, so that the same one is answered alike and done once.
//!
//! A receipt is written in the commit of the effect. Which messages there are is not known here.

use chassis::clock::Timestamp;
use chassis::inbox::{KEPT_FOR, Receipt};
use serde::{Deserialize, Serialize};

use super::engine::Tx;
use super::{Store, StoreError};

/// Receipts, by key.
pub(super) const INBOX: &str = "inbox";
/// Documents removed in one commit: a moment for the writer, with other work in between.
const PRUNED_AT_ONCE: usize = 500;

#[derive(Debug, Serialize, Deserialize)]
struct ReceiptDoc {
    #[serde(rename = "_id")]
    key: String,
    digest: String,
    answer: Answer,
    at: i64,
}

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Answer {
    /// It is done.
    Done,
    /// The chosen username is taken: the one refusal that has to stay the same, because a registration is undone on
    /// the strength of it (PROTOCOL.md §3).
    UsernameTaken,
}

/// A document with a date.
#[derive(Debug, Deserialize)]
struct DatedDoc {
    #[serde(rename = "_id")]
    id: String,
    #[serde(default)]
    at: i64,
}

impl Store {
    /// Runs `work` in the commit `verb`, and only once for each message.
    pub(super) fn receive<F>(
        &self,
        verb: &'static str,
        receipt: Option<Receipt>,
        mut work: F,
    ) -> Result<(), StoreError>
    where
        F: FnMut(&Tx) -> Result<(), StoreError> + Send + 'static,
    {
        self.write(verb, move |tx| once(tx, receipt.as_ref(), &mut work))
    }

    /// Forgets what no message that is still on its way can ask for; tells how much that was.
    pub(crate) fn prune(&self, now: Timestamp) -> Result<usize, StoreError> {
        let mut old = Vec::new();
        self.engine.each(INBOX, |dated: DatedDoc| old.extend(dated.is_old(now).then_some(dated.id)))?;
        for ids in old.chunks(PRUNED_AT_ONCE) {
            let ids = ids.to_vec();
            let remove = move |tx: &Tx| ids.iter().try_for_each(|id| tx.remove(INBOX, id.as_str()).map(drop));
            self.engine.write("prune", remove)?;
        }
        Ok(old.len())
    }
}

/// Does `work` unless the receipt shows that it was done: then gives the same answer. A command without a receipt is
/// carried out each time.
pub(super) fn once(
    tx: &Tx,
    receipt: Option<&Receipt>,
    work: impl FnOnce(&Tx) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let Some(receipt) = receipt else { return work(tx) };
    match answered(tx, receipt)? {
        Some(Answer::Done) => return Ok(()),
        Some(Answer::UsernameTaken) => return Err(StoreError::UsernameTaken { name: String::new() }),
        None => {}
    }
    let outcome = work(tx);
    let answer = match &outcome {
        Ok(()) => Answer::Done,
        Err(StoreError::UsernameTaken { .. }) => Answer::UsernameTaken,
        Err(_) => return outcome,
    };
    tx.insert(INBOX, &ReceiptDoc::of(receipt, answer, tx.now()))?;
    outcome
}

/// What the message was answered before, if it came before; refuses a key that was used for another one.
pub(super) fn answered(tx: &Tx, receipt: &Receipt) -> Result<Option<Answer>, StoreError> {
    match tx.find::<ReceiptDoc>(INBOX, receipt.key.as_str())? {
        Some(known) if known.digest != receipt.digest => Err(StoreError::MessageKeyReused),
        known => Ok(known.map(|known| known.answer)),
    }
}

impl ReceiptDoc {
    fn of(receipt: &Receipt, answer: Answer, at: Timestamp) -> Self {
        Self { key: receipt.key.clone(), digest: receipt.digest.clone(), answer, at: at.as_millis() }
    }
}

impl DatedDoc {
    fn is_old(&self, now: Timestamp) -> bool {
        Timestamp::from_millis(self.at).plus(KEPT_FOR) <= now
    }
}
