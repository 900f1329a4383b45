//! `satchel exec` where the system has no orphans to adopt: its command runs directly below it, and what that leaves
//! running stays.

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use rustix::fs::Mode;
use tokio::process::Command;

use crate::Failed;

/// Does `work`.
pub(super) async fn bounded(
    work: impl Future<Output = Result<ExitCode, Failed>>,
) -> Result<ExitCode, Failed> {
    work.await
}

/// The command itself.
pub(super) fn command(program: &OsStr, arguments: &[OsString], _umask: Mode) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}
