//! What a service's doctor says and when it looks: findings, the report of a pass, and the rounds.
//!
//! It knows no fault by name and repairs nothing: which there are and what helps is for each service to say.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{MissedTickBehavior, interval};

use crate::outbox::Sequence;
use crate::shutdown::Shutdown;

/// Between two passes of its own accord (PROTOCOL.md §6).
const ROUND: Duration = Duration::from_mins(1);
/// Findings of one pass: a report of some hundred kilobytes. Whoever has more repairs these and looks again.
pub const FINDINGS_MAX: usize = 1000;

/// `POST /internal/doctor`: examine everything now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Order {
    /// Whether to repair what can be repaired.
    pub fix: bool,
}

/// The answer: what a whole pass found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// At most [`FINDINGS_MAX`].
    pub findings: Vec<Finding>,
}

/// Something that is not as it should be. It was looked at twice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The service that found it.
    pub service: String,
    /// The fault's name, for programs.
    pub kind: String,
    /// What it is about: an account, an e-mail, a username, a message.
    pub subject: String,
    /// What is wrong.
    pub what: String,
    /// What helps.
    pub remedy: String,
    /// What became of it.
    pub state: State,
}

/// A kind of fault, as a service knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name, for programs.
    pub name: &'static str,
    /// What is wrong, after "it was found that".
    pub what: &'static str,
    /// What helps.
    pub remedy: &'static str,
    /// When the remedy is applied.
    pub cure: Cure,
}

/// When a remedy is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cure {
    /// By every pass: it only finishes what the protocol left open.
    Always,
    /// When it is asked for.
    OnRequest,
    /// When it is asked for, and it only contains the harm: a person has to look all the same.
    Contains,
    /// Never: a person has to look.
    Person,
}

impl Kind {
    /// The finding of this fault about `subject` at `service`; `applied` tells whether the remedy was.
    pub fn finding(&self, service: &str, subject: String, applied: bool) -> Finding {
        let state = match self.cure {
            Cure::Always | Cure::OnRequest if applied => State::Repaired,
            Cure::Always | Cure::OnRequest => State::Open,
            Cure::Contains | Cure::Person => State::NeedsPerson,
        };
        let [service, kind, what, remedy] = [service, self.name, self.what, self.remedy].map(str::to_owned);
        Finding { service, kind, subject, what, remedy, state }
    }
}

impl Cure {
    /// Whether a pass that may `fix` applies it.
    pub const fn applies(self, fix: bool) -> bool {
        match self {
            Self::Always => true,
            Self::OnRequest | Self::Contains => fix,
            Self::Person => false,
        }
    }
}

/// What a remedy came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// It was applied, with these messages to others.
    Done(Vec<Sequence>),
    /// It was applied, and the fault stands.
    InVain,
    /// The fault had gone by itself.
    Needless,
}

impl Repair {
    /// A remedy that sent one message, if it had to.
    pub fn sent(message: Option<Sequence>) -> Self {
        message.map_or(Self::Needless, |sequence| Self::Done(vec![sequence]))
    }

    /// A remedy that sends nothing; `applied` tells whether it had to be.
    pub const fn silent(applied: bool) -> Self {
        if applied { Self::Done(Vec::new()) } else { Self::Needless }
    }
}

/// What became of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// The remedy was applied.
    Repaired,
    /// The remedy is applied when that is asked for.
    Open,
    /// A person has to look.
    NeedsPerson,
}

/// What a service's passes found so far.
#[derive(Debug)]
pub struct Chart {
    kinds: Vec<&'static str>,
    /// What the last pass found, as told in the log: a finding is told once, until it is gone.
    told: Mutex<BTreeSet<(String, String)>>,
    standing: Mutex<BTreeMap<&'static str, u64>>,
}

impl Chart {
    /// The chart of a doctor who knows these kinds of faults.
    pub fn new(kinds: impl IntoIterator<Item = Kind>) -> Self {
        let kinds = kinds.into_iter().map(|kind| kind.name).collect();
        Self { kinds, told: Mutex::default(), standing: Mutex::default() }
    }

