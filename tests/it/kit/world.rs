//! A world: one `satchel up` with all four services, on free ports and with a data directory of its own.

use std::net::SocketAddr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde_json::Value;
use tempfile::TempDir;

use crate::kit::command::satchel;
use crate::kit::process::{NotReady, Process};
use crate::kit::site::{Doors, Site};

/// The signing secret of every world that is not given another: public, and good enough for loopback.
pub(crate) const SECRET: &str = "the signing secret of worlds that live for one test";

/// How a world is to be started.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    profile: &'static str,
    is_ephemeral: bool,
    fixtures: Vec<PathBuf>,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
}

impl Setup {
    /// No limits, cheap hashes, mail captured.
    pub(crate) fn ci() -> Self {
        Self::profile("ci")
    }

    /// The original's limits and costs.
    pub(crate) fn original() -> Self {
        Self::profile("original")
    }

    fn profile(profile: &'static str) -> Self {
        let secret = ("JWT_SECRET".to_owned(), SECRET.to_owned());
        let (fixtures, arguments) = (Vec::new(), Vec::new());
        Self { profile, is_ephemeral: false, fixtures, environment: vec![secret], arguments }
    }

    /// Keeps its data in memory where it can, and only as long as it runs.
    pub(crate) fn ephemeral(mut self) -> Self {
        self.is_ephemeral = true;
        self
    }

    /// Loads a file of `fixtures/` before serving.
    pub(crate) fn fixture(mut self, name: &str) -> Self {
        self.fixtures.push(repository().join("fixtures").join(name));
        self
    }

    /// Sets an environment variable; a later value wins.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds command-line arguments.
    pub(crate) fn args(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    /// The secret that its tokens are signed with.
    pub(crate) fn secret(&self) -> &str {
        let secrets = self.environment.iter().rev();
        secrets
            .filter(|(name, _)| name == "JWT_SECRET")
            .map(|(_, value)| value.as_str())
            .next()
            .unwrap_or_default()
    }

    /// `satchel up` for the data directory `data`.
    pub(crate) fn command(&self, data: &Path) -> Command {
        let mut command = satchel(["up", "--log", "json", "--profile", self.profile]);
        if self.is_ephemeral {
            command.arg("--ephemeral");
        } else {
            command.arg("--data-dir").arg(data);
        }
        for fixture in &self.fixtures {
            command.arg("--fixtures").arg(fixture);
        }
        command.args(&self.arguments).envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// The checkout that is tested.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A running world; dropping it kills it and removes its data. It is a [`Site`].
#[derive(Debug)]
pub(crate) struct World {
    // Fields are dropped in this order: the process goes before its directory.
    process: Process,
    site: Site,
    setup: Setup,
    place: Arc<TempDir>,
}

impl World {
    /// Starts a world in a fresh directory and waits until it is ready.
    pub(crate) fn start(setup: &Setup) -> Self {
        Self::start_in(setup, Arc::new(tempfile::tempdir().unwrap()))
    }

    /// Starts a world where another one was.
    pub(crate) fn start_in(setup: &Setup, place: Arc<TempDir>) -> Self {
        let started = Self::try_start_in(setup, place);
        started.unwrap_or_else(|error| panic!("no world: {:?}\n{}", error.status, error.stderr))
    }

    /// Tries to start one.
    pub(crate) fn try_start_in(setup: &Setup, place: Arc<TempDir>) -> Result<Self, NotReady> {
        let data = place.path().join("data");
        let mut process =
            Process::spawn(setup.command(&data).args(["--ports", "auto"]), place.path().join("log"));
        let ready = process.ready()?;
        let data = ready["dataDir"].as_str().map_or(data, PathBuf::from);
        let site = Site::new(doors(&ready), data, setup.secret()).steered(address(&ready, "control"));
        Ok(Self { process, site, setup: setup.clone(), place })
    }

    /// A world without limits that tests share while one of them runs, for those whose people meet no others.
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<World>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let world = Arc::new(Self::start(&Setup::ci()));
            *shared = Arc::downgrade(&world);
            world
        })
    }

    /// The same world again after its process ended; the ports are new ones.
    pub(crate) fn restart(self) -> Self {
        let (setup, place) = (self.setup.clone(), Arc::clone(&self.place));
        drop(self);
        Self::start_in(&setup, place)
    }

    /// SIGKILL; the data stays, see [`World::restart`].
    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }

    /// SIGTERM; demands an orderly end with exit code 0.
    pub(crate) fn stop(&mut self) {
        let status = self.process.terminate();
        assert!(status.success(), "{status}\n{}", self.process.stderr());
    }

    /// The process itself, for tests about it.
    pub(crate) fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Everything that it has logged.
    pub(crate) fn log(&self) -> String {
        self.process.stderr()
    }
}

impl Deref for World {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

/// The addresses in a ready line that names all four services.
fn doors(ready: &Value) -> Doors {
    let of = |name: &str| address(ready, name).unwrap_or_else(|| panic!("no address of {name} in {ready}"));
    Doors { gateway: of("gateway"), auth: of("auth"), user: of("user"), notes: of("notes") }
}

/// The address of one service in a ready line.
pub(crate) fn address(ready: &Value, name: &str) -> Option<SocketAddr> {
    ready[name]["url"].as_str()?.strip_prefix("http://")?.trim_end_matches('/').parse().ok()
}
