//! Tells when another process has ended. It does not know who that is.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::process::{self, Pid, PidfdFlags, Signal};
use tokio::io::unix::AsyncFd;
use tokio::time::interval;

/// Between two looks where the system has no descriptors of processes (old kernels, some sandboxes): far below the second
/// that an end may take.
const LOOK: Duration = Duration::from_millis(100);

/// This process' parent, watched for its end; another one that gets its number later is not mistaken for it.
#[derive(Debug)]
pub(crate) struct Watch {
    parent: Pid,
    fd: Option<OwnedFd>,
}

impl Watch {
    /// Watches the process `parent`; `None` when it is this process' parent no more.
    pub(crate) fn parent(parent: Pid) -> Option<Self> {
        let fd = process::pidfd_open(parent, PidfdFlags::empty()).ok();
        Some(Self { parent, fd }).filter(|_| process::getppid() == Some(parent))
    }

    /// Whether it has ended.
    pub(crate) fn is_over(&self) -> bool {
        process::getppid() != Some(self.parent)
    }

    /// What can be read once it has ended.
    pub(crate) fn fd(&self) -> Option<&OwnedFd> {
        self.fd.as_ref()
    }

    /// How long to wait at most before looking again.
    pub(crate) fn look_within(&self) -> Option<Duration> {
        self.fd.is_none().then_some(LOOK)
    }

    /// Waits for its end.
    #[expect(deprecated, reason = "its unsafe successor asks for what an owned descriptor keeps anyway")]
    pub(crate) async fn over(self) -> io::Result<()> {
        if let Some(fd) = self.fd {
            return AsyncFd::new(fd)?.readable().await.map(drop);
        }
        let mut looks = interval(LOOK);
        while !self.is_over() {
            looks.tick().await;
        }
        Ok(())
    }
}

/// Waits for the end of whoever started this process; forever, when it is to outlive them: `nohup` has the hangup
/// signal ignored.
pub(crate) async fn starter_is_gone() -> io::Result<()> {
    let starter = process::getppid().filter(|_| !ignores(Signal::HUP));
    // Outside of this process' view (a container's first process) there is nobody to watch.
    let Some(starter) = starter else { return std::future::pending().await };
    match Watch::parent(starter) {
        Some(watch) => watch.over().await,
        None => Ok(()),
    }
}

/// Whether this process ignores `signal`.
fn ignores(signal: Signal) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    ignored >> (signal.as_raw() - 1) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_programs_ignore_a_broken_pipe_and_no_request_to_end() {
        assert!(ignores(Signal::PIPE));
        // The hangup may be ignored here too: `nohup make test`.
        assert!(!ignores(Signal::TERM));
    }
}
