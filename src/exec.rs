//! `satchel exec`: a command with a fresh world around it, gone when the command ends.

use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus};

use chassis::shutdown::{self, Trigger};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::signal::unix::SignalKind;

use crate::Failed;
use crate::cli::{ExecArgs, Ports};
use crate::config::Config;
use crate::console;
use crate::profile::Profile;
use crate::ready::Ready;
use crate::signal::Signals;
use crate::topology::Topology;
use crate::up;

/// Runs the command and passes its exit code on; 128 plus the signal's number when a signal ended it.
pub(crate) async fn exec(mut args: ExecArgs) -> Result<ExitCode, Failed> {
    args.world.ports = args.world.ports.or(Some(Ports::AUTO));
    let mut config = Config::load(&args.world, Profile::Ci)?;
    if args.world.data_dir.is_none() {
        // A directory named in the environment belongs to another world.
        config.data_dir = None;
    }
    console::start_log(args.world.log, &quiet(&config.log_filter));
    let fixtures = up::fixtures(&args.world, None)?;
    let mut signals = Signals::listen()?;
    let (trigger, shutdown) = shutdown::channel();

    let ready = |topology: &Topology| match &args.world.ready_file {
        Some(path) => Ok(Ready::new(&topology.world(), topology.home().path()).write(path)?),
        None => Ok(()),
    };
    let starting = up::start(config, &fixtures, (trigger.clone(), shutdown), ready);
    let (topology, tasks) = until_started(starting, &mut signals, &trigger).await?;
    let status = match spawn(&args, &topology) {
        Ok(mut child) => Ok(wait(&mut child, &mut signals).await?),
        Err(error) => Err(error),
    };
    trigger.fire();
    up::end(topology, tasks).await;
    status.map(code_of)
}

/// Waits for the world; a signal ends it before it is there, a second one the process.
async fn until_started<T>(
    starting: impl Future<Output = Result<T, Failed>>,
    signals: &mut Signals,
    trigger: &Trigger,
) -> Result<T, Failed> {
    tokio::pin!(starting);
    tokio::select! {
        started = starting.as_mut() => return started,
        _ = signals.next() => trigger.fire(),
    }
    tokio::select! {
        started = starting => started,
        _ = signals.next() => std::process::exit(1),
    }
}

/// The command's own output should stand out: only warnings, unless more was asked for.
fn quiet(filter: &str) -> String {
    if filter == "info" { "warn".to_owned() } else { filter.to_owned() }
}

fn spawn(args: &ExecArgs, topology: &Topology) -> Result<Child, Failed> {
    let (program, arguments) = args.command.split_first().ok_or("no command was given")?;
    let mut command = Command::new(program);
    command.args(arguments).env("SATCHEL_DATA_DIR", topology.home().path());
    command.env("JWT_SECRET", topology.secret().expose());
    for (name, running) in topology.world() {
        let variable = match name.as_str() {
            "gateway" => "SATCHEL_URL".to_owned(),
            other => format!("SATCHEL_{}_URL", other.to_uppercase()),
        };
        command.env(variable, running.url);
    }
    command.spawn().map_err(|error| format!("{} cannot be run: {error}", program.display()).into())
}

/// Waits for the command, passing signals on to it.
async fn wait(child: &mut Child, signals: &mut Signals) -> std::io::Result<ExitStatus> {
    loop {
        tokio::select! {
            status = child.wait() => return status,
            kind = signals.next() => pass_on(child, kind),
        }
    }
}

fn pass_on(child: &Child, kind: SignalKind) {
    let pid = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    let signal = if kind == SignalKind::interrupt() { Signal::INT } else { Signal::TERM };
    if let Some(pid) = pid
        && let Err(error) = kill_process(pid, signal)
    {
        tracing::debug!(%error, "the command was gone before the signal");
    }
}

fn code_of(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
