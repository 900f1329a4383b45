//! What a whole proof did and found, and its last word.

use std::fmt;
use std::time::Duration;

use super::client::Found;
use super::ledger::Counts;
use crate::kit::Times;

/// All rounds of one proof.
#[derive(Debug, Default)]
pub(super) struct Report {
    kills: u32,
    pub(super) counts: Counts,
    ready: Times,
    agreed: Times,
    rested: Times,
}

impl Report {
    /// One more kill, with the time until everything was ready again, what the clients found afterwards, and how
    /// soon everything was at rest after them.
    pub(super) fn add(&mut self, ready_in: Duration, found: &[Found], rested_after: Duration) {
        self.kills += 1;
        self.ready.add(ready_in);
        self.agreed.add(found.iter().map(|found| found.agreed_after).max().unwrap_or_default());
        self.rested.add(rested_after);
        self.count(found);
    }

    /// What the clients did before.
    pub(super) fn count(&mut self, found: &[Found]) {
        for found in found {
            self.counts.add(&found.counts);
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, counts, ready, agreed, rested } = self;
        write!(
            f,
            "{kills} kills: {counts}; ready again {ready}; agreed after {agreed}; at rest after {rested}"
        )
    }
}
