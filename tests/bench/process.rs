//! A child process under measurement: started, weighed through `/proc`, ended. It does not know what it runs.

use std::fs;
use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::Failure;

/// One tick of the CPU times in `/proc/<pid>/stat`: proc(5) counts them in `USER_HZ`, which is 100 on every
/// architecture that Rust's Linux targets name.
const TICK: Duration = Duration::from_millis(10);
/// A drain may take 10 s by contract; after that the child is killed.
const DRAIN: Duration = Duration::from_secs(10);
/// How often a settling process is looked at: long enough to see 2 % of a core in ticks.
const GLANCE: Duration = Duration::from_millis(500);
/// The longest a row waits for background work of the one before it.
const SETTLE: Duration = Duration::from_secs(20);

/// A running child; dropping it kills it.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    pid: u32,
}

impl Process {
    /// Starts the command.
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        let child = command.kill_on_drop(true).spawn()?;
        let pid = child.id().ok_or_else(|| io::Error::other("the child ended at once"))?;
        Ok(Self { child, pid })
    }

    /// The child itself, for its pipes and its early end.
    pub(crate) const fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// CPU time of all its threads so far, user and system.
    pub(crate) fn cpu(&self) -> Result<Duration, Failure> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        let ticks = cpu_ticks(&stat).ok_or("the process's CPU times are unreadable")?;
        Ok(TICK * ticks)
    }

    /// Resident memory now, in MiB.
    pub(crate) fn resident_mib(&self) -> Result<f64, Failure> {
        self.memory("VmRSS:")
    }

    /// The most resident memory since [`Process::forget_peak`], in MiB.
    pub(crate) fn peak_mib(&self) -> Result<f64, Failure> {
        self.memory("VmHWM:")
    }

    /// Makes the peak start anew from what is resident now: value 5 of `clear_refs`, proc(5).
    pub(crate) fn forget_peak(&self) -> io::Result<()> {
        fs::write(format!("/proc/{}/clear_refs", self.pid), "5")
    }

    fn memory(&self, name: &str) -> Result<f64, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let kib = memory_kib(&status, name).ok_or("the process's memory is unreadable")?;
        Ok(f64::from(kib) / 1_024.0)
    }

    /// Waits until the process does next to nothing, so that a row does not pay for the one before it.
    pub(crate) async fn settle(&self) -> Result<(), Failure> {
        let deadline = Instant::now() + SETTLE;
        let mut glances = interval(GLANCE);
        glances.set_missed_tick_behavior(MissedTickBehavior::Delay);
        glances.tick().await;
        let mut before = self.cpu()?;
        while Instant::now() < deadline {
            glances.tick().await;
            let now = self.cpu()?;
            if now.saturating_sub(before) <= TICK {
                return Ok(());
            }
            before = now;
        }
        eprintln!("bench: the server is still busy by itself after {} s; measuring anyway", SETTLE.as_secs());
        Ok(())
    }

    /// Asks it to end and waits; kills it when it does not. The status tells which of the two it was.
    pub(crate) async fn end(mut self) -> Result<ExitStatus, Failure> {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw).ok_or("an impossible process id")?;
        kill_process(pid, Signal::TERM)?;
        if let Ok(status) = timeout(DRAIN, self.child.wait()).await {
            return Ok(status?);
        }
        self.child.kill().await?;
        Ok(self.child.wait().await?)
    }
}

/// utime + stime, fields 14 and 15; counted from behind the name, which may hold spaces and parentheses.
fn cpu_ticks(stat: &str) -> Option<u32> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    user.checked_add(system)
}

fn memory_kib(status: &str, name: &str) -> Option<u32> {
    let value = status.lines().find_map(|line| line.strip_prefix(name))?;
    value.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn cpu_times_are_found_behind_any_name() {
        use super::cpu_ticks;

        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 90 0 0 0 123 45 0 0 20 0 9 0 5 6 7";
        assert_eq!(cpu_ticks(stat), Some(168));
        assert_eq!(cpu_ticks("7 (a) S 1"), None);
    }

    #[test]
    fn memory_is_read_by_name() {
        use super::memory_kib;

        assert_eq!(memory_kib("VmPeak:\t  10 kB\nVmHWM:\t   2048 kB\n", "VmHWM:"), Some(2_048));
        assert_eq!(memory_kib("VmPeak:\t  10 kB\n", "VmHWM:"), None);
    }
}
