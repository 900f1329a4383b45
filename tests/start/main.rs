//! The start bench: how long it takes from `satchel` to a world that is ready, and back to an earlier state of it.
//!
//! `cargo bench --bench start` runs every case twenty times and prints medians beside the goals of the design, and
//! where the time of a start goes. It knows
//! Satchel from outside only: its command line, its ready line, and what it tells of its start in the log.

#![expect(clippy::print_stdout, reason = "a program for people: the table is its output")]

mod back;
mod case;
mod dataset;
mod launch;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::case::Case;

/// Whatever stops a run. It is printed and nothing decides by its kind, so it has none.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Measures how fast Satchel starts on this machine and judges it by the goals of its design.
#[derive(Debug, Parser)]
#[command(name = "start")]
struct Args {
    /// The satchel binary to measure
    #[arg(long, value_name = "PATH", default_value = env!("CARGO_BIN_EXE_satchel"))]
    binary: PathBuf,
    /// Cases to measure [default: all]
    #[arg(long = "cases", value_name = "NAME,…", value_enum, value_delimiter = ',')]
    only: Vec<Case>,
    /// Measure only how worlds go back: resets and snapshots
    #[arg(long)]
    back: bool,
    /// Starts of each case; the median counts
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    starts: u32,
    /// Passed by `cargo bench`; changes nothing
    #[arg(long = "bench", hide = true)]
    _bench: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    if args.only.is_empty()
        && let Err(failure) = back::measure(&args.binary)
    {
        eprintln!("start: going back: {failure}");
        return ExitCode::FAILURE;
    }
    if args.back {
        return ExitCode::SUCCESS;
    }
    for case in Case::ALL.into_iter().filter(|case| args.only.is_empty() || args.only.contains(case)) {
        if let Err(failure) = case.measure(&args.binary, args.starts) {
            eprintln!("start: {}: {failure}", case.name());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
