//! The question by which one service learns where accounts stand at another, and the answer.
//!
//! What follows from two records that differ is the asking service's business.

use std::collections::BTreeMap;
use std::time::Duration;

use http::Method;
use serde::{Deserialize, Serialize};

use crate::contract::Role;
use crate::id::AccountId;
use crate::peer::{Peer, PeerError};
use crate::standing::Standing;

/// Accounts in one question: the answer takes the other service some tens of milliseconds and 60 KiB.
pub const ACCOUNTS_MAX: usize = 500;
/// A page of a thousand lookups may wait behind others on a busy machine.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// `POST /internal/audit`: what is known of these accounts?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "Asked")]
pub struct Question {
    /// At most [`ACCOUNTS_MAX`].
    pub accounts: Vec<AccountId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Asked {
    accounts: Vec<AccountId>,
}

impl TryFrom<Asked> for Question {
    type Error = String;

    fn try_from(Asked { accounts }: Asked) -> Result<Self, String> {
        let fits = accounts.len() <= ACCOUNTS_MAX;
        fits.then_some(Self { accounts }).ok_or_else(|| format!("at most {ACCOUNTS_MAX} accounts"))
    }
}

/// The answer: one entry for each account of the question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// In the order of the question.
    pub accounts: Vec<Entry>,
    /// What auth keeps of profiles; others tell nothing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<AccountId, Facts>,
}

/// What auth keeps of a profile, as it was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// The canonical e-mail.
    pub email: String,
    /// The role.
    pub role: Role,
    /// The latest version of the profile that either came with.
    pub version: u64,
}

/// What a service knows of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The account.
    pub account: AccountId,
    /// What is on record.
    pub record: Record,
    /// Whether something about it is under way, or was a moment ago: then a difference means nothing yet.
    pub busy: bool,
}

/// A service's record of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Record {
    /// Never heard of.
    Absent,
    /// Gone for good: a tombstone.
    Gone,
    /// There.
    Standing(Standing),
}

impl Entry {
    /// For a record that cannot be read: nothing follows from it.
    pub const fn unreadable(account: AccountId) -> Self {
        Self { account, record: Record::Absent, busy: true }
    }

    /// Whether the account was never heard of.
    pub const fn is_absent(&self) -> bool {
        matches!(self.record, Record::Absent)
    }
}

/// What a peer said of accounts.
#[derive(Clone, Debug, Default)]
pub struct Said {
    entries: BTreeMap<AccountId, Entry>,
    facts: BTreeMap<AccountId, Facts>,
}

impl Said {
    /// What it knows of `account`, if it was asked.
    pub fn of(&self, account: AccountId) -> Option<Entry> {
        self.entries.get(&account).copied()
    }

    /// What it keeps of the profile of `account`.
    pub fn facts_of(&self, account: AccountId) -> Option<&Facts> {
        self.facts.get(&account)
    }
}

/// Asks `peer` about at most [`ACCOUNTS_MAX`] accounts.
///
/// # Errors
/// Those of [`Peer::call`]; an answer that leaves an account out is none.
pub async fn ask(peer: &Peer, accounts: &[AccountId]) -> Result<Said, PeerError> {
    let question = Question { accounts: accounts.to_vec() };
    let answer = peer.call(Method::POST, "/internal/audit", Some(&question), ANSWER_WITHIN).await?;
    let unusable = |reason: String| PeerError::Unknown { peer: peer.name(), reason };
    let answer: Answer = serde_json::from_value(answer).map_err(|error| unusable(error.to_string()))?;
    let entries: BTreeMap<_, _> = answer.accounts.into_iter().map(|entry| (entry.account, entry)).collect();
    match accounts.iter().find(|account| !entries.contains_key(account)) {
        Some(account) => Err(unusable(format!("nothing is said of {account}"))),
        None => Ok(Said { entries, facts: answer.facts }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::standing::Rung;

    #[test]
    fn a_record_is_written_in_words() {
        let entry = |record| Entry { account: AccountId::from_bytes([1; 12]), record, busy: false };
        let written = |record| serde_json::to_value(entry(record)).unwrap()["record"].take();
        assert_eq!(written(Record::Absent), json!("absent"));
        assert_eq!(written(Record::Gone), json!("gone"));
        let standing = json!({"standing": {"generation": 0, "rung": "active", "epoch": 0}});
        assert_eq!(written(Record::Standing(Standing::new(Rung::Active))), standing);
    }

    #[test]
    fn an_answer_names_facts_only_where_there_are_any() {
        let account = AccountId::from_bytes([1; 12]);
        let facts = Facts { email: "ada@example.test".to_owned(), role: Role::User, version: 2 };
        let written =
            |facts| serde_json::to_value(Answer { accounts: Vec::new(), facts: BTreeMap::from_iter(facts) });
        assert_eq!(written(None).unwrap(), json!({"accounts": []}));
        let expected = json!({"email": "ada@example.test", "role": "user", "version": 2});
        assert_eq!(written(Some((account, facts))).unwrap()["facts"][account.to_string()], expected);
    }

    #[test]
    fn a_question_about_too_many_accounts_is_refused() {
        let asked = |count| json!({"accounts": vec!["01".repeat(12); count]});
        assert!(serde_json::from_value::<Question>(asked(ACCOUNTS_MAX)).is_ok());
        let error = serde_json::from_value::<Question>(asked(ACCOUNTS_MAX + 1)).unwrap_err();
        assert_eq!(error.to_string(), "at most 500 accounts");
    }
}
