//! Random seeds (PROMISES.md A2): each draws its own mix of misfortunes, and no invariant may break.

use std::collections::{BTreeMap, BTreeSet};

use crate::crew;
use crate::run::{self, Report};

/// Seeds that failed once; they always run.
const KNOWN: &str = include_str!("seeds.txt");
/// Seeds of one run.
const SEEDS: u64 = 1_000;
/// Seeds of a full run.
const SEEDS_FULL: u64 = 100_000;
/// Every so many seeds one runs twice.
const REPEATED_EVERY: u64 = 100;
/// Between two lines that say how far a long run is: some seconds.
const TOLD_EVERY: u64 = 500;

#[test]
fn no_seed_breaks_an_invariant() {
    let seeds: Vec<u64> = match crew::chosen_seed() {
        Some(seed) => vec![seed],
        None => known().chain(crew::seeds(SEEDS, SEEDS_FULL)).collect(),
    };
    let mut tally = Tally { next: *crew::seeds(SEEDS, SEEDS_FULL).start(), ..Tally::default() };
    crew::each(seeds, |seed| (*seed, run::seed(*seed, None)), |(seed, report)| tally.take(seed, &report));
    println!("{tally}");
    assert!(tally.failed.is_empty(), "seeds that broke an invariant: {:#?}", tally.failed);
}

#[test]
fn a_seed_repeats_itself_to_the_letter() {
    let seeds: Vec<u64> =
        crew::seeds(SEEDS, SEEDS_FULL).filter(|seed| seed.is_multiple_of(REPEATED_EVERY)).collect();
    let count = seeds.len();
    let twice = |seed: &u64| (*seed, run::seed(*seed, None).trace, run::seed(*seed, None).trace);
    crew::each(seeds, twice, |(seed, one, other)| {
        let differs = one.iter().zip(&other).find(|(one, other)| one != other);
        assert!(one == other, "seed {seed} does not repeat itself: {differs:#?}");
    });
    println!("{count} seeds ran twice with equal traces");
}

fn known() -> impl Iterator<Item = u64> {
    let words = KNOWN.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split(' ').next());
    words.filter_map(|word| word.parse().ok())
}

/// What all runs came to.
#[derive(Default)]
struct Tally {
    seeds: u64,
    /// The first seed that is not done.
    next: u64,
    /// Seeds after it that are.
    ahead: BTreeSet<u64>,
    commits: u64,
    done: u64,
    refused: u64,
    unknown: u64,
    slowest_ms: u64,
    failed: BTreeMap<u64, String>,
}

impl Tally {
    fn take(&mut self, seed: u64, report: &Report) {
        self.commits += report.commits;
        self.done += u64::from(report.done);
        self.refused += u64::from(report.refused);
        self.unknown += u64::from(report.unknown);
        self.slowest_ms = self.slowest_ms.max(report.recovery_ms);
        if let Some(violation) = &report.violation {
            crew::print_failure(seed, report);
            self.failed.insert(seed, violation.clone());
        }
        self.tell(seed);
    }

    /// Says now and then how far it is, and from where an interrupted run goes on.
    fn tell(&mut self, seed: u64) {
        self.ahead.insert(seed);
        while self.ahead.remove(&self.next) {
            self.next += 1;
        }
        self.seeds += 1;
        if self.seeds.is_multiple_of(TOLD_EVERY) {
            println!("{self}; next is {}", self.next);
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { seeds, commits, done, refused, unknown, slowest_ms, failed, .. } = self;
        write!(
            f,
            "{seeds} seeds: {done} operations done, {refused} refused, {unknown} unknown, {commits} commits; slowest \
             recovery {slowest_ms} ms; {} failed",
            failed.len()
        )
    }
}
