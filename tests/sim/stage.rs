//! The four services as hosts of a simulated network: started, killed, started again, in simulated time.
//!
//! Everything of a run happens on the calling thread. What befalls the hosts is decided elsewhere.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use chassis::clock::{Clock, Timestamp};
use chassis::simulation::Verdict;
use tempfile::TempDir;
use turmoil::Sim;

use crate::director::Director;
use crate::network::{Fate, Network};
use crate::site::{self, Site};
use crate::trace::Trace;

/// The services, and with them their hosts.
pub(crate) const HOSTS: [&str; 4] = ["gateway", "auth", "user", "notes"];
/// One step of the simulation: a few network hops in each, and a run of a minute takes some tenths of a second.
pub(crate) const TICK: Duration = Duration::from_millis(10);
/// 2026-11-23T00:00:00Z.
const START_MS: i64 = 1_795_392_000_000;
/// What no run should need.
const DURATION_MAX: Duration = Duration::from_mins(10);

/// One run's world.
pub(crate) struct Stage {
    sim: Sim<'static>,
    pub(crate) clock: Clock,
    pub(crate) director: Rc<Director>,
    pub(crate) network: Arc<Network>,
    pub(crate) trace: Trace,
    /// How far the calendar is from elapsed time.
    pub(crate) skew_ms: i64,
    /// Services that are down, with the moment when they start again.
    down: BTreeMap<&'static str, u64>,
    /// How long a service stays down that died at a commit.
    pub(crate) rest_ms: u64,
    dir: TempDir,
}

impl Stage {
    /// Opens the world of `seed`, with a planted bug or none.
    pub(crate) fn open(seed: u64, bug: Option<&'static str>) -> Self {
        let trace = Trace::default();
        let director = Director::install(bug, trace.clone());
        let network = Network::new(bug, trace.clone());
        let clock = Clock::frozen(Timestamp::from_millis(START_MS));
        let dir = temporary();
        let mut sim = turmoil::Builder::new()
            .tick_duration(TICK)
            .simulation_duration(DURATION_MAX)
            .min_message_latency(Duration::from_millis(1))
            .max_message_latency(Duration::from_millis(8))
            .tcp_capacity(1024)
            .enable_random_order()
            .rng_seed(seed)
            .build();
        for name in HOSTS {
            let site = Site {
                name,
                seed,
                lives: Rc::new(Cell::new(0)),
                clock: clock.clone(),
                network: Arc::clone(&network),
                director: Rc::clone(&director),
                data_dir: dir.path().join(name),
                trace: trace.clone(),
            };
            sim.host(name, move || site::live(site.clone()));
        }
        let copies = Arc::clone(&network);
        sim.host("copies", move || Arc::clone(&copies).carry_copies());
        let down = BTreeMap::new();
        Self { sim, clock, director, network, trace, skew_ms: 0, down, rest_ms: 300, dir }
    }

    /// Where the data of `service` is.
    pub(crate) fn data_dir(&self, service: &str) -> PathBuf {
        self.dir.path().join(service)
    }

    /// Simulated milliseconds since the start.
    pub(crate) fn now_ms(&self) -> u64 {
        self.trace.now_ms()
    }

    /// Adds people who act beside the services until they are done.
    pub(crate) fn join<F>(&mut self, name: &'static str, people: F)
    where
        F: Future<Output = ()> + 'static,
    {
        self.sim.client(name, async move {
            people.await;
            Ok(())
        });
    }

    /// Lets one tick pass; tells whether all people are done.
    pub(crate) fn step(&mut self) -> bool {
        let done = self.sim.step().unwrap_or_else(|error| panic!("the simulation failed: {error}"));
        let now_ms = u64::try_from(self.sim.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.trace.set_now_ms(now_ms);
        let calendar = START_MS + i64::try_from(now_ms).unwrap_or(i64::MAX) + self.skew_ms;
        self.clock.set(Timestamp::from_millis(calendar));
        for service in self.director.take_dead() {
            self.crash(service, self.rest_ms);
        }
        let risen: Vec<_> =
            self.down.iter().filter(|(_, at)| **at <= now_ms).map(|(name, _)| *name).collect();
        for service in risen {
            self.down.remove(service);
            self.trace.note(format_args!("{service} starts"));
            self.sim.bounce(service);
        }
        done
    }

    /// Kills `service`, which starts again after `rest_ms`.
    pub(crate) fn crash(&mut self, service: &'static str, rest_ms: u64) {
        let back_ms = self.now_ms() + rest_ms;
        if self.down.insert(service, back_ms).is_none() {
            self.trace.note(format_args!("{service} dies"));
            self.sim.crash(service);
            self.director.lose(service);
        }
    }

    /// Kills whatever runs, as when all is one process.
    pub(crate) fn crash_all(&mut self) {
        for host in HOSTS {
            self.crash(host, self.rest_ms);
        }
    }

    /// Whether every service runs.
    pub(crate) fn is_up(&self) -> bool {
        self.down.is_empty()
    }

    /// Lets everything that is down start at the next tick.
    pub(crate) fn start_all(&mut self) {
        let now = self.now_ms();
        self.down.values_mut().for_each(|at| *at = now);
    }

    /// Lets every exchange arrive and every commit succeed.
    pub(crate) fn calm(&self) {
        self.network.set_weather(Box::new(|_| Fate::Arrives));
        self.director.set_plan(Box::new(|_, _| Verdict::Go));
    }

    /// Drops what `from` sends to `to`.
    pub(crate) fn cut(&mut self, from: &'static str, to: &'static str) {
        self.trace.note(format_args!("nothing gets from {from} to {to}"));
        self.sim.partition_oneway(from, to);
    }

    /// Keeps back what two hosts send each other.
    pub(crate) fn hold(&mut self, one: &'static str, other: &'static str) {
        self.trace.note(format_args!("{one} and {other} wait for each other"));
        self.sim.hold(one, other);
    }

    /// Ends a cut or a hold between two hosts; what was kept back arrives.
    pub(crate) fn open_link(&mut self, one: &'static str, other: &'static str) {
        self.trace.note(format_args!("{one} and {other} reach each other"));
        self.sim.release(one, other);
    }

    /// Ends every cut and hold between services.
    pub(crate) fn join_up(&mut self) {
        for (place, one) in HOSTS.into_iter().enumerate() {
            for other in HOSTS.into_iter().skip(place + 1) {
                self.sim.release(one, other);
            }
        }
    }
}

/// In memory where there is some: nothing of a run has to outlive the machine.
fn temporary() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a directory for the run")
}
