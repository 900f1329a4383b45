//! The kill -9 ledger: whatever was acknowledged is there after a restart, whatever was not is whole or absent.
//!
//! Clients write without pause; the process dies at a random moment; everything is checked through the public
//! API of the restarted world, and the clients go on with what they found.

mod client;
mod ledger;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;
use tokio::time::Instant;

use crate::kit::{Setup, World, proof};
use client::Client;
use ledger::Counts;

/// Clients that write at the same time.
const CLIENTS: usize = 24;
/// The moment of the kill, in milliseconds after the clients start.
const KILLED_AFTER_MS: std::ops::Range<u64> = 50..1_500;
/// The draws of one run; another seed is another run.
const SEED: u64 = 20_261_123;

#[test]
fn what_was_acknowledged_survives_kills_and_nothing_is_half_there() {
    let kills = proof::size(50, 500);
    let mut draws = ChaCha8Rng::seed_from_u64(SEED);
    let place = Arc::new(tempfile::tempdir().unwrap());
    let mut world = World::start_in(&Setup::ci(), Arc::clone(&place));
    let mut clients: Vec<Client> = (0..CLIENTS).map(|number| Client::new(number, SEED, &world)).collect();
    let mut counts = Counts::default();
    for kill in 1..=kills {
        let moment = Duration::from_millis(draws.random_range(KILLED_AFTER_MS));
        let (next, started_in) = kill_under_load(world, &mut clients, moment, &place);
        world = next;
        for client in &mut clients {
            let checked = client.check(&world);
            counts.add(&checked.unwrap_or_else(|error| panic!("after kill {kill} ({moment:?}): {error}")));
        }
        println!("kill {kill} after {moment:?}: ready again in {started_in:?}; so far {counts}");
    }
    world.stop();
    println!("{kills} kills, {CLIENTS} clients: {counts}; nothing lost, nothing half there");
    assert!(counts.acknowledged > u64::from(kills) * 100, "the clients hardly wrote: {counts}");
}

/// Lets the clients write until the moment of the kill; gives the restarted world and the time that took.
fn kill_under_load(
    mut world: World,
    clients: &mut [Client],
    moment: Duration,
    place: &Arc<TempDir>,
) -> (World, Duration) {
    let door = world.doors().gateway;
    let dying = AtomicBool::new(false);
    let (complaints, complained) = sync_channel(CLIENTS);
    std::thread::scope(|scope| {
        for client in clients {
            let (complaints, dying) = (complaints.clone(), &dying);
            scope.spawn(move || {
                if let Err(complaint) = client.write_until_unknown(door, dying) {
                    complaints.send(complaint).unwrap();
                }
            });
        }
        // Either the moment comes first, or a client that met something it should not have.
        let early = complained.recv_timeout(moment);
        dying.store(true, Ordering::SeqCst);
        world.kill();
        if let Ok(complaint) = early {
            panic!("before the kill: {complaint}");
        }
    });
    if let Ok(complaint) = complained.try_recv() {
        panic!("while being killed: {complaint}");
    }
    drop(world);
    let started = Instant::now();
    (World::start_in(&Setup::ci(), Arc::clone(place)), started.elapsed())
}
