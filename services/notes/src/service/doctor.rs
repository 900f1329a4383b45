//! Holds authors against their notes and against the records of auth (PROTOCOL.md §6).
//!
//! A fault counts when it was seen, looked for again, and still stands. What mends it is an ordinary change, so a
//! repair survives a crash like anything else. How a fault shows is said in [`crate::doctor`].

use std::collections::BTreeMap;
use std::sync::Arc;

use chassis::audit::{Answer, Entry, Question};
use chassis::blocking;
use chassis::doctor::{self, Chart, FINDINGS_MAX, Finding, Repair, Report, State};
use chassis::peer::Peer;
use chassis::shutdown::Shutdown;
use tokio::sync::Mutex;

use self::look::Scope;
use super::Data;
use crate::doctor::{Case, Fault, record};
use crate::error::Error;
use crate::store::Check;

mod look;
mod repair;

/// The doctor of notes.
#[derive(Debug)]
pub(crate) struct Doctor {
    data: Data,
    auth: Peer,
    user: Peer,
    chart: Chart,
    /// One pass at a time: two would find everything twice.
    turn: Mutex<()>,
}

impl Doctor {
    /// A doctor for `data`, who asks `auth` and `user`.
    pub(crate) fn new(data: Data, auth: Peer, user: Peer) -> Self {
        Self { data, auth, user, chart: Chart::new(Fault::ALL.map(Fault::kind)), turn: Mutex::default() }
    }

    /// What the passes found.
    pub(crate) const fn chart(&self) -> &Chart {
        &self.chart
    }

    /// What notes knows of these accounts. Nothing is ever under way here that is not so elsewhere.
    pub(crate) async fn audit(&self, question: Question) -> Result<Answer, Error> {
        let store = Arc::clone(&self.data.store);
        blocking::run(move || {
            store.view(|notes| {
                let mut accounts = Vec::new();
                for account in question.accounts {
                    let record = record(notes.standing(account)?);
                    accounts.push(Entry { account, record, busy: false });
                }
                Ok(Answer { accounts, facts: BTreeMap::new() })
            })
        })
        .await
    }

    /// Passes of its own accord, now and once a minute, until `shutdown`.
    pub(crate) async fn watch(self: Arc<Self>, shutdown: Shutdown) {
        let pass = || async {
            if let Err(error) = self.pass(false, self.due()).await {
                tracing::warn!(%error, "a pass of the doctor ended early");
            }
        };
        doctor::rounds(pass, shutdown).await;
    }

    /// How much the next pass of its own accord looks at: all of the file after the start, when nobody knows what
    /// became of it meanwhile, and as long as something is wrong.
    fn due(&self) -> Check {
        let standing = self.chart.standing();
        let is_well = !standing.is_empty() && standing.values().all(|count| *count == 0);
        if is_well { Check::Quick } else { Check::Whole }
    }

    /// One thorough pass over everything; `fix` asks for all remedies.
    pub(crate) async fn examine(&self, fix: bool) -> Result<Report, Error> {
        self.pass(fix, Check::Whole).await
    }

    async fn pass(&self, fix: bool, check: Check) -> Result<Report, Error> {
        let _turn = self.turn.lock().await;
        let seen = self.look(&Scope::Everything, check).await?;
        let again = self.look(&Scope::of(&seen), check).await?;
        let mut findings = Vec::new();
        for case in again.intersection(&seen).take(FINDINGS_MAX) {
            findings.extend(self.treat(case, fix).await);
        }
        let damage = Fault::DamagedFile.kind().name;
        let stands = |finding: &Finding| finding.kind == damage && finding.state != State::Repaired;
        self.data.store.call_damaged(findings.iter().any(stands));
        self.chart.note(&findings);
        Ok(Report { findings })
    }

    /// The finding of `case`, after its remedy if that is to be applied; `None` when there was nothing left to mend.
    async fn treat(&self, case: &Case, fix: bool) -> Option<Finding> {
        let kind = case.fault.kind();
        let finding = |applied| Some(kind.finding(crate::NAME, case.subject.to_string(), applied));
        if !kind.cure.applies(fix) {
            return finding(false);
        }
        match self.repair(case).await {
            Ok(Repair::Done(_)) => finding(true),
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
