//! A service that is stopped is away, and comes back with what it had.

use serde_json::json;

use crate::kit::actor::PASSWORD;
use crate::kit::{Setup, Split, World};

#[test]
fn a_stopped_service_is_away_and_comes_back_with_its_data() {
    let world = World::start(&Setup::ci().ephemeral());
    let (control, user) = (world.control(), world.someone());
    let id = user.note("Still there.");
    for name in ["gateway", "auth", "user", "notes"] {
        control.post(&format!("/control/services/{name}/stop"), &json!({})).expect(200);
        let services = control.get("/control").expect(200).json()["data"]["services"].clone();
        let of = |wanted: &str| {
            services.as_array().unwrap().iter().find(|service| service["name"] == wanted).unwrap().clone()
        };
        assert_eq!((&of(name)["state"], &of(name)["ready"]), (&json!("stopped"), &json!(false)));
        match name {
            "gateway" => assert!(user.try_send(crate::kit::Request::new("GET", "/health")).is_err()),
            "notes" => assert_eq!(user.get("/api/notes").status, 503),
            "user" => assert_eq!(user.get("/api/users/me").status, 503),
            _ => assert_eq!(user.try_log_in("whatever it is").status, 503),
        }
        for _twice in 0..2 {
            control.post(&format!("/control/services/{name}/start"), &json!({})).expect(200);
        }
        user.get(&format!("/api/notes/{id}")).expect(200);
        user.get("/api/users/me").expect(200);
    }
}

#[test]
fn what_is_set_while_a_service_is_stopped_holds_when_it_is_back() {
    let world = World::start(&Setup::ci().ephemeral());
    let (control, user) = (world.control(), world.someone());
    control.post("/control/services/notes/stop", &json!({})).expect(200);
    control.put("/control/clock", &json!({"mode": "frozen", "now": "2031-05-06T07:08:09.010Z"})).expect(200);
    let rule = json!({"from": "notes", "to": "auth", "kind": "status", "status": 500, "nth": 1_000_000});
    let missed = json!({"from": "gateway", "to": "notes", "kind": "status", "status": 418, "nth": 2});
    control.put("/control/faults", &json!({"faults": [rule, missed]})).expect(200);
    control.post("/control/services/notes/start", &json!({})).expect(200);
    let user = user.log_in(PASSWORD);
    let faults = control.get("/control/faults").expect(200).json()["data"]["faults"].clone();
    assert_eq!(faults.as_array().unwrap().len(), 2, "{faults}");
    let note = user.post("/api/notes", &json!({"content": "On time."})).expect(201).json();
    assert_eq!(note["data"]["note"]["createdAt"], "2031-05-06T07:08:09.010Z", "{note}");
    assert_eq!(user.get("/api/notes").status, 418);
    control.post("/control/services/notes/stop", &json!({})).expect(200);
    control.delete("/control/faults").expect(204);
    assert_eq!(control.get("/control/faults").expect(200).json()["data"]["faults"], json!([]));
    control.post("/control/services/notes/start", &json!({})).expect(200);
}

#[test]
fn a_service_of_another_process_is_not_for_this_one_to_stop() {
    let world = Split::start(&Setup::ci());
    let elsewhere = "The service runs in another process: stop and start that";
    world.control().post("/control/services/notes/stop", &json!({})).fails(409, elsewhere);
    assert_eq!(
        world.control().get("/control").expect(200).json()["data"]["services"][3]["ready"],
        json!(true)
    );
}
