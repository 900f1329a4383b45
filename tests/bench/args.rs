//! The command line of the bench. It knows what can be chosen and nothing of how it is measured.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::rows::Row;

/// Measures Satchel under load on this machine and judges it by the goals of its design.
#[derive(Debug, Parser)]
#[command(name = "load")]
pub(crate) struct Args {
    /// The satchel binary to measure
    #[arg(long, value_name = "PATH", default_value = env!("CARGO_BIN_EXE_satchel"))]
    pub(crate) binary: PathBuf,
    /// Directory that gets the world's temporary data; should be on a real disk, since creates are fsynced
    #[arg(long, value_name = "PATH", default_value = env!("CARGO_TARGET_TMPDIR"))]
    pub(crate) dir: PathBuf,
    /// Rows to measure, in the order of the table [default: all]
    #[arg(long = "rows", value_name = "NAME,…", value_enum, value_delimiter = ',')]
    only: Vec<Row>,
    /// Seconds measured per row
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub(crate) seconds: u64,
    /// Seconds of load before the measured ones
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(0..=600))]
    pub(crate) warmup: u64,
    /// Keep-alive connections, each with one request under way; the gateway takes 64 from one address and the
    /// row that logs in beside reading needs 16 of them
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=48))]
    pub(crate) connections: u16,
    /// Notes of the user whose notes are read, listed and searched
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub(crate) notes: u32,
    /// Notes of another user, who has more than Satchel keeps in memory (30,000 are); 0 leaves out the rows about them
    #[arg(long, default_value_t = 40_000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub(crate) large: u32,
    /// More notes, of twenty other users, that only fill the store
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=2_000_000))]
    pub(crate) elsewhere: u32,
    /// Seed of the texts
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Where the figures go as JSON
    #[arg(long, value_name = "PATH", default_value = "bench.json")]
    pub(crate) json: PathBuf,
    /// Serve as the empty proxy of the limit row (the bench starts itself with this)
    #[arg(long, hide = true)]
    pub(crate) empty_proxy: bool,
    /// Passed by `cargo bench`; changes nothing
    #[arg(long = "bench", hide = true)]
    _bench: bool,
}

impl Args {
    /// The chosen rows in the table's order, which puts the writing row last.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        Row::ALL.into_iter().filter(|&row| self.wants(row) && (self.large > 0 || !row.is_large()))
    }

    /// Whether a row was chosen; all are when none was named.
    pub(crate) fn wants(&self, row: Row) -> bool {
        self.only.is_empty() || self.only.contains(&row)
    }

    /// How long a row is measured.
    pub(crate) fn measured(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// How long a row is under load before it is measured.
    pub(crate) fn warmed(&self) -> Duration {
        Duration::from_secs(self.warmup)
    }
}
