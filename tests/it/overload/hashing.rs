//! Passwords are hashed a few at a time, whoever asks, and nobody else waits for that.

use std::time::Duration;

use serde_json::json;

use super::line::{Lines, Tally};
use super::{HASH_MIB, REST_MIB, cap, memory_mib, rendered, within, world};
use crate::kit::actor::PASSWORD;
use crate::kit::{Actor, Gauges, Request, Times, proof, wait};

/// Log-ins at the same moment.
const AT_ONCE: usize = 500;
/// Hashes that may wait (PROMISES.md O2).
const QUEUE_MAX: f64 = 64.0;
/// Requests that are given up at once.
const ABORTED: usize = 60;
/// Clients that log in without pause beside the reads.
const FLOOD: usize = 16;
/// What reads may take then at most, 19 of 20 of them (PROMISES.md O3).
const READS_MAX: Duration = Duration::from_millis(250);
/// A machine that does other things too wakes a client late; below this nothing is compared.
const FLOOR: Duration = Duration::from_millis(5);

fn log_in(actor: &Actor) -> Request {
    Request::new("POST", "/api/auth/login").json(&json!({"email": actor.email, "password": PASSWORD}))
}

#[test]
fn five_hundred_log_ins_at_once_take_their_turns_and_the_rest_is_told_to_come_back() {
    let mut world = world();
    let (person, doors) = (world.someone(), world.doors());
    let before = memory_mib(&mut world, "VmRSS:");
    let requests = rendered([log_in(&person)]);
    let (mut running, mut waiting, mut most) = (0.0_f64, 0.0_f64, before);
    let tally = std::thread::scope(|scope| {
        let flood = scope.spawn(|| {
            within(async {
                let lines = Lines::open(doors.gateway, AT_ONCE).await;
                lines.ask_at(&requests, 1e6, Duration::from_micros(AT_ONCE as u64)).await.1
            })
        });
        while !flood.is_finished() {
            let gauges = Gauges::read(doors.auth);
            running = running.max(gauges.of("satchel_hashes_running").unwrap());
            waiting = waiting.max(gauges.of("satchel_hashes_waiting").unwrap());
            most = most.max(memory_mib(&mut world, "VmRSS:"));
        }
        flood.join().unwrap()
    });
    let refused = tally.heard.len() - tally.good();
    println!(
        "log-ins: {AT_ONCE} at once, {} in, {refused} refused; at most {running} hashed and {waiting} waited, \
         {before} MiB became {most}",
        tally.good()
    );
    assert!(tally.odd().is_empty() && tally.broken == 0, "{:?}", tally.odd());
    assert!(tally.good() >= cap(), "some are let in");
    #[expect(clippy::cast_precision_loss, reason = "as many as cores")]
    let cap_f = cap() as f64;
    assert!(running > 0.0 && waiting > 0.0, "the gauges saw {running} hashed, {waiting} waited");
    assert!(running <= cap_f && waiting <= QUEUE_MAX, "{running} hashed, {waiting} waited");
    assert!(most - before <= cap() * HASH_MIB + REST_MIB, "{before} MiB became {most}");
}

#[test]
fn log_ins_that_are_given_up_keep_nobody_out() {
    let world = world();
    let (person, door) = (world.someone(), world.doors().gateway);
    let requests = rendered([log_in(&person)]);
    within(async {
        let lines = Lines::open(door, ABORTED).await;
        let asked = lines.ask_again(&requests, Duration::from_mins(1));
        // Dropped with all its connections while hashes are made.
        assert!(tokio::time::timeout(Duration::from_millis(300), asked).await.is_err());
    });
    wait::until("log-in works again", Duration::from_secs(5), || person.try_log_in(PASSWORD).status == 200);
    let idle = || {
        let gauges = Gauges::read(world.doors().auth);
        ["satchel_hashes_running", "satchel_hashes_waiting"].map(|name| gauges.of(name)) == [Some(0.0); 2]
    };
    wait::until("nothing is hashed any more", Duration::from_secs(5), idle);
    println!("log-ins: {ABORTED} given up, log-in works");
}

#[test]
fn notes_are_read_as_ever_while_people_log_in_without_pause() {
    let world = world();
    let (person, door) = (world.someone(), world.doors().gateway);
    let note = person.note("Read by everybody.");
    let reads =
        rendered([Request::new("GET", format!("/api/notes/{note}")).bearer(person.token.as_ref().unwrap())]);
    let logins = rendered([log_in(&person)]);
    let (mut quiet, mut flooded, mut flood) = (Times::default(), Times::default(), Tally::default());
    let lasts = Duration::from_secs(1);
    within(async {
        let mut readers = Lines::open(door, 1).await;
        let mut others = Lines::open(door, FLOOD).await;
        for _ in 0..proof::size(4, 20) {
            let alone;
            (readers, alone) = readers.ask_at(&reads, 200.0, lasts).await;
            quiet.add(alone.took(95, |_| true));
            let (read, logged) =
                tokio::join!(readers.ask_at(&reads, 200.0, lasts), others.ask_again(&logins, lasts));
            let beside;
            ((readers, beside), (others, flood)) = (read, logged);
            assert!(beside.good() == beside.heard.len() && !flood.heard.is_empty());
            flooded.add(beside.took(95, |_| true));
        }
    });
    let (idle, busy) = (quiet.p50(), flooded.p50());
    println!(
        "reads: p95 {idle:?} alone and {busy:?} beside {FLOOD} clients who log in ({} a second)",
        flood.good()
    );
    assert!(busy <= READS_MAX && busy <= FLOOR.max(idle * 2), "{idle:?} became {busy:?}");
}
