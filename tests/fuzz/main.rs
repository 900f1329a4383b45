//! Each target for some thousands of bytes near its seeds, which is what every change can afford.
//!
//! `make fuzz` searches for longer, led by coverage. What a target promises is told where it is.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that meets the unexpected stops right there, and its helpers are no test functions"
)]

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};

mod seed;

use seed::Seeds;

/// Inputs for each target; `PROPTEST_CASES` asks for more.
const CASES: u32 = 4_000;
/// And of bodies, where everything is proven (PROMISES.md S2).
const BODIES: u32 = 10_000_000;
/// Changes of a seed at most: with more it is noise, which parsers refuse at once.
const CHANGES_MAX: usize = 6;

/// What is done to a seed.
#[derive(Clone, Debug)]
enum Change {
    /// A byte becomes another.
    Byte(Index, u8),
    /// Something is put in.
    Insert(Index, Vec<u8>),
    /// What is between two places goes.
    Remove(Index, Index),
    /// What is between two places is there again and again.
    Repeat(Index, Index, usize),
}

impl Change {
    fn apply(self, bytes: &mut Vec<u8>) {
        let between = |one: Index, other: Index, len: usize| {
            let (one, other) = (one.index(len + 1), other.index(len + 1));
            one.min(other)..one.max(other)
        };
        match self {
            Self::Byte(at, byte) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            Self::Byte(..) => {}
            Self::Insert(at, what) => {
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..at, what);
            }
            Self::Remove(one, other) => drop(bytes.drain(between(one, other, bytes.len()))),
            Self::Repeat(one, other, times) => {
                let range = between(one, other, bytes.len());
                let again = bytes[range.clone()].repeat(times);
                bytes.splice(range, again);
            }
        }
    }
}

fn change(words: Vec<Vec<u8>>) -> impl Strategy<Value = Change> {
    let place = any::<Index>;
    prop_oneof![
        (place(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        (place(), select(words)).prop_map(|(at, word)| Change::Insert(at, word)),
        (place(), place()).prop_map(|(one, other)| Change::Remove(one, other)),
        (place(), place(), 2..40_usize).prop_map(|(one, other, times)| Change::Repeat(one, other, times)),
    ]
}

/// Tries the seeds of `name`, and inputs near them.
/// Whether `SATCHEL_PROOF` asks for full counts.
#[expect(clippy::disallowed_methods, reason = "the size of a proof is a setting of the test run")]
fn is_full() -> bool {
    std::env::var("SATCHEL_PROOF").is_ok_and(|size| size == "full")
}

fn try_all(name: &str, target: fn(&[u8])) {
    let Seeds { whole, words } = Seeds::of(name);
    for seed in &whole {
        target(seed);
    }
    let inputs = (select(whole), prop::collection::vec(change(words), 1..=CHANGES_MAX)).prop_map(
        |(mut bytes, changes)| {
            for change in changes {
                change.apply(&mut bytes);
            }
            bytes
        },
    );
    let wanted = if name == "json" && is_full() { BODIES } else { CASES };
    let config =
        Config { cases: Config::default().cases.max(wanted), failure_persistence: None, ..Config::default() };
    let tried = config.cases;
    let run = TestRunner::new(config).run(&inputs, |bytes| {
        target(&bytes);
        Ok(())
    });
    assert_eq!(run, Ok(()), "{name}");
    println!("{name}: {tried} inputs");
}

#[test]
fn a_path_that_goes_on_stays_with_its_service() {
    try_all("path", fuzz::path);
}

#[test]
fn a_connection_is_judged_alike_however_it_is_cut() {
    try_all("head", fuzz::head);
}

#[test]
fn a_body_is_a_value_of_bounded_depth_or_a_400() {
    try_all("json", fuzz::json);
}

#[test]
fn no_query_breaks_a_search_or_what_it_shows() {
    try_all("query", fuzz::query);
}

#[test]
fn no_token_is_taken_but_a_signed_one_with_valid_claims() {
    try_all("token", fuzz::token);
}

#[test]
fn a_fixture_is_read_or_its_mistake_has_a_place() {
    try_all("fixture", fuzz::fixture);
}
