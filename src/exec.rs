//! `satchel exec`: a command with a fresh world around it, gone when the command ends.
//!
//! The command has its caller's terminal, process group and umask. Nothing outlives the two of them: not what the
//! command left running, and nothing at all when whoever started them is gone.

use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus};

use chassis::shutdown;
use rustix::fs::Mode;
use rustix::process::{Pid, kill_process};
use tokio::process::Child;

use crate::Failed;
use crate::cli::{ExecArgs, Ports};
use crate::config::Config;
use crate::console;
use crate::profile::Profile;
use crate::ready::Ready;
use crate::signal::{Heard, PASSED_ON, Sender, Signals, until_second};
use crate::topology::Topology;
use crate::up;

#[cfg(target_os = "linux")]
pub(crate) use self::bounds::guard::{guard, guarded};
#[cfg(target_os = "linux")]
use self::bounds::{bounded, command};
#[cfg(not(target_os = "linux"))]
use self::unbound::{bounded, command};

#[cfg(target_os = "linux")]
mod bounds;
#[cfg(not(target_os = "linux"))]
mod unbound;

/// Runs the command and passes its exit code on; 128 plus the signal's number when a signal ended it.
pub(crate) async fn exec(args: ExecArgs, umask: Mode) -> Result<ExitCode, Failed> {
    bounded(Box::pin(run(args, umask))).await
}

async fn run(mut args: ExecArgs, umask: Mode) -> Result<ExitCode, Failed> {
    args.world.ports = args.world.ports.or(Some(Ports::AUTO));
    let mut config = Config::load(&args.world, Profile::Ci)?;
    if args.world.data_dir.is_none() {
        // A directory named in the environment belongs to another world.
        config.data_dir = None;
    }
    console::start_log(args.world.log, &quiet(&config.log_filter));
    let fixtures = up::fixtures(&args.world, None)?;
    let mut signals = Signals::listen(PASSED_ON)?;
    let (trigger, shutdown) = shutdown::channel();

    let ready = |topology: &Topology| match &args.world.ready_file {
        Some(path) => Ok(Ready::new(&topology.world(), topology.home().path()).write(path)?),
        None => Ok(()),
    };
    let starting = up::start(config, &fixtures, (trigger.clone(), shutdown), ready);
    let (topology, tasks) = until_second(&mut signals, &trigger, starting).await?;
    let status = match spawn(&args, umask, &topology) {
        Ok(mut child) => Ok(wait(&mut child, &mut signals).await?),
        Err(error) => Err(error),
    };
    trigger.fire();
    tokio::select! {
        () = up::end(topology, tasks) => {}
        // Whoever sends one now wants no orderly end.
        _ = signals.next() => {}
    }
    status.map(code_of)
}

/// The command's own output should stand out: only warnings, unless more was asked for.
fn quiet(filter: &str) -> String {
    if filter == "info" { "warn".to_owned() } else { filter.to_owned() }
}

fn spawn(args: &ExecArgs, umask: Mode, topology: &Topology) -> Result<Child, Failed> {
    let (program, arguments) = args.command.split_first().ok_or("no command was given")?;
    let mut command = command(program, arguments, umask);
    command.env("SATCHEL_DATA_DIR", topology.home().path());
    command.env("JWT_SECRET", topology.secret().expose());
    for (name, running) in topology.world() {
        let variable = match name.as_str() {
            "gateway" => "SATCHEL_URL".to_owned(),
            other => format!("SATCHEL_{}_URL", other.to_uppercase()),
        };
        command.env(variable, running.url);
    }
    if let Some(address) = topology.mail_host() {
        command.env("EMAIL_HOST", address.ip().to_string()).env("EMAIL_PORT", address.port().to_string());
    }
    command.spawn().map_err(|error| format!("{} cannot be run: {error}", program.display()).into())
}

/// Waits for the command, passing signals on to it.
async fn wait(child: &mut Child, signals: &mut Signals) -> std::io::Result<ExitStatus> {
    loop {
        tokio::select! {
            status = child.wait() => return status,
            heard = signals.next() => pass_on(child, heard),
        }
    }
}

/// What was typed at the terminal the command has already: told twice, many a program stops cleaning up.
fn pass_on(child: &Child, Heard { signal, from }: Heard) {
    let pid = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    if let (Some(pid), Sender::Process(_)) = (pid, from)
        && let Err(error) = kill_process(pid, signal)
    {
        tracing::debug!(%error, "the command was gone before the signal");
    }
}

fn code_of(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
