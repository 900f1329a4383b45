//! The process between `satchel exec` and its command: it sees to it that nothing of the command outlives its world.
//!
//! Orphans below the command become its children, so it can end them all when the command or the world is gone; the
//! world does the same when the guard is. It has the command's terminal and process group, and no threads.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::Mode;
use rustix::process::{self, Pid, Signal, WaitOptions, WaitStatus};

use super::kin;
use super::watch::Watch;
use crate::Failed;
use crate::cli::GuardArgs;
use crate::home::ephemeral;
use crate::signal::{self, Origins, PASSED_ON, Sender};

/// What processes that the command leaves behind have to end in order; the world has gone by then.
const LEFTOVERS: Duration = Duration::from_millis(500);

/// The guard around a command, as a command itself.
pub(super) fn command(program: &OsStr, arguments: &[OsString], umask: Mode) -> Command {
    let mut command = again("guard", umask.bits());
    command.arg(program).args(arguments);
    command
}

/// This very program, even when another one has been built in its place, as the part `part` of the bounds below this
/// process.
fn again(part: &str, umask: u32) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.arg0("satchel").arg(part);
    command.arg("--below").arg(process::getpid().as_raw_pid().to_string());
    command.arg("--umask").arg(umask.to_string()).arg("--");
    command
}

/// What the guard has to hear of.
fn held() -> Vec<Signal> {
    PASSED_ON.iter().copied().chain([Signal::CHILD]).collect()
}

/// Runs the command and ends with its exit code.
pub(crate) fn guard(args: &GuardArgs) -> Result<ExitCode, Failed> {
    // `pkill satchel` ends the world, and should leave the one who cleans up behind it.
    rustix::thread::set_name(c"exec-guard")?;
    let world = Pid::from_raw(args.below).ok_or("--below is the number of a process")?;
    let Some(watch) = Watch::parent(world) else {
        return Err("the world was gone before its command".into());
    };
    kin::adopt()?;
    signal::hold(&held())?;
    let signals = Origins::of(&held())?;
    let command = again("guarded", args.umask).args(&args.command).spawn()?;
    let command =
        i32::try_from(command.id()).ok().and_then(Pid::from_raw).ok_or("the command has no number")?;
    let guard = Guard { world, watch, signals, command };
    if let Some(status) = guard.ended()? {
        kin::end(LEFTOVERS);
        return Ok(code_of(status));
    }
    kin::end(Duration::ZERO);
    ephemeral::sweep();
    Err("the world is gone, and its command with it".into())
}

/// Becomes the command, which dies with its guard. It inherited the hold on signals, so that none of them could end the
/// guard while it started the command.
pub(crate) fn guarded(args: &GuardArgs) -> Result<ExitCode, Failed> {
    process::set_parent_process_death_signal(Some(Signal::KILL))?;
    if process::getppid() != Pid::from_raw(args.below) {
        return Err("the guard was gone before its command".into());
    }
    let (program, arguments) = args.command.split_first().ok_or("no command was given")?;
    process::umask(Mode::from_raw_mode(args.umask));
    signal::release(&held())?;
    let error = Command::new(program).args(arguments).exec();
    Err(cannot_run(&program.display().to_string(), &error).into())
}

fn cannot_run(program: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => {
            format!("{program} cannot be run: there is no such file, and no such program in the PATH")
        }
        io::ErrorKind::PermissionDenied => {
            format!(
                "{program} cannot be run: make it executable (chmod +x), or put its interpreter before it"
            )
        }
        _ => format!("{program} cannot be run: {error}"),
    }
}

struct Guard {
    world: Pid,
    watch: Watch,
    signals: Origins,
    command: Pid,
}

impl Guard {
    /// Waits until the command has ended; `None` if the world did first. Signals from the world are passed on.
    fn ended(&self) -> io::Result<Option<WaitStatus>> {
        loop {
            // First, so that the end of a child that comes after the look at them is still there to be read.
            while let Some(heard) = self.signals.read()? {
                if heard.from == Sender::Process(Some(self.world)) {
                    // It may have ended meanwhile.
                    let _gone = process::kill_process(self.command, heard.signal);
                }
            }
            if let Some(status) = self.status()? {
                return Ok(Some(status));
            }
            if self.watch.is_over() {
                return Ok(None);
            }
            let mut news = vec![PollFd::new(&self.signals, PollFlags::IN)];
            news.extend(self.watch.fd().map(|fd| PollFd::new(fd, PollFlags::IN)));
            let within = self.watch.look_within().and_then(|within| Timespec::try_from(within).ok());
            // Being stopped and continued interrupts the wait.
            rustix::io::retry_on_intr(|| poll(&mut news, within.as_ref()))?;
        }
    }

    /// How the command ended, if it has; orphans that ended are buried on the way.
    fn status(&self) -> io::Result<Option<WaitStatus>> {
        while let Some((pid, status)) = process::wait(WaitOptions::NOHANG)? {
            if pid == self.command {
                return Ok(Some(status));
            }
        }
        Ok(None)
    }
}

/// The exit code; 128 plus the signal's number when a signal ended it, as shells tell it.
fn code_of(status: WaitStatus) -> ExitCode {
    let code = status.exit_status().or_else(|| status.terminating_signal().map(|signal| 128 + signal));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