    /// Takes in what a pass found, and logs what the last one had not.
    pub fn note(&self, findings: &[Finding]) {
        let mut told = locked(&self.told);
        let key = |finding: &Finding| (finding.kind.clone(), finding.subject.clone());
        for finding in findings.iter().filter(|finding| !told.contains(&key(finding))) {
            let Finding { kind, subject, what, remedy, state, .. } = finding;
            tracing::warn!(kind, subject, ?state, remedy, "the doctor found: {what}");
        }
        *told = findings.iter().map(key).collect();
        drop(told);
        let stands = |kind: &str| {
            findings.iter().filter(|finding| finding.kind == kind && finding.state != State::Repaired).count()
        };
        *locked(&self.standing) = self.kinds.iter().map(|kind| (*kind, stands(kind) as u64)).collect();
    }

    /// How many findings of each kind the last pass left standing, those without any too. Before the first pass
    /// nothing is known, and nothing is told.
    pub fn standing(&self) -> BTreeMap<&'static str, u64> {
        locked(&self.standing).clone()
    }
}

/// Runs `pass` now and once a minute until `shutdown`.
pub async fn rounds<P, F>(pass: P, mut shutdown: Shutdown)
where
    P: Fn() -> F + Send,
    F: Future<Output = ()> + Send,
{
    let mut round = interval(ROUND);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.requested() => return,
            _ = round.tick() => {}
        }
        tokio::select! {
            () = shutdown.requested() => return,
            () = pass() => {}
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Notify;

    use super::*;
    use crate::{shutdown, task};

    fn finding(kind: &str, subject: &str, state: State) -> Finding {
        let [service, what, remedy] = ["auth", "it is wrong", "mend it"].map(str::to_owned);
        Finding { service, kind: kind.to_owned(), subject: subject.to_owned(), what, remedy, state }
    }

    #[test]
    fn a_remedy_is_applied_as_far_as_it_goes_and_no_further() {
        let became = |cure: Cure, fix| {
            let kind = Kind { name: "k", what: "w", remedy: "r", cure };
            kind.finding("auth", "s".into(), cure.applies(fix)).state
        };
        let both = |cure| [false, true].map(|fix| became(cure, fix));
        assert_eq!(both(Cure::Always), [State::Repaired, State::Repaired]);
        assert_eq!(both(Cure::OnRequest), [State::Open, State::Repaired]);
        assert_eq!(both(Cure::Contains), [State::NeedsPerson; 2]);
        assert_eq!(both(Cure::Person), [State::NeedsPerson; 2]);
    }

    #[test]
    fn what_stands_is_counted_by_kind_and_what_was_repaired_is_not() {
        let kind = |name| Kind { name, what: "w", remedy: "r", cure: Cure::OnRequest };
        let chart = Chart::new(["lost", "ownerless"].map(kind));
        assert_eq!(chart.standing(), BTreeMap::new());
        let found = [("a", State::Open), ("b", State::NeedsPerson), ("c", State::Repaired)];
        chart.note(&found.map(|(subject, state)| finding("ownerless", subject, state)));
        assert_eq!(chart.standing(), BTreeMap::from([("lost", 0), ("ownerless", 2)]));
        chart.note(&[]);
        assert_eq!(chart.standing(), BTreeMap::from([("lost", 0), ("ownerless", 0)]));
    }

    #[tokio::test]
    async fn a_pass_runs_at_once_and_the_end_does_not_wait_for_it() {
        let (trigger, shutdown) = shutdown::channel();
        let begun = Arc::new(Notify::new());
        let told = Arc::clone(&begun);
        let pass = move || {
            told.notify_one();
            std::future::pending()
        };
        let running = task::spawn("doctor", rounds(pass, shutdown));
        begun.notified().await;
        trigger.fire();
        running.await.unwrap();
    }
}
