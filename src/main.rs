//! The `satchel` command: reads the command line, runs what it asks for, and ends with an exit code.
//!
//! 0 drained or done, 1 could not run (one line says why), 2 bad usage; `exec` passes on its command's code, `doctor`
//! has its own.

use std::process::ExitCode;
use std::time::Duration;

use chassis::blocking;
use clap::Parser;
use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};

use crate::cli::{Cli, Command};
use crate::signal::{ENDING, PASSED_ON};

mod admin;
mod bundle;
mod cli;
mod completions;
mod config;
mod console;
mod control;
mod doctor;
mod exec;
mod fixture;
mod home;
mod mail;
mod openapi;
mod operated;
mod phase;
mod profile;
mod ready;
mod secret;
mod settling;
mod signal;
mod supply;
mod topology;
mod up;

/// Returns large freed blocks to the system at once, and takes no lock that all threads share.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Threads for blocking work: those of the one bridge to it, and some for the runtime's own (looking up names, reading
/// files), which must not wait for them.
const BLOCKING_THREADS_MAX: usize = blocking::THREADS_MAX + 16;
/// Work that nobody waits for any more (a hash, the removal of a delivered message) ends well before that.
const LAST_WORK_MAX: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Files are for their owner alone, whatever the caller's umask.
    let umask = rustix::process::umask(Mode::from_raw_mode(0o077));
    match run(cli.command, umask) {
        Ok(code) => code,
        Err(error) => {
            console::complain(error.as_ref());
            ExitCode::from(1)
        }
    }
}

/// What every command may fail with; `main` prints it as one line.
type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Runs a command; `umask` is its caller's.
fn run(command: Command, umask: Mode) -> Result<ExitCode, Failed> {
    match command {
        Command::Up(args) => {
            open_many_files();
            in_runtime(ENDING, up::up(args.world, None))
        }
        Command::Demo(args) => {
            open_many_files();
            in_runtime(ENDING, up::demo(args))
        }
        Command::Exec(args) => in_runtime(PASSED_ON, exec::exec(args, umask)),
        #[cfg(target_os = "linux")]
        Command::Guard(args) => exec::guard(&args),
        #[cfg(target_os = "linux")]
        Command::Guarded(args) => exec::guarded(&args),
        Command::Admin(args) => in_runtime(&[], admin::admin(args)),
        Command::Doctor(args) => in_runtime(&[], doctor::doctor(args)),
        Command::Export(args) => in_runtime(&[], bundle::export(args)),
        Command::Import(args) => in_runtime(&[], bundle::import(args)),
        Command::Mail(args) => in_runtime(&[], mail::mail(args)),
        Command::Openapi => openapi::openapi(),
        Command::Completions(args) => completions::completions(args.shell),
    }
}

/// Raises the limit of open files as far as the system lets us: thousands of connections are more than the usual 1,024.
/// Not for `exec`, whose command would inherit it.
fn open_many_files() {
    let limit = getrlimit(Resource::Nofile);
    // Where that is not possible the accept loop rests when files run out.
    let _as_it_was = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// Does `work` on the threads that services run on; it will listen to `signals`.
fn in_runtime(
    signals: &[Signal],
    work: impl Future<Output = Result<ExitCode, Failed>>,
) -> Result<ExitCode, Failed> {
    // Before there are threads that would not hold them.
    signal::hold(signals)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .build()?;
    let done = runtime.block_on(work);
    // The databases close with the last work that uses them, and must be closed before the process' own end:
    // RocksDB aborts when it is used after its globals are gone.
    runtime.shutdown_timeout(LAST_WORK_MAX);
    done
}
