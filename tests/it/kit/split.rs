//! A world in four processes, each with one service, over one data directory.
//!
//! The processes know each other by fixed ports, so one of them can be away and come back.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::kit::process::Process;
use crate::kit::site::{Doors, Site};
use crate::kit::world::address;
use crate::kit::{Setup, port};

/// The services in the order of `--ports`.
pub(crate) const SERVICES: [&str; 4] = ["gateway", "auth", "user", "notes"];

/// Four processes that are one world; dropping it kills them all. It is a [`Site`].
#[derive(Debug)]
pub(crate) struct Split {
    processes: BTreeMap<&'static str, Process>,
    ports: String,
    site: Site,
    control: Option<SocketAddr>,
    setup: Setup,
    place: TempDir,
}

impl Split {
    /// Starts all four and waits until they are ready.
    pub(crate) fn start(setup: &Setup) -> Self {
        let ports = [port::free(), port::free(), port::free(), port::free()];
        let place = tempfile::tempdir().unwrap();
        let [gateway, auth, user, notes] = ports.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let site = Site::new(Doors { gateway, auth, user, notes }, place.path().join("data"), setup.secret());
        let ports = ports.map(|port| port.to_string()).join(",");
        let (processes, setup) = (BTreeMap::new(), setup.clone());
        let mut split = Self { processes, ports, site, control: None, setup, place };
        split.bring_back(&SERVICES);
        split.site = split.site.steered(split.control);
        split
    }

    /// Starts the processes of these services again; together, because each may wait for the others.
    pub(crate) fn bring_back(&mut self, names: &[&'static str]) {
        for name in names {
            let process = self.spawn(name);
            self.processes.insert(name, process);
        }
        for name in names {
            let process = self.processes.get_mut(name).unwrap();
            let ready = process
                .ready()
                .unwrap_or_else(|error| panic!("{name} is not ready: {:?}\n{}", error.status, error.stderr));
            self.control = address(&ready, "control").or(self.control);
        }
    }

    /// Ends one process in good order; its port is closed afterwards.
    pub(crate) fn take_away(&mut self, name: &str) {
        let mut process = self.processes.remove(name).expect("a running service");
        let status = process.terminate();
        assert!(status.success(), "{name}: {status}\n{}", process.stderr());
    }

    /// SIGKILL for one process.
    pub(crate) fn kill(&mut self, name: &str) {
        self.processes.remove(name).expect("a running service").kill();
    }

    /// Sends a signal to one process.
    pub(crate) fn signal(&self, name: &str, signal: Signal) {
        self.processes[name].signal(signal);
    }

    /// The id of one process.
    pub(crate) fn pid(&self, name: &str) -> u32 {
        self.processes[name].pid()
    }

    fn spawn(&self, name: &str) -> Process {
        let mut command = self.setup.command(self.site.data());
        command.args(["--only", name, "--ports", &self.ports]);
        Process::spawn(&mut command, self.place.path().join(format!("{name}.log")))
    }
}

impl Deref for Split {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}
