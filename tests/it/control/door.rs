//! Nobody steers a world who was not meant to.

use std::net::SocketAddr;

use chassis::internal::Signer;
use chassis::secret::Secret;

use crate::kit::world::SECRET;
use crate::kit::{Actor, Request, Setup, World};

/// What control may ask of the process that hosts a service; each would do something, or tell.
const ORDERS: [(&str, &str, &str); 9] = [
    ("GET", "/internal/control", ""),
    ("GET", "/internal/control/clock", ""),
    ("PUT", "/internal/control/clock", r#"{"mode":"frozen","nowMs":0}"#),
    ("PUT", "/internal/control/pause", r#"{"leaseMs":10000,"quiet":true}"#),
    ("DELETE", "/internal/control/pause", ""),
    ("PUT", "/internal/control/lineage", r#"{"names":["satchel/1"]}"#),
    ("POST", "/internal/control/restore", r#"{"name":".start","lineage":{"names":["satchel/1"]}}"#),
    ("PUT", "/internal/control/snapshots/one", ""),
    ("DELETE", "/internal/control/snapshots/one", ""),
];

fn order(door: SocketAddr, (method, path, body): (&str, &str, &str), credential: Option<&str>) -> u16 {
    let request = Request::new(method, path).header("content-type", "application/json").body(body);
    let request = credential.into_iter().fold(request, |request, it| request.header("authorization", it));
    Actor::anon(door).send(request).status
}

fn doors(world: &World) -> [(&'static str, SocketAddr); 4] {
    let doors = world.doors();
    [("gateway", doors.gateway), ("auth", doors.auth), ("user", doors.user), ("notes", doors.notes)]
}

fn signed(to: &str) -> String {
    Signer::of_control(&Secret::new(SECRET.to_owned())).authorization(to)
}

#[test]
fn a_world_that_nobody_steers_has_no_orders_to_take() {
    let world = World::start(&Setup::original());
    for (name, door) in doors(&world) {
        for wanted in ORDERS {
            assert_eq!(order(door, wanted, Some(&signed(name))), 404, "{name} {wanted:?}");
        }
    }
    world.someone().note("Nothing happened.");
}

#[test]
fn a_host_takes_no_order_but_from_control() {
    let world = World::start(&Setup::ci().ephemeral());
    let user = world.someone();
    let token = format!("Bearer {}", user.token.as_deref().expect("a token"));
    for (name, door) in doors(&world) {
        let elsewhere = if name == "auth" { "notes" } else { "auth" };
        let refused =
            [None, Some(token.clone()), Some(world.credential("user", name)), Some(signed(elsewhere))];
        for wanted in ORDERS {
            for credential in &refused {
                let status = order(door, wanted, credential.as_deref());
                assert_eq!(status, 404, "{name} {wanted:?} {credential:?}");
            }
        }
        assert_eq!(order(door, ORDERS[0], Some(&signed(name))), 200, "{name}");
    }
    user.note("Nothing happened.");
}

#[test]
fn a_page_from_elsewhere_and_a_borrowed_name_cannot_steer() {
    let world = World::start(&Setup::ci().ephemeral());
    let user = world.someone();
    let control = world.control();
    for (name, value) in [("origin", "http://evil.example"), ("origin", "null"), ("host", "evil.example")] {
        let reset = Request::new("POST", "/control/reset").header(name, value);
        control
            .send(reset)
            .fails(403, "Control answers programs of this machine and pages of CLIENT_URL only");
    }
    let own = Request::new("GET", "/control").header("origin", "http://localhost:5173");
    control.send(own).expect(200);
    user.get("/api/users/me").expect(200);
}

#[test]
fn what_control_does_not_understand_is_named() {
    let world = World::start(&Setup::ci().ephemeral());
    let control = world.control();
    let asked = [
        ("PUT", "/control/clock", r#"{"advancems":1}"#, "Unknown field advancems"),
        ("PUT", "/control/clock", r#"{"advanceMs":-1}"#, "advanceMs must not be negative"),
        ("PUT", "/control/clock", r#"{"advanceMs":1.5}"#, "advanceMs must be a whole number"),
        (
            "PUT",
            "/control/clock",
            r#"{"mode":"frozen","now":"noon"}"#,
            "now must be a time such as 2026-01-01T00:00:00.000Z",
        ),
        (
            "PUT",
            "/control/snapshots/.start",
            "",
            "A snapshot's name has 1 to 64 of A-Z a-z 0-9 . _ - and begins with no dot",
        ),
        (
            "POST",
            "/control/fixtures",
            "{}",
            "fixture:1:1: format is missing: \"satchel-fixture\" was expected",
        ),
    ];
    for (method, path, body, message) in asked {
        let request = Request::new(method, path).header("content-type", "application/json").body(body);
        let answer = control.send(request).expect(400);
        if path != "/control/fixtures" {
            assert_eq!(answer.message(), message);
        }
    }
    control
        .post("/control/services/moon/stop", &serde_json::json!({}))
        .fails(404, "There is no service moon");
    control
        .post("/control/snapshots/none/restore", &serde_json::json!({}))
        .fails(404, "There is no snapshot none");
}
