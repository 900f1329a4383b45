//! The goals of the design, and how a run is judged by them. A missed goal is reported, not punished: the same
//! machine on a busy day misses some.

use serde::Serialize;

use crate::report::Start;
use crate::rows::{Outcome, Row};

/// Which way a figure should go.
#[derive(Clone, Copy, Debug)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Bound {
    /// How much of the goal is reached; 1 is all of it.
    fn reached(self, figure: f64) -> f64 {
        match self {
            Self::AtLeast(goal) => figure / goal,
            Self::AtMost(goal) => goal / figure.max(f64::MIN_POSITIVE),
        }
    }

    const fn figure(self) -> f64 {
        match self {
            Self::AtLeast(goal) | Self::AtMost(goal) => goal,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::AtLeast(_) => "at least",
            Self::AtMost(_) => "at most",
        }
    }
}

/// What a goal is about.
#[derive(Clone, Copy, Debug)]
enum Subject {
    Ready,
    IdleMemory,
    Rate(Row),
    Share(Row),
    P99(Row),
    PeakMemory(Row),
}

/// One goal per line, for two cores that the bench shares with Satchel.
const GOALS: [(Subject, Bound); 20] = [
    (Subject::Ready, Bound::AtMost(60.0)),
    (Subject::IdleMemory, Bound::AtMost(40.0)),
    (Subject::Rate(Row::Health), Bound::AtLeast(30_000.0)),
    (Subject::Rate(Row::GetNote), Bound::AtLeast(10_000.0)),
    (Subject::Share(Row::GetNote), Bound::AtLeast(0.55)),
    (Subject::Rate(Row::List), Bound::AtLeast(6_000.0)),
    (Subject::Rate(Row::SearchRare), Bound::AtLeast(3_000.0)),
    (Subject::Rate(Row::SearchCommon), Bound::AtLeast(3_000.0)),
    (Subject::Rate(Row::SearchTwo), Bound::AtLeast(3_000.0)),
    (Subject::Rate(Row::SearchPhrase), Bound::AtLeast(3_000.0)),
    (Subject::Rate(Row::SearchHan), Bound::AtLeast(3_000.0)),
    (Subject::P99(Row::SearchCommon), Bound::AtMost(40.0)),
    (Subject::Rate(Row::RankedRare), Bound::AtLeast(3_000.0)),
    (Subject::Rate(Row::RankedCommon), Bound::AtLeast(3_000.0)),
    (Subject::P99(Row::RankedCommon), Bound::AtMost(40.0)),
    (Subject::PeakMemory(Row::SearchRare), Bound::AtMost(150.0)),
    (Subject::PeakMemory(Row::SearchCommon), Bound::AtMost(150.0)),
    (Subject::Rate(Row::Me), Bound::AtLeast(8_000.0)),
    (Subject::P99(Row::ReadsDuringLogin), Bound::AtMost(50.0)),
    (Subject::Rate(Row::Create), Bound::AtLeast(3_000.0)),
];

/// A goal beside what was measured.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Judgement {
    /// What it is about: a row's name, or the start.
    pub(crate) subject: &'static str,
    /// Which figure of it.
    pub(crate) figure: &'static str,
    /// Whether more or less is better.
    pub(crate) bound: &'static str,
    /// The goal.
    pub(crate) goal: f64,
    /// What was measured.
    pub(crate) measured: f64,
    /// Whether half of the goal is met: half as much of what should be much, twice as much of what should be little.
    pub(crate) half: bool,
    /// Whether all of it is met.
    pub(crate) all: bool,
}

/// Judges what was measured; goals about anything else are left out.
pub(crate) fn judge(start: Option<&Start>, rows: &[Outcome]) -> Vec<Judgement> {
    GOALS
        .iter()
        .filter_map(|&(subject, bound)| Some(against(subject, bound, measured(subject, start, rows)?)))
        .collect()
}

fn against(subject: Subject, bound: Bound, measured: f64) -> Judgement {
    let (subject, figure) = named(subject);
    let reached = bound.reached(measured);
    Judgement {
        subject,
        figure,
        bound: bound.words(),
        goal: bound.figure(),
        measured,
        half: reached >= 0.5,
        all: reached >= 1.0,
    }
}

fn measured(subject: Subject, start: Option<&Start>, rows: &[Outcome]) -> Option<f64> {
    let of = |row: Row| rows.iter().find(|outcome| outcome.row == row);
    match subject {
        Subject::Ready => Some(start?.ready_ms),
        Subject::IdleMemory => Some(start?.idle_mib),
        Subject::Rate(row) => Some(of(row)?.requests_per_second),
        Subject::Share(row) => of(row)?.share_of_limit,
        Subject::P99(row) => Some(of(row)?.p99_ms),
        Subject::PeakMemory(row) => Some(of(row)?.peak_mib),
    }
}

const fn named(subject: Subject) -> (&'static str, &'static str) {
    match subject {
        Subject::Ready => ("start", "ms to ready"),
        Subject::IdleMemory => ("start", "idle MiB"),
        Subject::Rate(row) => (row.name(), "requests/s"),
        Subject::Share(row) => (row.name(), "of the limit"),
        Subject::P99(row) => (row.name(), "p99 ms"),
        Subject::PeakMemory(row) => (row.name(), "peak MiB"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn half_a_goal_is_half_of_much_or_twice_of_little() {
        use super::{Bound, Subject, against};
        use crate::rows::Row;

        let verdict = |bound, measured| {
            let judgement = against(Subject::Rate(Row::Health), bound, measured);
            (judgement.half, judgement.all)
        };
        assert_eq!(verdict(Bound::AtLeast(100.0), 100.0), (true, true));
        assert_eq!(verdict(Bound::AtLeast(100.0), 50.0), (true, false));
        assert_eq!(verdict(Bound::AtLeast(100.0), 49.0), (false, false));
        assert_eq!(verdict(Bound::AtMost(100.0), 100.0), (true, true));
        assert_eq!(verdict(Bound::AtMost(100.0), 200.0), (true, false));
        assert_eq!(verdict(Bound::AtMost(100.0), 201.0), (false, false));
    }
}
