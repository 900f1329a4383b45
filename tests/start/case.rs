//! The cases: what is started, and how soon it should be ready. It does not know how a start is timed.

use std::path::Path;

use clap::ValueEnum;
use tempfile::TempDir;
use tokio::time::Instant;

use crate::Failure;
use crate::dataset::{self, Dataset};
use crate::launch::{self, Launch, Times};

/// Worlds of the case that starts several at once.
const AT_ONCE: usize = 10;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Case {
    /// A world of its own, as `satchel exec` makes it
    Fresh,
    /// A data directory that was there before
    Existing,
    /// One with 100,000 notes of 100 authors
    Notes,
    /// One with 20,000 accounts
    Accounts,
    /// Ten fresh worlds together, until the last is ready
    Ten,
    /// `satchel exec -- true` from start to end
    Exec,
}

impl Case {
    /// All of them, in the order of the table.
    pub(crate) const ALL: [Self; 6] =
        [Self::Fresh, Self::Existing, Self::Notes, Self::Accounts, Self::Ten, Self::Exec];

    /// How the table calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Fresh => "fresh world",
            Self::Existing => "existing directory",
            Self::Notes => "100,000 notes",
            Self::Accounts => "20,000 accounts",
            Self::Ten => "ten at once",
            Self::Exec => "exec -- true",
        }
    }

    /// The median that the design asks for, in milliseconds; none where it asks for nothing.
    const fn goal_ms(self) -> Option<f64> {
        match self {
            Self::Fresh => Some(60.0),
            Self::Existing => Some(40.0),
            Self::Notes => Some(80.0),
            Self::Accounts => None,
            Self::Ten => Some(500.0),
            Self::Exec => Some(120.0),
        }
    }

    /// Starts `binary` so often, prints the median and where the time went.
    pub(crate) fn measure(self, binary: &Path, starts: u32) -> Result<(), Failure> {
        let directory = TempDir::with_prefix("satchel-start-")?;
        let data = directory.path().join("data");
        match self {
            Self::Existing => Launch::kept(binary, &data)?.end()?,
            Self::Notes => dataset::fill(binary, &data, Dataset { accounts: 100, notes_each: 1_000 })?,
            Self::Accounts => dataset::fill(binary, &data, Dataset { accounts: 20_000, notes_each: 0 })?,
            Self::Fresh | Self::Ten | Self::Exec => {}
        }
        let times = (0..starts).map(|_| self.once(binary, &data)).collect::<Result<Vec<_>, _>>()?;
        self.print(&times);
        Ok(())
    }

    fn once(self, binary: &Path, data: &Path) -> Result<Times, Failure> {
        match self {
            Self::Fresh => Launch::fresh(binary)?.times(),
            Self::Existing | Self::Notes | Self::Accounts => Launch::kept(binary, data)?.times(),
            Self::Ten => ten(binary),
            Self::Exec => launch::exec_true(binary),
        }
    }

    fn print(self, times: &[Times]) {
        let total = median(times.iter().map(|times| times.ready_ms).collect());
        let verdict = match self.goal_ms() {
            Some(goal) if total <= goal => format!("goal {goal:>4.0}   met"),
            Some(goal) => format!("goal {goal:>4.0}   missed"),
            None => String::new(),
        };
        let worst = times.iter().map(|times| times.ready_ms).fold(0.0, f64::max);
        println!("{:<20} {total:>7.1} ms   (longest {worst:.1})   {verdict}", self.name());
        for (name, _) in times.first().map(|times| &times.phases).into_iter().flatten() {
            let reached = times.iter().flat_map(|times| &times.phases).filter(|phase| phase.0 == *name);
            println!("    {name:<24} {:>7.1} ms", median(reached.map(|phase| phase.1).collect()));
        }
    }
}

/// Ten fresh worlds, all under way before the first is waited for.
fn ten(binary: &Path) -> Result<Times, Failure> {
    let began = Instant::now();
    let mut worlds = (0..AT_ONCE).map(|_| Launch::begin(binary)).collect::<Result<Vec<_>, _>>()?;
    for world in &mut worlds {
        world.wait_until_ready()?;
    }
    let ready_ms = began.elapsed().as_secs_f64() * 1_000.0;
    for world in worlds {
        world.end()?;
    }
    Ok(Times { ready_ms, phases: Vec::new() })
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
