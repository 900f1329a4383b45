//! Tells when another process has ended. It does not know who that is.

use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{self, Pid, PidfdFlags, Signal};
use tokio::io::unix::AsyncFd;

/// A process that is watched for its end; another one that gets its number later is not mistaken for it.
#[derive(Debug)]
pub(crate) struct Watch(OwnedFd);

impl Watch {
    /// Watches the process `parent`; `None` when it is this process' parent no more.
    pub(crate) fn parent(parent: Pid) -> io::Result<Option<Self>> {
        match process::pidfd_open(parent, PidfdFlags::empty()) {
            Ok(fd) => Ok(Some(Self(fd)).filter(|_| process::getppid() == Some(parent))),
            Err(rustix::io::Errno::SRCH) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether it has ended.
    pub(crate) fn is_over(&self) -> io::Result<bool> {
        let mut fds = [PollFd::new(self, PollFlags::IN)];
        Ok(poll(&mut fds, Some(&Timespec::default()))? > 0)
    }

    /// Waits for its end.
    #[expect(deprecated, reason = "its unsafe successor asks for what an owned descriptor keeps anyway")]
    pub(crate) async fn over(self) -> io::Result<()> {
        AsyncFd::new(self.0)?.readable().await.map(drop)
    }
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Waits for the end of whoever started this process; forever, when it is to outlive them: `nohup` has the hangup
/// signal ignored.
pub(crate) async fn starter_is_gone() -> io::Result<()> {
    let starter = process::getppid().filter(|_| !ignores(Signal::HUP));
    // Outside of this process' view (a container's first process) there is nobody to watch.
    let Some(starter) = starter else { return std::future::pending().await };
    match Watch::parent(starter)? {
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
    fn rust_programs_ignore_a_broken_pipe_and_no_hangup() {
        assert!(ignores(Signal::PIPE));
        assert!(!ignores(Signal::HUP));
    }
}
