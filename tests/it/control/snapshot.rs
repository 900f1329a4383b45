//! A snapshot is one state of the whole world, also when it is taken under load.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::kit::{Actor, Setup, Site, Split, World, proof};

fn goes_back_and_forth(site: &Site) {
    let control = site.control();
    let user = site.someone();
    user.note("one");
    let taken = control.put("/control/snapshots/first", &json!({})).expect(201).json();
    assert!(taken["data"]["tookMs"].is_u64());
    user.note("two");
    let later = site.someone();
    control.put("/control/snapshots/second", &json!({})).expect(201);
    let listed = control.get("/control/snapshots").expect(200).json();
    let names: Vec<_> =
        listed["data"]["snapshots"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["first", "second"]);

    let notes = || user.get("/api/notes").expect(200).json()["results"].as_u64().unwrap();
    control.post("/control/snapshots/first/restore", &json!({})).expect(200);
    assert_eq!(notes(), 1);
    later.get("/api/notes").fails(401, "Not authorized, invalid token");
    let between = site.someone();
    control.post("/control/snapshots/second/restore", &json!({})).expect(200);
    assert_eq!(notes(), 2);
    later.get("/api/users/me").expect(200);
    between.get("/api/notes").fails(401, "Not authorized, invalid token");
    control.delete("/control/snapshots/first").expect(204);
    control.post("/control/snapshots/first/restore", &json!({})).fails(404, "There is no snapshot first");
    assert!(site.doctor().expect(0).stdout.contains("\"clean\":true"));
}

#[test]
fn a_world_goes_back_and_forth_between_its_snapshots() {
    goes_back_and_forth(&World::start(&Setup::ci().ephemeral()));
}

#[test]
fn four_processes_go_back_and_forth_between_snapshots() {
    goes_back_and_forth(&Split::start(&Setup::ci()));
}

/// Says so when it goes.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_snapshot_that_could_not_be_replaced_is_none() {
    let world = World::start(&Setup::ci().ephemeral());
    let control = world.control();
    let user = world.someone();
    control.put("/control/snapshots/first", &json!({})).expect(201);
    let part = world.data().join("snapshots/first/notes");
    fs::remove_dir_all(&part).unwrap();
    fs::write(&part, "in the way").unwrap();
    control.put("/control/snapshots/first", &json!({})).expect(503);
    control.post("/control/snapshots/first/restore", &json!({})).fails(404, "There is no snapshot first");
    assert_eq!(control.get("/control/snapshots").expect(200).json()["results"], 0);
    fs::remove_file(&part).unwrap();
    control.put("/control/snapshots/first", &json!({})).expect(201);
    control.post("/control/snapshots/first/restore", &json!({})).expect(200);
    user.get("/api/users/me").expect(200);
}

#[test]
fn a_service_that_cannot_go_back_goes_on_as_it_was() {
    let world = World::start(&Setup::ci().args(&["--control"]));
    let control = world.control();
    control.put("/control/snapshots/first", &json!({})).expect(201);
    let in_the_way = world.data().join("snapshots/first/notes/nothing");
    std::os::unix::fs::symlink("nowhere", &in_the_way).unwrap();
    control.post("/control/snapshots/first/restore", &json!({})).expect(503);
    let notes = Actor::anon(world.doors().notes);
    assert_eq!(notes.get("/health").status, 200);
    fs::remove_file(&in_the_way).unwrap();
    control.post("/control/snapshots/first/restore", &json!({})).expect(200);
    world.someone().note("as ever");
}

#[test]
fn a_snapshot_under_load_is_one_state_and_holds_what_was_acknowledged_before() {
    let world = World::start(&Setup::ci().ephemeral());
    let control = world.control();
    let rounds = proof::size(10, 100);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Also when a round fails: else the writers go on for ever.
        let _over = Over(&is_over);
        for _ in 0..4 {
            scope.spawn(|| {
                // What goes through every service: whole accounts come and go.
                while !is_over.load(Ordering::Relaxed) {
                    let user = world.someone();
                    let _cut_off = user.post("/api/notes", &json!({"content": "busy"}));
                    let _cut_off = user.delete("/api/users/delete-me");
                }
            });
        }
        for round in 0..rounds {
            let witness = world.someone();
            let id = witness.note("acknowledged before");
            control.put("/control/snapshots/busy", &json!({})).expect(201);
            let lost = witness.note("written after");
            if round % 5 == 4 {
                is_over.store(round + 1 == rounds, Ordering::Relaxed);
            }
            witness.get(&format!("/api/notes/{id}")).expect(200);
            witness.get(&format!("/api/notes/{lost}")).expect(200);
        }
    });
    let witness = world.someone();
    let kept = witness.note("kept");
    control.put("/control/snapshots/last", &json!({})).expect(201);
    let lost = witness.note("lost");
    control.post("/control/snapshots/last/restore", &json!({})).expect(200);
    witness.get(&format!("/api/notes/{kept}")).expect(200);
    witness.get(&format!("/api/notes/{lost}")).expect(404);
    control.post("/control/snapshots/busy/restore", &json!({})).expect(200);
    assert!(world.doctor().expect(0).stdout.contains("\"clean\":true"));
    println!("{rounds} snapshots under load, and the last two restored: whole");
}
