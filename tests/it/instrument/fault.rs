//! Faults between services, as tests ask for them.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::kit::{Actor, Setup, Split, World};

fn plan(control: &Actor, faults: &Value) -> Value {
    control.put("/control/faults", faults).expect(200).json()["data"].clone()
}

fn hits(control: &Actor) -> Vec<u64> {
    let faults = control.get("/control/faults").expect(200).json()["data"]["faults"].clone();
    faults.as_array().unwrap().iter().map(|fault| fault["hits"].as_u64().unwrap()).collect()
}

#[test]
fn the_nth_call_meets_its_fault_and_the_next_one_none() {
    let world = World::start(&Setup::ci());
    let (control, someone) = (world.control(), world.someone());
    let rule = json!({"from": "gateway", "to": "notes", "kind": "status", "status": 418, "nth": 2});
    plan(&control, &json!({ "faults": [rule] }));
    let statuses: Vec<u16> = (0..3).map(|_| someone.get("/api/notes").status).collect();
    assert_eq!(statuses, [200, 418, 200]);
    assert_eq!(hits(&control), [1]);
    let shown = control.get("/control/faults").expect(200).json();
    let expected = json!([{"from": "gateway", "to": "notes", "kind": "status", "status": 418, "nth": 2,
        "calls": 3, "hits": 1}]);
    assert_eq!(shown["data"]["faults"], expected);
    control.delete("/control/faults").expect(204);
    assert_eq!(hits(&control), [0; 0]);
}

#[test]
fn an_answer_that_is_dropped_was_given_and_a_reset_call_never_arrived() {
    let world = World::start(&Setup::ci());
    let (control, someone) = (world.control(), world.someone());
    let rule =
        |kind: &str| json!({"from": "gateway", "to": "notes", "kind": kind, "path": "/notes", "times": 1});
    let notes = || someone.get("/api/notes").expect(200).json()["data"]["pagination"]["total"].clone();
    for (kind, total) in [("reset", 0), ("dropAnswer", 1)] {
        plan(&control, &json!({"faults": [rule(kind)]}));
        someone.post("/api/notes", &json!({"content": "Did it arrive?"})).expect(503);
        assert_eq!(notes(), total, "{kind}");
    }
}

#[test]
fn a_late_answer_is_late() {
    let world = World::start(&Setup::ci());
    let (control, someone) = (world.control(), world.someone());
    let rule = json!({"from": "gateway", "to": "user", "kind": "latency", "latencyMs": 200, "times": 1});
    plan(&control, &json!({ "faults": [rule] }));
    let begun = Instant::now();
    someone.get("/api/users/me").expect(200);
    assert!(begun.elapsed() >= Duration::from_millis(200), "{:?}", begun.elapsed());
}

#[test]
fn chance_repeats_with_its_seed_in_one_process_and_in_four() {
    let (world, split) = (World::start(&Setup::ci()), Split::start(&Setup::ci()));
    let rule = json!({"from": "gateway", "to": "notes", "kind": "status", "status": 500, "probability": 0.5});
    let statuses = |control: &Actor, someone: &Actor, seed: u64| -> Vec<u16> {
        plan(control, &json!({"seed": seed, "faults": [rule]}));
        (0..40).map(|_| someone.get("/api/notes").status).collect()
    };
    let (control, someone) = (world.control(), world.someone());
    let first = statuses(&control, &someone, 7);
    assert!(first.contains(&200) && first.contains(&500), "{first:?}");
    assert_eq!(statuses(&control, &someone, 7), first);
    assert_ne!(statuses(&control, &someone, 8), first);
    assert_eq!(statuses(&split.control(), &split.someone(), 7), first);
}

#[test]
fn a_registration_survives_the_loss_of_its_answer_between_services() {
    let world = World::start(&Setup::ci());
    let control = world.control();
    let rule =
        json!({"from": "auth", "to": "user", "kind": "dropAnswer", "path": "/internal/profiles", "times": 1});
    plan(&control, &json!({ "faults": [rule] }));
    let body = json!({"email": "ada@example.test", "password": "correct horse battery"});
    let first = world.anon().post("/api/auth/register", &body);
    assert!([201, 503].contains(&first.status), "{first}");
    assert_eq!(hits(&control), [1]);
    world.satchel(&["doctor", "--json"]).expect(0);
}

#[test]
fn a_plan_that_makes_no_sense_is_refused_whole() {
    let world = World::shared();
    let control = world.control();
    let rule = json!({"from": "gateway", "to": "note", "kind": "status"});
    let refused = control.put("/control/faults", &json!({ "faults": [rule] })).expect(400).json();
    let fields: Vec<_> =
        refused["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["faults[0].to", "faults[0].status"]);
    assert_eq!(refused["message"], "to must be a service: gateway, auth, user, notes");
}
