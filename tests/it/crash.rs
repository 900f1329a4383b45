//! The kill -9 ledger: whatever was acknowledged is there after a restart, whatever was not is whole or absent.
//!
//! Clients do without pause whatever people and administrators can do; a process dies at a random moment;
//! everything is compared through the public API once it is back, and the clients go on with what they found.

mod account;
mod asker;
mod client;
mod disk;
mod kind;
mod ledger;
mod quiet;
mod report;
mod sky;

use std::sync::Arc;
use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;
use tokio::time::Instant;

use crate::kit::split::SERVICES;
use crate::kit::{Actor, Setup, Site, Split, World, proof};
use asker::Spot;
use client::{Client, Found};
use kind::Kind;
use report::Report;
use sky::Sky;

/// Clients that write at the same time.
const CLIENTS: usize = 32;
/// The moment of the kill after the clients start (PROMISES.md D1); drawn so that every scale of it is met alike.
const KILLED_AFTER_MS: (f64, f64) = (50.0, 3_000.0);
/// How long one of four processes stays away.
const AWAY_MS: std::ops::Range<u64> = 20..500;
/// How long the clients go on after it is back.
const BACK: Duration = Duration::from_millis(100);
/// The draws of one run; another seed is another run.
const SEED: u64 = 20_261_123;

#[test]
fn what_was_acknowledged_survives_kills_and_nothing_is_half_there() {
    let kills = proof::size(50, 500);
    let place = Arc::new(tempfile::tempdir().unwrap());
    let mut world = World::start_in(&Setup::ci(), Arc::clone(&place));
    let mut proof = Proof::new(&world, SEED);
    for _ in 0..kills {
        let moment = proof.draw_moment();
        let spot = proof.spot(&world);
        let did = proof.under_load(&spot, |sky| {
            sky.pass(moment);
            sky.darken();
            world.process().kill();
            sky.end();
        });
        let ready_in;
        (world, ready_in) = again(world, &place);
        proof.check(&world, ready_in, &did);
    }
    quiet::is_healthy(&world);
    world.stop();
    quiet::is_healthy(&world);
    proof.finish("the one process", kills);
}

#[test]
fn what_was_acknowledged_survives_when_one_of_four_processes_is_killed() {
    let kills = proof::size(25, 500);
    let mut split = Split::start(&Setup::ci());
    let mut proof = Proof::new(&split, SEED + 1);
    for _ in 0..kills {
        let moment = proof.draw_moment();
        let away = Duration::from_millis(proof.draws.random_range(AWAY_MS));
        let victim = SERVICES[proof.draws.random_range(0..SERVICES.len())];
        let mut ready_in = Duration::ZERO;
        let spot = proof.spot(&split);
        let did = proof.under_load(&spot, |sky| {
            sky.pass(moment);
            sky.darken();
            split.kill(victim);
            sky.pass(away);
            let started = Instant::now();
            split.bring_back(&[victim]);
            ready_in = started.elapsed();
            sky.pass(BACK);
            sky.end();
        });
        proof.check(&split, ready_in, &did);
    }
    quiet::is_healthy(&split);
    for name in SERVICES {
        split.take_away(name);
    }
    quiet::is_healthy(&split);
    proof.finish("one of four processes", kills);
}

/// Starts the world that was killed again; tells how long that took.
fn again(world: World, place: &Arc<TempDir>) -> (World, Duration) {
    drop(world);
    let started = Instant::now();
    (World::start_in(&Setup::ci(), Arc::clone(place)), started.elapsed())
}

/// The clients and what they found so far.
struct Proof {
    draws: ChaCha8Rng,
    clients: Vec<Client>,
    admin: Actor,
    report: Report,
}

impl Proof {
    fn new(site: &Site, seed: u64) -> Self {
        let clients = (0..CLIENTS).map(|number| Client::new(number, seed)).collect();
        let draws = ChaCha8Rng::seed_from_u64(seed);
        Self { draws, clients, admin: site.admin(), report: Report::default() }
    }

    fn draw_moment(&mut self) -> Duration {
        let (least, most) = KILLED_AFTER_MS;
        let scale: f64 = self.draws.random_range(0.0..1.0);
        Duration::from_secs_f64(least * (most / least).powf(scale) / 1000.0)
    }

    fn spot(&self, site: &Site) -> Spot {
        let doors = site.doors();
        Spot {
            doors,
            data: site.data().to_owned(),
            admin: self.admin.at(doors.gateway),
            ready_at: Instant::now(),
        }
    }

    /// Lets the clients write until `fault` ended the round.
    fn under_load(&mut self, spot: &Spot, fault: impl FnOnce(&Sky)) -> Vec<Found> {
        self.each(spot, Client::write, fault)
    }

    /// Compares what every client knows with the world, in which everything is up again.
    fn check(&mut self, site: &Site, ready_in: Duration, did: &[Found]) {
        let spot = self.spot(site);
        let found = self.each(&spot, Client::check, |_| {});
        self.report.count(did);
        self.report.add(ready_in, &found, quiet::comes_to_rest(site));
        println!("{}", self.report);
    }

    /// Has all clients do `work` while `meanwhile` runs; a complaint of any of them ends the proof.
    fn each(
        &mut self,
        spot: &Spot,
        work: impl Fn(&mut Client, &Spot, &Sky) -> Found + Sync,
        meanwhile: impl FnOnce(&Sky),
    ) -> Vec<Found> {
        let sky = Sky::default();
        let found = std::thread::scope(|scope| {
            let (sky, work) = (&sky, &work);
            let clients: Vec<_> =
                self.clients.iter_mut().map(|client| scope.spawn(move || work(client, spot, sky))).collect();
            meanwhile(sky);
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        });
        if let Some(complaint) = sky.complaint() {
            panic!("{}; {complaint}", self.report);
        }
        found
    }

    /// The last word.
    fn finish(self, died: &str, kills: u32) {
        println!(
            "{died} died, {CLIENTS} clients, {}; nothing lost, nothing half there, the doctor finds nothing",
            self.report
        );
        let by_kind = self.report.counts.acknowledged.iter().map(|(kind, count)| format!("{kind} {count}"));
        println!("acknowledged: {}", by_kind.collect::<Vec<_>>().join(", "));
        assert!(
            self.report.counts.all_acknowledged() > u64::from(kills) * 100,
            "the clients hardly did anything"
        );
        assert_eq!(
            self.report.counts.acknowledged.len(),
            Kind::COUNT,
            "some kind of operation was never acknowledged"
        );
    }
}
