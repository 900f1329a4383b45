//! A running `satchel`: started, waited for, stopped or killed. Dropping it kills it.
//!
//! It knows the ready line on standard output and nothing else of what the process does.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// Ready within this time or something is wrong; a loaded machine takes one second, not sixty.
const READY_MAX: Duration = Duration::from_mins(1);
/// A drain ends by then (PROMISES.md G1): 10 s for requests in flight and a moment to close the stores.
const DRAIN_MAX: Duration = Duration::from_secs(12);
/// Lines of the log that a failed test shows.
const LOG_LINES: usize = 60;

/// One process.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    lines: Mutex<Receiver<String>>,
    log: PathBuf,
}

/// Why a process did not become ready.
#[derive(Debug)]
pub(crate) struct NotReady {
    /// `None` if it was killed for being late.
    pub(crate) status: Option<ExitStatus>,
    pub(crate) stderr: String,
}

impl Process {
    /// Starts `command` with its standard error going to the file `log`.
    pub(crate) fn spawn(command: &mut Command, log: PathBuf) -> Self {
        let stderr = File::options().create(true).append(true).open(&log).unwrap();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let (sender, receiver) = sync_channel(1);
        // Reads until the process closes its output, so that waiting for it can have a deadline.
        std::thread::Builder::new()
            .name("child output".into())
            .spawn(move || forward(stdout, &sender))
            .unwrap();
        Self { child, lines: Mutex::new(receiver), log }
    }

    /// Waits for the line of JSON that says where it listens.
    pub(crate) fn ready(&mut self) -> Result<Value, NotReady> {
        let line = self.lines.lock().unwrap().recv_timeout(READY_MAX);
        match line {
            Ok(line) => Ok(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))),
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.child.wait().unwrap();
                Err(NotReady { status: Some(status), stderr: self.stderr() })
            }
            Err(RecvTimeoutError::Timeout) => {
                self.kill();
                Err(NotReady { status: None, stderr: self.stderr() })
            }
        }
    }

    /// The next line that it prints; `None` when it printed its last.
    pub(crate) fn line(&mut self) -> Option<String> {
        self.lines.lock().unwrap().recv_timeout(READY_MAX).ok()
    }

    /// Everything that it has written to standard error.
    pub(crate) fn stderr(&self) -> String {
        std::fs::read_to_string(&self.log).expect("the log of a process that was started")
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// SIGKILL; returns when it is gone.
    pub(crate) fn kill(&mut self) {
        // It may have ended by itself.
        let _gone = self.child.kill();
        self.child.wait().unwrap();
    }

    /// SIGTERM; returns its exit status, or fails the test if it does not drain in time.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.ended(DRAIN_MAX)
    }

    /// Waits for its own end.
    pub(crate) fn ended(&mut self, within: Duration) -> ExitStatus {
        loop {
            let line = self.lines.lock().unwrap().recv_timeout(within);
            match line {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return self.child.wait().unwrap(),
                Err(RecvTimeoutError::Timeout) => panic!("the process did not end within {within:?}"),
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.stderr();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines.get(lines.len().saturating_sub(LOG_LINES)..).unwrap_or_default();
            println!("--- log of satchel {}, the last lines ---\n{}\n---", self.pid(), tail.join("\n"));
        }
    }
}

/// Hands lines over until the process closes its output or nobody wants them any more.
fn forward(stdout: ChildStdout, lines: &SyncSender<String>) {
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        if lines.send(line).is_err() {
            return;
        }
    }
}
