//! A service that is away fills the outboxes of the others, up to a bound, and empties them once it is back.

use std::time::Duration;

use serde_json::json;

use crate::kit::actor::PASSWORD;
use crate::kit::{Actor, Gauges, Setup, Split, proof, wait};

/// Messages that an outbox takes (PROMISES.md O4).
const OUTBOX_MAX: u32 = 100_000;
/// People who register at the same time.
const CLIENTS: u32 = 8;
/// By then a hundred thousand messages are delivered, too.
const DELIVERED_WITHIN: Duration = Duration::from_mins(10);

/// At full size the outbox of auth meets its bound with real rows; a smaller bound is met in the store's own tests.
#[test]
fn what_a_service_that_is_away_must_hear_waits_within_bounds_and_arrives() {
    let mut split = Split::start(&Setup::ci());
    let tried = proof::size(400, OUTBOX_MAX + 2_000);
    split.take_away("notes");
    let door = split.doors().gateway;
    let (taken, refused) = std::thread::scope(|scope| {
        let clients: Vec<_> =
            (0..CLIENTS).map(|client| scope.spawn(move || register(door, client, tried))).collect();
        clients.into_iter().map(|client| client.join().unwrap()).fold((0, 0), |(a, b), (c, d)| (a + c, b + d))
    });
    let depth = depth(&split);
    println!("outbox: {taken} registered while notes was away, {refused} refused, {depth} messages wait");
    assert!(depth > 0.0 && depth <= f64::from(OUTBOX_MAX), "{depth}");
    assert_eq!(refused > 0, taken + refused > OUTBOX_MAX, "{taken} taken, {refused} refused");
    split.bring_back(&["notes"]);
    wait::until("everything is delivered", DELIVERED_WITHIN, || self::depth(&split) == 0.0);
    let late = split.someone();
    late.note("As ever.");
}

/// Registers every eighth of `all` people; tells how many were taken and how many told to come back.
fn register(door: std::net::SocketAddr, client: u32, all: u32) -> (u32, u32) {
    let (mut taken, mut refused) = (0, 0);
    for number in (client..all).step_by(CLIENTS as usize) {
        let name = format!("away{number}");
        let body = json!({"email": format!("{name}@example.test"), "password": PASSWORD, "username": name});
        match Actor::anon(door).post("/api/auth/register", &body).status {
            201 => taken += 1,
            503 => refused += 1,
            status => panic!("{name}: {status}"),
        }
    }
    (taken, refused)
}

/// Messages of auth and user that wait for notes.
fn depth(split: &Split) -> f64 {
    let doors = split.doors();
    let of = |door| Gauges::read(door).of("satchel_outbox_depth{to=\"notes\"}").expect("a depth");
    of(doors.auth).max(of(doors.user))
}
