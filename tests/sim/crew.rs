//! How much a proof runs, and on how many cores: each run has a thread to itself.

use std::num::NonZero;
use std::ops::RangeInclusive;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

use crate::run::Report;

/// Lines of a failed run that are printed among others.
const SHOWN_MAX: usize = 100;

/// `full` when `SATCHEL_PROOF=full`, otherwise `ci`.
pub(crate) fn size(ci: u64, full: u64) -> u64 {
    match setting("SATCHEL_PROOF").as_deref() {
        Some("full") => full,
        Some("ci") | None => ci,
        Some(other) => panic!("SATCHEL_PROOF is ci or full, not {other}"),
    }
}

/// The one seed that somebody wants to see.
pub(crate) fn chosen_seed() -> Option<u64> {
    setting("SATCHEL_SEED").map(|text| text.parse().expect("SATCHEL_SEED is a number"))
}

/// The seeds to run: those of `SATCHEL_SEEDS=from-to`, or as many as the proof has.
pub(crate) fn seeds(ci: u64, full: u64) -> RangeInclusive<u64> {
    let Some(text) = setting("SATCHEL_SEEDS") else { return 1..=size(ci, full) };
    let ends = text.split_once('-').and_then(|(from, to)| Some(from.parse().ok()?..=to.parse().ok()?));
    ends.expect("SATCHEL_SEEDS is two numbers, as in 1-1000")
}

#[expect(
    clippy::disallowed_methods,
    reason = "the size of a proof is a setting of the test run, not of the product"
)]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Does `work` for each of `items` on all cores, and hands what comes of it to `take` in the order of arrival.
pub(crate) fn each<I, T>(items: Vec<I>, work: impl Fn(&I) -> T + Sync, mut take: impl FnMut(T))
where
    I: Send + Sync,
    T: Send,
{
    let (next, items) = (AtomicUsize::new(0), items);
    let crew = thread::available_parallelism().map_or(1, NonZero::get);
    let (results, arrived) = sync_channel(crew);
    let results = Mutex::new(results);
    thread::scope(|scope| {
        for _ in 0..crew {
            let sender = results.lock().expect("a sender").clone();
            let (next, items, work) = (&next, &items, &work);
            scope.spawn(move || {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if sender.send(work(item)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(results);
        while let Ok(result) = arrived.recv() {
            take(result);
        }
    });
}

/// Prints the end of what happened in a run that failed.
pub(crate) fn print_failure(seed: u64, report: &Report) {
    let shown = chosen_seed().map_or(SHOWN_MAX, |_| usize::MAX);
    let skipped = report.trace.len().saturating_sub(shown);
    println!("--- seed {seed}, after {skipped} lines:");
    for line in report.trace.iter().skip(skipped) {
        println!("{line}");
    }
    println!(
        "--- seed {seed}: {}; SATCHEL_SEED={seed} repeats it",
        report.violation.as_deref().unwrap_or("fine")
    );
}

/// Fails when the run `what` broke an invariant.
pub(crate) fn demand(what: &str, report: &Report) {
    if let Some(violation) = &report.violation {
        print_failure(0, report);
        panic!("{what}: {violation}");
    }
}
