//! The bounds of `satchel exec` in the tree of processes: a guard below it, whoever started it above.
//!
//! They hold when any one process is killed: the guard ends what is left when the world is gone, the world when the
//! guard is, and the world ends with whoever started it. When guard and world are killed at once, the command dies with
//! them.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use rustix::fs::Mode;
use rustix::process::{self, Signal};
use tokio::process::Command;

use crate::Failed;
use crate::console;

pub(super) mod guard;
mod kin;
mod watch;

/// Does `work`, and ends with it whatever runs below this process; the end of whoever started this ends both.
pub(super) async fn bounded(
    work: impl Future<Output = Result<ExitCode, Failed>>,
) -> Result<ExitCode, Failed> {
    kin::adopt()?;
    tokio::select! {
        done = work => {
            kin::end(Duration::ZERO);
            done
        }
        gone = watch::starter_is_gone() => {
            kin::end(Duration::ZERO);
            gone?;
            console::complain(&io::Error::other("whoever started this is gone, and so is the world: nohup keeps both"));
            // Nobody is left to read an exit code, and stores without a folder take their time to close.
            process::kill_process(process::getpid(), Signal::KILL)?;
            std::future::pending().await
        }
    }
}

/// The guard around a command, as a command itself.
pub(super) fn command(program: &OsStr, arguments: &[OsString], umask: Mode) -> Command {
    guard::command(program, arguments, umask).into()
}
