//! What people were told, account by account: what must be there, what must not, what may be.
//!
//! It knows no service; whether the disks and the answers agree with it is asked elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use crate::client::Outcome;
use crate::possible::{Calm, Possible};

/// E-mails that people fight for.
pub(crate) const EMAILS: [&str; 3] = ["ada@example.test", "ben@example.test", "cem@example.test"];
/// Usernames that people fight for.
pub(crate) const USERNAMES: [&str; 3] = ["kiwi", "lime", "plum"];

/// Where an account stands for the outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Active,
    Disabled,
    Gone,
}

/// A token, with the moment of the password's history at which it was issued.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) token: String,
    pub(crate) since: Calm,
}

/// One account.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) status: Possible<Status>,
    pub(crate) email: Possible<String>,
    pub(crate) password: Possible<String>,
    /// Passwords that certainly work no more.
    pub(crate) retired: Vec<String>,
    pub(crate) bio: Possible<Option<String>>,
    /// Contents of notes by id, `None` for a note that is gone.
    pub(crate) notes: BTreeMap<String, Possible<Option<String>>>,
    /// Contents of notes that may have been made.
    pub(crate) doubtful_notes: Vec<String>,
    /// Every token that was issued for it.
    pub(crate) sessions: Vec<Session>,
}

/// A registration that nobody knows the end of.
#[derive(Clone, Debug)]
pub(crate) struct Doubt {
    pub(crate) email: String,
    pub(crate) password: String,
}

/// A password that a reset gave, or may have given, to whoever has the address.
#[derive(Clone, Debug)]
pub(crate) struct Reset {
    pub(crate) email: String,
    pub(crate) password: String,
    /// The account, once that is known.
    pub(crate) whose: Option<String>,
}

/// Everything that people know.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) doubts: Vec<Doubt>,
    /// Resets that were not refused.
    pub(crate) resets: Vec<Reset>,
    pub(crate) violation: Option<String>,
    /// Whether people should come to an end.
    pub(crate) closing: bool,
    pub(crate) done: u32,
    pub(crate) refused: u32,
    pub(crate) unknown: u32,
}

impl Account {
    fn new(email: String, password: String) -> Self {
        Self {
            status: Possible::certain(Status::Active),
            email: Possible::certain(email),
            password: Possible::certain(password),
            retired: Vec::new(),
            bio: Possible::certain(None),
            notes: BTreeMap::new(),
            doubtful_notes: Vec::new(),
            sessions: Vec::new(),
        }
    }

    /// Whether nobody but its owner ever did anything to it, and the owner stayed.
    pub(crate) fn is_its_owners_alone(&self) -> bool {
        self.status.is_untouched() && self.email.is_untouched()
    }

    /// Whether `session` certainly gives access.
    pub(crate) fn honours(&self, session: &Session) -> bool {
        self.is_its_owners_alone() && session.since.is_some() && session.since == self.password.calm()
    }

    /// Takes note of an acknowledged new password.
    pub(crate) fn retire_all_but(&mut self, tried: &[String]) {
        if let Some(now) = self.password.only().cloned() {
            self.retired.extend(tried.iter().filter(|old| **old != now).cloned());
        }
    }

    /// Tokens that an acknowledged password change certainly ended.
    pub(crate) fn dead_tokens(&self) -> Vec<String> {
        if self.password.only().is_none() {
            return Vec::new();
        }
        let (now, ended) = (self.password.calm(), |session: &&Session| session.since.is_some());
        let dead = self.sessions.iter().filter(ended).filter(|session| session.since != now);
        dead.map(|session| session.token.clone()).collect()
    }
}

impl Ledger {
    /// Takes note of a new account. Somebody else may have reset its password before its owner heard of it.
    pub(crate) fn open(&mut self, id: &str, email: &str, password: &str) {
        let early = self
            .resets
            .iter()
            .filter(|reset| reset.email == email && reset.whose.as_deref().is_none_or(|whose| whose == id));
        self.accounts.entry(id.to_owned()).or_insert_with(|| {
            let mut account = Account::new(email.to_owned(), password.to_owned());
            for reset in early {
                let writing = account.password.begin(reset.password.clone());
                account.password.end(writing, Outcome::Unknown, reset.password.clone());
            }
            account
        });
    }

    /// The reset to `password` was answered, with a token of the account `whose` if it was done.
    pub(crate) fn settle_reset(&mut self, password: &str, outcome: Outcome, whose: Option<&String>) {
        self.resets.retain(|reset| outcome != Outcome::Refused || reset.password != password);
        let answered = self.resets.iter_mut().filter(|reset| reset.password == password);
        answered.for_each(|reset| reset.whose = whose.cloned());
    }

    /// The accounts that may have the address `email` now.
    pub(crate) fn owners_of(&self, email: &String) -> BTreeSet<String> {
        let owners = self.accounts.iter().filter(|(_, account)| account.email.could_be(email));
        owners.map(|(id, _)| id.clone()).collect()
    }

    /// Whether a reset gave, or may have given, `password` to the account `id`, of which nobody may have heard yet.
    pub(crate) fn may_have_reset(&self, id: &str, password: &str) -> bool {
        let mut resets = self.resets.iter().filter(|reset| reset.password == password);
        resets.any(|reset| reset.whose.as_deref().is_none_or(|whose| whose == id))
    }

    /// The account `id`, which is known.
    pub(crate) fn account(&mut self, id: &str) -> &mut Account {
        self.accounts.get_mut(id).expect("an account of the ledger")
    }

    /// Counts an operation.
    pub(crate) fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Done => self.done += 1,
            Outcome::Refused => self.refused += 1,
            Outcome::Unknown => self.unknown += 1,
        }
    }

    /// Takes note of what must not be; the first time counts.
    pub(crate) fn violate(&mut self, what: String) {
        self.violation.get_or_insert(what);
    }
}
