//! Where the doctor of user looks, and what it sees there.
//!
//! It changes nothing. Accounts go by in pages, so that neither the store nor another service is held up.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chassis::audit::{self, ACCOUNTS_MAX};
use chassis::blocking;
use chassis::doctor::FINDINGS_MAX;
use chassis::id::AccountId;
use chassis::peer::Peer;

use super::Doctor;
use crate::doctor::{Case, Fault, Subject};
use crate::error::Error;
use crate::peer::{AUTH, NOTES};
use crate::store::{Store, StoreError};

/// A message waits no longer than this unless its receiver is away (PROTOCOL.md §6).
const OLD_AFTER: Duration = Duration::from_mins(1);
/// Names in one list: some megabytes, and so few lists of even a million that walking over everything for each of
/// them does not count. In tests a few, so that they turn pages.
const LISTED_MAX: usize = if cfg!(test) { 3 } else { 50_000 };
/// Whoever is told things.
const RECEIVERS: [&str; 2] = [AUTH, NOTES];

/// What is looked at besides the outbox, which is so each time.
#[derive(Debug)]
pub(super) enum Scope {
    Everything,
    These { accounts: Vec<AccountId>, usernames: Vec<String> },
}

/// What a look has come to.
#[derive(Default)]
struct Seen {
    cases: BTreeSet<Case>,
    /// Services that did not answer: they are not asked again in this look.
    silent: BTreeSet<&'static str>,
}

impl Scope {
    /// What these cases are about.
    pub(super) fn of(cases: &BTreeSet<Case>) -> Self {
        let (mut accounts, mut usernames) = (BTreeSet::new(), Vec::new());
        for case in cases {
            match &case.subject {
                Subject::Account(account) => drop(accounts.insert(*account)),
                Subject::Username(name) => usernames.push(name.clone()),
                Subject::Message(_) | Subject::Service(_) => {}
            }
        }
        Self::These { accounts: accounts.into_iter().collect(), usernames }
    }
}

impl Doctor {
    /// The faults within `scope`, at most about as many as a report holds.
    pub(super) async fn look(&self, scope: &Scope) -> Result<BTreeSet<Case>, Error> {
        let mut seen = Seen::default();
        self.look_at_outbox(&mut seen);
        match scope {
            Scope::Everything => {
                self.look_at_all_accounts(&mut seen).await?;
                self.look_at_all_usernames(&mut seen).await?;
            }
            Scope::These { accounts, usernames } => {
                self.look_at_accounts(accounts, &mut seen).await?;
                self.look_at_usernames(usernames, &mut seen).await?;
            }
        }
        Ok(seen.cases)
    }

    async fn look_at_all_accounts(&self, seen: &mut Seen) -> Result<(), Error> {
        let mut after = None;
        loop {
            let listed = self.read(move |store| store.accounts(after, LISTED_MAX)).await?;
            self.look_at_accounts(&listed, seen).await?;
            after = listed.last().copied();
            if listed.len() < LISTED_MAX || seen.is_full() {
                return Ok(());
            }
        }
    }

    async fn look_at_all_usernames(&self, seen: &mut Seen) -> Result<(), Error> {
        let mut after: Option<String> = None;
        loop {
            let listed = self.read(move |store| store.usernames(after.as_deref(), LISTED_MAX)).await?;
            self.look_at_usernames(&listed, seen).await?;
            after = listed.last().cloned();
            if listed.len() < LISTED_MAX || seen.is_full() {
                return Ok(());
            }
        }
    }

    /// What `look` finds in the store, on a thread that may wait.
    async fn read<T, F>(&self, look: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    {
        let store = Arc::clone(&self.store);
        Ok(blocking::run(move || look(&store)).await?)
    }

    fn look_at_outbox(&self, seen: &mut Seen) {
        let outbox = self.store.outbox();
        for (sequence, _) in outbox.parked() {
            seen.add(vec![Fault::ParkedMessage], &Subject::Message(sequence));
        }
        let old = self.clock.now().minus(OLD_AFTER);
        for name in RECEIVERS.into_iter().filter(|name| outbox.oldest_at(name).is_some_and(|at| at < old)) {
            seen.add(vec![Fault::OldMessage], &Subject::Service(name));
        }
    }

    async fn look_at_accounts(&self, accounts: &[AccountId], seen: &mut Seen) -> Result<(), Error> {
        for page in accounts.chunks(ACCOUNTS_MAX) {
            if !seen.is_full() {
                self.compare(page, seen).await?;
            }
        }
        Ok(())
    }

    async fn compare(&self, page: &[AccountId], seen: &mut Seen) -> Result<(), Error> {
        let accounts = page.to_vec();
        let kept = self.read(move |store| store.kept(&accounts)).await?;
        let auth = seen.ask(&self.auth, page).await;
        for (account, kept) in kept {
            let (said, facts) = (auth.of(account), auth.facts_of(account));
            let faults = kept.map_or_else(|| vec![Fault::CorruptRecord], |kept| kept.faults(said, facts));
            seen.add(faults, &Subject::Account(account));
        }
        Ok(())
    }

    async fn look_at_usernames(&self, usernames: &[String], seen: &mut Seen) -> Result<(), Error> {
        for page in usernames.chunks(ACCOUNTS_MAX) {
            if !seen.is_full() {
                let names = page.to_vec();
                for name in self.read(move |store| store.ownerless(&names)).await? {
                    seen.add(vec![Fault::OwnerlessUsername], &Subject::Username(name));
                }
            }
        }
        Ok(())
    }
}

impl Seen {
    /// Whether a report would hold no more.
    fn is_full(&self) -> bool {
        self.cases.len() >= FINDINGS_MAX
    }

    fn add(&mut self, faults: Vec<Fault>, subject: &Subject) {
        self.cases.extend(faults.into_iter().map(|fault| Case { fault, subject: subject.clone() }));
    }

    /// What `peer` says of `accounts`; nothing once it did not answer.
    async fn ask(&mut self, peer: &Peer, accounts: &[AccountId]) -> audit::Said {
        if self.silent.contains(peer.name()) {
            return audit::Said::default();
        }
        match audit::ask(peer, accounts).await {
            Ok(said) => said,
            Err(error) => {
                tracing::debug!(%error, "a service cannot be asked about accounts");
                self.silent.insert(peer.name());
                self.add(vec![Fault::NotCompared], &Subject::Service(peer.name()));
                audit::Said::default()
            }
        }
    }
}
