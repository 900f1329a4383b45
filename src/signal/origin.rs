//! Signals with their origin, read from a file descriptor (signalfd(2)). What is ignored (`nohup`) stays ignored.

use std::io;

use nix::sys::signal as raw;
use nix::sys::signalfd::{SfdFlags, SigSet, SignalFd, siginfo};
use rustix::process::{Pid, Signal};
use tokio::io::unix::AsyncFd;

use super::{Heard, Sender};

/// What `ssi_code` says of a signal that no process sent (`SI_KERNEL`, sigaction(2)).
const FROM_THE_KERNEL: i32 = 0x80;

/// Holds `signals` back from their usual effect, in this thread and those it will start; once they are held, they
/// wait to be read.
pub(crate) fn hold(signals: &[Signal]) -> io::Result<()> {
    Ok(set(signals)?.thread_block()?)
}

/// Lets held `signals` have their usual effect again: a process inherits the hold from who started it.
pub(crate) fn release(signals: &[Signal]) -> io::Result<()> {
    Ok(set(signals)?.thread_unblock()?)
}

fn set(signals: &[Signal]) -> io::Result<SigSet> {
    let mut set = SigSet::empty();
    for signal in signals {
        set.add(raw::Signal::try_from(signal.as_raw())?);
    }
    Ok(set)
}

/// Held signals as they come, read without waiting.
#[derive(Debug)]
pub(crate) struct Origins(SignalFd);

impl Origins {
    /// Those of `signals`, which are held.
    pub(crate) fn of(signals: &[Signal]) -> io::Result<Self> {
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        Ok(Self(SignalFd::with_flags(&set(signals)?, flags)?))
    }

    /// The next one, if one waits.
    pub(crate) fn read(&self) -> io::Result<Option<Heard>> {
        Ok(self.0.read_signal()?.as_ref().and_then(heard))
    }
}

impl std::os::fd::AsFd for Origins {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl std::os::fd::AsRawFd for Origins {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.0.as_raw_fd()
    }
}

fn heard(info: &siginfo) -> Option<Heard> {
    let signal = Signal::from_named_raw(i32::try_from(info.ssi_signo).ok()?)?;
    let from = match info.ssi_code {
        FROM_THE_KERNEL => Sender::Terminal,
        _ => Sender::Process(i32::try_from(info.ssi_pid).ok().and_then(Pid::from_raw)),
    };
    Some(Heard { signal, from })
}

/// Held signals as they come, waited for.
#[derive(Debug)]
pub(crate) struct Signals(AsyncFd<Origins>);

impl Signals {
    /// Those of `signals`, which are held.
    #[expect(deprecated, reason = "its unsafe successor asks for what an owned descriptor keeps anyway")]
    pub(crate) fn listen(signals: &[Signal]) -> io::Result<Self> {
        Ok(Self(AsyncFd::new(Origins::of(signals)?)?))
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Heard {
        loop {
            let Ok(mut ready) = self.0.readable().await else { return std::future::pending().await };
            match ready.get_inner().read() {
                Ok(Some(heard)) => return heard,
                Ok(None) => ready.clear_ready(),
                Err(error) => {
                    tracing::error!(%error, "signals cannot be read any more");
                    return std::future::pending().await;
                }
            }
        }
    }
}
