//! Holds the records of accounts against each other and against those of the other services (PROTOCOL.md §6).
//!
//! A fault counts when it was seen, looked for again, and still stands. What mends it is an ordinary message or verb,
//! so a repair survives a crash like anything else. How a fault shows is said in [`crate::doctor`].

use std::sync::Arc;

use chassis::audit::{Answer, Entry, Question};
use chassis::blocking;
use chassis::clock::Clock;
use chassis::doctor::{self, Chart, FINDINGS_MAX, Finding, Repair, Report};
use chassis::id::AccountId;
use chassis::outbox::{SETTLE_WITHIN, Sequence};
use chassis::peer::Peer;
use chassis::shutdown::Shutdown;
use tokio::sync::Mutex;

use self::look::Scope;
use crate::doctor::{Case, Fault, Kept};
use crate::error::Error;
use crate::store::Store;

mod look;
mod repair;

/// The doctor of auth.
pub(crate) struct Doctor {
    store: Arc<Store>,
    user: Peer,
    notes: Peer,
    clock: Clock,
    chart: Chart,
    /// One pass at a time: two would find everything twice.
    turn: Mutex<()>,
}

impl Doctor {
    /// A doctor for what `store` keeps, who asks `user` and `notes`.
    pub(crate) fn new(store: Arc<Store>, user: Peer, notes: Peer, clock: Clock) -> Self {
        let chart = Chart::new(Fault::ALL.map(Fault::kind));
        Self { store, user, notes, clock, chart, turn: Mutex::default() }
    }

    /// What the passes found.
    pub(crate) const fn chart(&self) -> &Chart {
        &self.chart
    }

    /// What auth knows of these accounts.
    pub(crate) async fn audit(&self, question: Question) -> Result<Answer, Error> {
        let store = Arc::clone(&self.store);
        let kept = blocking::run(move || store.kept(&question.accounts)).await?;
        let facts = |(account, kept): &(AccountId, Option<Kept>)| Some((*account, kept.as_ref()?.facts()?));
        let entry = |(account, kept): &(AccountId, Option<Kept>)| match kept {
            Some(kept) => {
                Entry { account: *account, record: kept.record(), busy: kept.is_busy || kept.is_open() }
            }
            None => Entry::unreadable(*account),
        };
        Ok(Answer {
            accounts: kept.iter().map(entry).collect(),
            facts: kept.iter().filter_map(facts).collect(),
        })
    }

    /// Passes of its own accord, now and once a minute, until `shutdown`.
    pub(crate) async fn watch(self: Arc<Self>, shutdown: Shutdown) {
        let pass = || async {
            if let Err(error) = self.examine(false).await {
                tracing::warn!(%error, "a pass of the doctor ended early");
            }
        };
        doctor::rounds(pass, shutdown).await;
    }

    /// One pass over everything; `fix` asks for all remedies, else only what the protocol left open is finished.
    pub(crate) async fn examine(&self, fix: bool) -> Result<Report, Error> {
        let _turn = self.turn.lock().await;
        let seen = self.look(&Scope::Everything).await?;
        let again = self.look(&Scope::of(&seen)).await?;
        let (mut findings, mut sent) = (Vec::new(), Vec::new());
        for case in again.intersection(&seen).take(FINDINGS_MAX) {
            findings.extend(self.treat(case, fix, &mut sent).await);
        }
        self.store.outbox().settled(&sent, SETTLE_WITHIN).await;
        self.chart.note(&findings);
        Ok(Report { findings })
    }

    /// The finding of `case`, after its remedy if that is to be applied; `None` when there was nothing left to mend.
    async fn treat(&self, case: &Case, fix: bool, sent: &mut Vec<Sequence>) -> Option<Finding> {
        let kind = case.fault.kind();
        let finding = |applied| Some(kind.finding(crate::NAME, case.subject.to_string(), applied));
        if !kind.cure.applies(fix) {
            return finding(false);
        }
        match self.repair(case).await {
            Ok(Repair::Done(messages)) => {
                sent.extend(messages);
                finding(true)
            }
            Ok(Repair::InVain) => finding(false),
            Ok(Repair::Needless) => None,
            Err(error) => {
                tracing::error!(kind = kind.name, subject = %case.subject, %error, "a remedy could not be applied");
                finding(false)
            }
        }
    }
}

#[cfg(test)]
mod tests;
