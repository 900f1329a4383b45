//! One start of `satchel`, timed from outside to its ready line; ended with SIGTERM. It does not know which case it is.
//!
//! What it tells of its start in the log carries the time of day, and so does the moment before it was started.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::Instant;

use crate::Failure;

/// Keys the tokens of worlds that live for a moment, on loopback, with made-up data.
const JWT_SECRET: &str = "only-for-the-start-bench-on-loopback-0123456789abcdef";
/// What the log has to tell: how far the start has come.
const LOG: &str = "warn,satchel::start=debug";
/// A world that uses no more CPU time in [`GLANCE`] than one tick is at rest.
const GLANCE: Duration = Duration::from_millis(500);
/// The longest that one may take to come to rest.
const SETTLE: Duration = Duration::from_mins(2);

/// How long a start took, and when each phase was reached, in milliseconds.
#[derive(Debug)]
pub(crate) struct Times {
    pub(crate) ready_ms: f64,
    pub(crate) phases: Vec<(String, f64)>,
}

/// A started `satchel up`; dropping it kills it.
#[derive(Debug)]
pub(crate) struct Launch {
    child: Child,
    place: TempDir,
    began: Instant,
    began_at: OffsetDateTime,
    ready: Duration,
    line: Value,
}

impl Launch {
    /// A world of its own, ready.
    pub(crate) fn fresh(binary: &Path) -> Result<Self, Failure> {
        let mut launch = Self::begin(binary)?;
        launch.wait_until_ready()?;
        Ok(launch)
    }

    /// A world of its own, under way.
    pub(crate) fn begin(binary: &Path) -> Result<Self, Failure> {
        Self::spawn(binary, [OsStr::new("--ephemeral")])
    }

    /// The world in `data`, ready.
    pub(crate) fn kept(binary: &Path, data: &Path) -> Result<Self, Failure> {
        let mut launch = Self::spawn(binary, [OsStr::new("--data-dir"), data.as_os_str()])?;
        launch.wait_until_ready()?;
        Ok(launch)
    }

    /// A world of its own with the fixture `file` in it, ready.
    pub(crate) fn furnished(binary: &Path, file: &Path) -> Result<Self, Failure> {
        let arguments = [OsStr::new("--ephemeral"), OsStr::new("--fixtures"), file.as_os_str()];
        let mut launch = Self::spawn(binary, arguments)?;
        launch.wait_until_ready()?;
        Ok(launch)
    }

    /// The world in `data`, ready and with the fixture `file` in it.
    pub(crate) fn loading(binary: &Path, data: &Path, file: &Path) -> Result<Self, Failure> {
        let arguments =
            [OsStr::new("--data-dir"), data.as_os_str(), OsStr::new("--fixtures"), file.as_os_str()];
        let mut launch = Self::spawn(binary, arguments)?;
        launch.wait_until_ready()?;
        Ok(launch)
    }

    fn spawn<'a>(binary: &Path, arguments: impl IntoIterator<Item = &'a OsStr>) -> Result<Self, Failure> {
        let place = TempDir::with_prefix("satchel-start-log-")?;
        let mut command = Command::new(binary);
        command.args(["up", "--ports", "auto", "--profile", "ci", "--log", "json"]).args(arguments);
        command.env("SATCHEL_LOG", LOG).env("JWT_SECRET", JWT_SECRET);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(place.path().join("log"))?);
        let (began, began_at) = (Instant::now(), OffsetDateTime::now_utc());
        let child = command.spawn()?;
        Ok(Self { child, place, began, began_at, ready: Duration::ZERO, line: Value::Null })
    }

    /// Reads the ready line; how long that took is kept.
    pub(crate) fn wait_until_ready(&mut self) -> Result<(), Failure> {
        let stdout = self.child.stdout.take().ok_or("its output was read before")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        self.ready = self.began.elapsed();
        if line.is_empty() {
            return Err(format!("it did not start: {}", self.log()).into());
        }
        self.line = serde_json::from_str(&line)?;
        Ok(())
    }

    /// Where its part `name` listens, as host and port.
    pub(crate) fn address(&self, name: &str) -> Result<String, Failure> {
        let url = self.line.get(name).and_then(|part| part.get("url")?.as_str());
        let address = url.and_then(|url| url.strip_prefix("http://"));
        Ok(address.ok_or_else(|| format!("it does not tell where {name} is"))?.to_owned())
    }

    /// Ends it and tells what was measured.
    pub(crate) fn times(mut self) -> Result<Times, Failure> {
        self.stop()?;
        let phases = self.log().lines().filter_map(|line| self.phase(line)).collect();
        Ok(Times { ready_ms: self.ready.as_secs_f64() * 1_000.0, phases })
    }

    fn phase(&self, line: &str) -> Option<(String, f64)> {
        let line: Value = serde_json::from_str(line).ok()?;
        let at = OffsetDateTime::parse(line.get("timestamp")?.as_str()?, &Rfc3339).ok()?;
        Some((line.get("phase")?.as_str()?.to_owned(), (at - self.began_at).as_seconds_f64() * 1_000.0))
    }

    /// Waits until it does next to nothing.
    pub(crate) fn settle(&self) -> Result<(), Failure> {
        let deadline = Instant::now() + SETTLE;
        let mut before = self.ticks()?;
        while Instant::now() < deadline {
            std::thread::park_timeout(GLANCE);
            let now = self.ticks()?;
            if now <= before + 1 {
                return Ok(());
            }
            before = now;
        }
        Err("it does not come to rest".into())
    }

    /// CPU time so far, in ticks: utime and stime, fields 14 and 15 of `/proc/PID/stat`.
    fn ticks(&self) -> Result<u64, Failure> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields = stat.rsplit_once(')').map(|(_, after_name)| after_name.split_ascii_whitespace());
        let ticks = fields.into_iter().flatten().skip(11).take(2).map(str::parse::<u64>);
        Ok(ticks.sum::<Result<u64, _>>()?)
    }

    /// Ends it; one that does not end in order is a failure.
    pub(crate) fn end(mut self) -> Result<(), Failure> {
        self.stop()
    }

    fn stop(&mut self) -> Result<(), Failure> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.ok_or("an impossible process id")?, Signal::TERM)?;
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { Err(format!("{status}: {}", self.log()).into()) }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.place.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Launch {
    fn drop(&mut self) {
        // It has usually ended.
        let _gone = self.child.kill();
        let _buried = self.child.wait();
    }
}

/// `satchel exec -- true`, from start to end.
pub(crate) fn exec_true(binary: &Path) -> Result<Times, Failure> {
    let began = Instant::now();
    let status = Command::new(binary).args(["exec", "--", "true"]).status()?;
    let ready_ms = began.elapsed().as_secs_f64() * 1_000.0;
    if status.success() { Ok(Times { ready_ms, phases: Vec::new() }) } else { Err(status.to_string().into()) }
}
