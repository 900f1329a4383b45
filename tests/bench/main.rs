//! The load bench, from top to bottom: measure the limit of this machine, start a fresh world, fill it, measure
//! row by row, judge the goals, write it all down.
//!
//! `cargo bench --bench load` builds Satchel and this client with the release profile. Both share the machine's
//! cores, so the client is one thread that does as little as it can, and every figure is best read as a share of
//! the empty proxy that the same client met on the same machine a minute earlier. This program knows Satchel from
//! outside only: its command line, its ready file and its HTTP contract.

#![expect(clippy::print_stdout, reason = "a program for people: the table is its output")]
#![expect(clippy::cast_precision_loss, reason = "figures for people; no count comes near 2^53")]

mod args;
mod client;
mod dataset;
mod goals;
mod histogram;
mod load;
mod machine;
mod overload;
mod process;
mod proxy;
mod report;
mod rows;
mod searches;
mod text;
mod world;

use std::io;
use std::process::ExitCode;

use clap::Parser as _;
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::args::Args;
use crate::dataset::Dataset;
use crate::machine::Machine;
use crate::proxy::Proxy;
use crate::report::{Report, Start};
use crate::rows::{Outcome, Row};
use crate::world::World;

/// Whatever stops a run. It is printed and nothing decides by its kind, so it has none.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = if args.empty_proxy { serve_empty_proxy() } else { bench(&args) };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// The program's other face: the child process of the limit row. It gets as many threads as Satchel does.
fn serve_empty_proxy() -> Result<(), Failure> {
    runtime::Builder::new_multi_thread().enable_all().build()?.block_on(proxy::serve())
}

/// Runs the bench on one thread, so that the client takes no more than one core from the server.
fn bench(args: &Args) -> Result<(), Failure> {
    runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        tokio::select! {
            outcome = run(args) => outcome,
            stopped = interrupted() => {
                stopped?;
                Err("interrupted; nothing was written".into())
            }
        }
    })
}

/// Comes back at the first request to stop; dropping the run then ends its child and removes its directory.
async fn interrupted() -> io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

async fn run(args: &Args) -> Result<(), Failure> {
    let mut report = Report::new(args, Machine::look(&args.dir)?);
    report.print_head();
    let outcome = measure(args, &mut report).await;
    report.failure = outcome.as_ref().err().map(ToString::to_string);
    report.judge();
    report.print_goals();
    report.write(&args.json)?;
    outcome
}

async fn measure(args: &Args, report: &mut Report) -> Result<(), Failure> {
    if args.wants(Row::EmptyProxy) {
        measure_limit(args, report).await?;
    }
    if args.rows().any(|row| row != Row::EmptyProxy) {
        measure_world(args, report).await?;
    }
    Ok(())
}

/// The limit goes first and alone: while it is measured nothing else of ours runs.
async fn measure_limit(args: &Args, report: &mut Report) -> Result<(), Failure> {
    let proxy = Proxy::start().await?;
    let outcome = rows::measure_limit(&proxy, args).await?;
    proxy.stop().await?;
    accept(report, outcome)
}

async fn measure_world(args: &Args, report: &mut Report) -> Result<(), Failure> {
    let world = World::start(&args.binary, &args.dir).await?;
    world.process.settle().await?;
    report.start = Some(Start { ready_ms: world.ready_ms(), idle_mib: world.process.resident_mib()? });
    let dataset = Dataset::create(world.gateway, args).await?;
    for row in args.rows().filter(|&row| row != Row::EmptyProxy) {
        world.process.settle().await?;
        accept(report, rows::measure(row, &world, &dataset, args).await?)?;
    }
    world.stop().await
}

/// Prints and keeps a row; a row with a bad answer ends the run, because its figures mean nothing.
fn accept(report: &mut Report, outcome: Outcome) -> Result<(), Failure> {
    let complaint = outcome
        .first_bad
        .as_ref()
        .map(|first| format!("{}: {} bad answers, the first: {first}", outcome.row.name(), outcome.bad));
    report.add(outcome);
    complaint.map_or(Ok(()), |text| Err(text.into()))
}
