//! Random seeds (PROMISES.md A2): each draws its own mix of misfortunes, and no invariant may break.

use std::collections::BTreeMap;

use crate::crew::{self, size};
use crate::run::{self, Report};

/// Seeds that failed once; they always run.
const KNOWN: &str = include_str!("seeds.txt");
/// Every so many seeds one runs twice.
const REPEATED_EVERY: u64 = 100;

#[test]
fn no_seed_breaks_an_invariant() {
    let seeds: Vec<u64> = match crew::chosen_seed() {
        Some(seed) => vec![seed],
        None => known().chain(1..=size(1_000, 100_000)).collect(),
    };
    let mut tally = Tally::default();
    let count = seeds.len();
    crew::each(seeds, |seed| (*seed, run::seed(*seed, None)), |(seed, report)| tally.take(seed, &report));
    println!("{count} seeds: {tally}");
    assert!(tally.failed.is_empty(), "seeds that broke an invariant: {:#?}", tally.failed);
}

#[test]
fn a_seed_repeats_itself_to_the_letter() {
    let seeds: Vec<u64> =
        (1..=size(1_000, 100_000) / REPEATED_EVERY).map(|seed| seed * REPEATED_EVERY).collect();
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
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { commits, done, refused, unknown, slowest_ms, failed } = self;
        write!(
            f,
            "{done} operations done, {refused} refused, {unknown} unknown, {commits} commits; slowest recovery \
             {slowest_ms} ms; {} failed",
            failed.len()
        )
    }
}
