//! Where the doctor of notes looks, and what it sees there.
//!
//! It changes nothing. Authors go by in pages, so that neither a reader nor another service is held up.

use std::collections::BTreeSet;
use std::sync::Arc;

use chassis::audit::{self, ACCOUNTS_MAX};
use chassis::blocking;
use chassis::doctor::FINDINGS_MAX;
use chassis::id::AccountId;
use chassis::peer::Peer;

use super::{Data, Doctor};
use crate::doctor::{Case, Fault, Kept, Said, Subject};
use crate::error::Error;
use crate::store::{Check, View};

/// Which authors are looked at; notes without one and the file are looked at each time.
#[derive(Debug)]
pub(super) enum Scope {
    Everything,
    Authors(Vec<AccountId>),
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
        let account = |case: &Case| match case.subject {
            Subject::Account(account) => Some(account),
            Subject::Number(_)
            | Subject::Note(_)
            | Subject::Database
            | Subject::Index
            | Subject::Service(_) => None,
        };
        let accounts: BTreeSet<_> = cases.iter().filter_map(account).collect();
        Self::Authors(accounts.into_iter().collect())
    }
}

impl Doctor {
    /// The faults within `scope`, at most about as many as a report holds.
    pub(super) async fn look(&self, scope: &Scope, check: Check) -> Result<BTreeSet<Case>, Error> {
        let mut seen = Seen::default();
        seen.cases.extend(self.read(move |notes| file_faults(notes, check)).await?);
        if seen.is_damaged() {
            return Ok(seen.cases);
        }
        seen.cases.extend(self.index_fault().await?);
        match scope {
            Scope::Everything => self.look_at_all(check, &mut seen).await?,
            Scope::Authors(accounts) => {
                for page in accounts.chunks(ACCOUNTS_MAX) {
                    let accounts = page.to_vec();
                    let kept = self.read(move |notes| Ok(notes.kept(&accounts, check)?)).await?;
                    self.compare(kept, &mut seen).await;
                }
            }
        }
        Ok(seen.cases)
    }

    /// What is wrong with the search index.
    async fn index_fault(&self) -> Result<Option<Case>, Error> {
        let Data { index, store } = self.data.clone();
        let is_wrong = blocking::run(move || index.is_wrong(&store)).await?;
        Ok(is_wrong.then_some(Case { fault: Fault::DifferingIndex, subject: Subject::Index }))
    }

    async fn look_at_all(&self, check: Check, seen: &mut Seen) -> Result<(), Error> {
        let mut after = 0;
        while seen.cases.len() < FINDINGS_MAX {
            let page = self.read(move |notes| Ok(notes.kept_after(after, ACCOUNTS_MAX, check)?)).await?;
            let Some(last) = page.last() else { break };
            after = last.number;
            self.compare(page, seen).await;
        }
        Ok(())
    }

    async fn compare(&self, kept: Vec<Kept>, seen: &mut Seen) {
        let accounts: Vec<_> = kept.iter().map(|author| author.account).collect();
        let auth = seen.ask(&self.auth, &accounts).await;
        let user = seen.ask(&self.user, &accounts).await;
        for author in kept {
            let said = Said { auth: auth.of(author.account), user: user.of(author.account) };
            let faults = author.faults(said);
            seen.add(faults, &Subject::Account(author.account));
        }
    }

    /// What `look` finds in one state of the data, on a thread that may wait.
    async fn read<T, F>(&self, look: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&View<'_>) -> Result<T, Error> + Send + 'static,
    {
        let store = Arc::clone(&self.data.store);
        blocking::run(move || store.view(look)).await
    }
}

/// What is wrong with the file itself, and with notes that lead to no author.
fn file_faults(notes: &View<'_>, check: Check) -> Result<Vec<Case>, Error> {
    let case = |fault, subject| Case { fault, subject };
    if !notes.is_sound(check)? {
        return Ok(vec![case(Fault::DamagedFile, Subject::Database)]);
    }
    let numbers = notes.unknown_authors(FINDINGS_MAX)?.into_iter();
    let authorless = numbers.map(|number| case(Fault::AuthorlessNotes, Subject::Number(number)));
    let damaged = notes.damaged_notes(FINDINGS_MAX)?.into_iter();
    Ok(authorless.chain(damaged.map(|note| case(Fault::DamagedNote, Subject::Note(note)))).collect())
}

impl Seen {
    /// Whether the file is damaged: then nothing else that it says can be believed, least of all repaired.
    fn is_damaged(&self) -> bool {
        self.cases.iter().any(|case| case.fault == Fault::DamagedFile)
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
