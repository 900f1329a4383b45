//! What a run tells: a table as the rows come in, the goals beside what was measured, and all of it as JSON.

use std::fs;
use std::io;
use std::path::Path;

use serde::Serialize;

use crate::args::Args;
use crate::goals::{self, Judgement};
use crate::machine::Machine;
use crate::overload::Overload;
use crate::rows::{Outcome, Row};

/// What was seen of the world before it was filled.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Start {
    /// From the start of the process, in an empty directory, to its ready file.
    pub(crate) ready_ms: f64,
    /// Resident memory with nothing to do and nothing stored.
    pub(crate) idle_mib: f64,
}

/// How the run was asked to be.
#[derive(Debug, Serialize)]
struct Settings {
    seconds: u64,
    warmup: u64,
    connections: u16,
    notes: u32,
    seed: u64,
}

/// Everything there is to tell, in the order in which it becomes known.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    machine: Machine,
    settings: Settings,
    /// None until the world was started.
    pub(crate) start: Option<Start>,
    rows: Vec<Outcome>,
    goals: Vec<Judgement>,
    /// What ended the run early; a report with this is no result.
    pub(crate) failure: Option<String>,
}

impl Report {
    /// A report without figures.
    pub(crate) const fn new(args: &Args, machine: Machine) -> Self {
        let Args { seconds, warmup, connections, notes, seed, .. } = *args;
        let settings = Settings { seconds, warmup, connections, notes, seed };
        Self { machine, settings, start: None, rows: Vec::new(), goals: Vec::new(), failure: None }
    }

    /// Prints what the figures are measured on, and the table's head.
    pub(crate) fn print_head(&self) {
        let Machine { cores, file_system, fdatasync_p50_ms, date } = &self.machine;
        println!("{date} · {cores} cores · {file_system}, fdatasync p50 {fdatasync_p50_ms:.2} ms");
        if self.machine.is_in_memory() {
            println!(
                "The data is in memory: syncing it costs nothing, so the figures of create mean nothing."
            );
        }
        let Settings { seconds, connections, notes, .. } = self.settings;
        println!("{seconds} s per row, {connections} connections, {notes} notes of one user\n");
        println!(
            "{:<18} {:>10} {:>9} {:>9} {:>10} {:>9} {:>9}",
            "row", "requests/s", "p50 ms", "p99 ms", "CPU µs/req", "of limit", "peak MiB"
        );
    }

    /// Prints a row and keeps it; its share of the limit becomes known here.
    pub(crate) fn add(&mut self, mut outcome: Outcome) {
        let limit =
            self.rows.iter().find(|row| row.row == Row::EmptyProxy).map(|row| row.requests_per_second);
        outcome.share_of_limit = match outcome.row {
            Row::EmptyProxy => Some(1.0),
            _ => limit.map(|limit| outcome.requests_per_second / limit),
        };
        print_row(&outcome);
        self.rows.push(outcome);
    }

    /// Holds the figures against the goals.
    pub(crate) fn judge(&mut self) {
        self.goals = goals::judge(self.start.as_ref(), &self.rows);
    }

    /// Prints each goal that could be judged.
    pub(crate) fn print_goals(&self) {
        println!();
        for Judgement { subject, figure, bound, goal, measured, half, all } in &self.goals {
            let met = match (all, half) {
                (true, _) => "met",
                (_, true) => "half",
                _ => "missed",
            };
            let (goal, measured) = (short(*goal), short(*measured));
            println!("{subject:<18} {figure:<12} {bound:<8} {goal:>7}   measured {measured:>7}   {met}");
        }
    }

    /// Writes everything as JSON.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        fs::write(path, text)?;
        println!("\nwritten to {}", path.display());
        Ok(())
    }
}

fn print_row(outcome: &Outcome) {
    let cpu = outcome.cpu_us_per_request.map_or_else(|| "-".to_owned(), |cpu| format!("{cpu:.1}"));
    let share = outcome.share_of_limit.map_or_else(|| "-".to_owned(), |share| format!("{share:.3}"));
    let logins = outcome.logins_per_second.map(|logins| format!("  beside {logins:.1} log-ins/s"));
    println!(
        "{:<18} {:>10.0} {:>9.2} {:>9.2} {cpu:>10} {share:>9} {:>9.1}{}",
        outcome.row.name(),
        outcome.requests_per_second,
        outcome.p50_ms,
        outcome.p99_ms,
        outcome.peak_mib,
        logins.unwrap_or_default(),
    );
    if let Some(overload) = &outcome.overload {
        let Overload { peak, offered, done, refused, late, idle_mib, normal_after_ms, .. } = overload;
        let share = done / peak * 100.0;
        println!(
            "  peak {peak:.0}/s; offered {offered:.0}/s ({late} late), done {share:.0} % of the peak, {refused:.0}/s \
             refused (latencies above); {idle_mib:.1} MiB before; as before after {normal_after_ms:.0} ms"
        );
    }
}

/// A figure with as many decimals as it deserves.
fn short(figure: f64) -> String {
    if figure < 10.0 { format!("{figure:.2}") } else { format!("{figure:.0}") }
}
