//! The world under measurement: one fresh `satchel up` on free ports with its data in a directory of its own.
//!
//! It is run as a person would run it (development profile, full Argon2id, every write fsynced), with the rate
//! limits off: they are there to stop what a load driver does. It knows the command line, not the HTTP contract.

use std::fs::{self, File};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::{Instant, interval};

use crate::Failure;
use crate::process::Process;

/// Keys the tokens of a world that lives for minutes, on loopback, with made-up data.
const JWT_SECRET: &str = "only-for-the-load-bench-on-loopback-0123456789abcdef";
/// Far beyond any start worth measuring.
const START_DEADLINE: Duration = Duration::from_secs(30);
/// How often the ready file is looked for; also the precision of the start's figure.
const GLANCE: Duration = Duration::from_millis(1);
/// How much of a failed start's log is shown.
const LOG_LINES: usize = 20;

/// A running Satchel; dropping it kills it and removes its data.
#[derive(Debug)]
pub(crate) struct World {
    /// For its CPU time and memory; before the directory, so that it is dropped first.
    pub(crate) process: Process,
    /// Where the gateway listens.
    pub(crate) gateway: SocketAddr,
    started_in: Duration,
    directory: TempDir,
}

#[derive(Deserialize)]
struct Ready {
    gateway: Endpoint,
}

#[derive(Deserialize)]
struct Endpoint {
    url: String,
}

impl World {
    /// Starts `binary` with its data below `parent` and waits until it says that it is ready.
    pub(crate) async fn start(binary: &Path, parent: &Path) -> Result<Self, Failure> {
        let directory = TempDir::with_prefix_in("satchel-bench-", parent)?;
        let log = directory.path().join("satchel.log");
        let ready_file = directory.path().join("ready.json");
        let mut command = command(binary, directory.path(), &ready_file);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log)?);
        let began = Instant::now();
        let mut process = Process::start(&mut command)
            .map_err(|error| format!("{} cannot be started: {error}", binary.display()))?;
        let ready = match wait_until_ready(&mut process, &ready_file).await {
            Ok(ready) => ready,
            Err(failure) => return Err(format!("{failure}\n{}", tail(&log)).into()),
        };
        let gateway = address_of(&ready.gateway.url)?;
        Ok(Self { process, gateway, started_in: began.elapsed(), directory })
    }

    /// From the start of the process to its ready file, in milliseconds.
    pub(crate) const fn ready_ms(&self) -> f64 {
        self.started_in.as_secs_f64() * 1_000.0
    }

    /// Ends the process and removes its data; a world that does not drain is a failure.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        let status = self.process.end().await?;
        let log = tail(&self.directory.path().join("satchel.log"));
        self.directory.close()?;
        if status.success() { Ok(()) } else { Err(format!("satchel did not drain: {status}\n{log}").into()) }
    }
}

fn command(binary: &Path, directory: &Path, ready_file: &Path) -> Command {
    let mut command = Command::new(binary);
    command
        .args(["up", "--ports", "auto", "--profile", "dev", "--log", "json"])
        .arg("--data-dir")
        .arg(directory.join("data"))
        .arg("--ready-file")
        .arg(ready_file)
        .env("SATCHEL_LIMITS", "off")
        .env("JWT_SECRET", JWT_SECRET);
    command
}

/// A file that is not there or not whole yet is looked at again.
async fn wait_until_ready(process: &mut Process, file: &Path) -> Result<Ready, Failure> {
    let deadline = Instant::now() + START_DEADLINE;
    let mut glances = interval(GLANCE);
    while Instant::now() < deadline {
        if let Some(ready) = read(file)? {
            return Ok(ready);
        }
        if let Some(status) = process.child().try_wait()? {
            return Err(format!("satchel ended before it was ready: {status}").into());
        }
        glances.tick().await;
    }
    Err(format!("satchel was not ready within {} s", START_DEADLINE.as_secs()).into())
}

fn read(file: &Path) -> io::Result<Option<Ready>> {
    match fs::read(file) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn address_of(url: &str) -> Result<SocketAddr, Failure> {
    let authority = url.strip_prefix("http://").ok_or_else(|| format!("not a plain HTTP address: {url}"))?;
    Ok(authority.trim_end_matches('/').parse()?)
}

/// The last lines of the log, or nothing if it cannot be read: it only explains another failure.
fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(LOG_LINES)..).unwrap_or_default().join("\n")
}
