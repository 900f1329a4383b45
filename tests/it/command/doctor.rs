//! `satchel doctor`: what it prints and how it ends, with the world running, stopped and out of reach.

use crate::kit::{Setup, Split, World};

const CLEAN: &str = "{\"clean\":true,\"findings\":[]}\n";

#[test]
fn a_running_world_with_demo_data_is_clean() {
    let world = World::start(&Setup::ci().fixture("demo.json"));
    assert_eq!(world.satchel(&["doctor", "--json"]).expect(0).stdout, CLEAN);
    assert_eq!(world.satchel(&["doctor", "--fix"]).expect(0).stdout, "Nothing is wrong.\n");
    assert!(!world.log().contains("the doctor found"), "{}", world.log());
}

#[test]
fn a_stopped_world_is_clean_after_a_life_of_all_kinds() {
    let mut world = World::start(&Setup::ci().fixture("small.json"));
    let admin = world.admin();
    let [stays, leaves, returns, goes] = [(); 4].map(|()| world.someone());
    stays.note("Here to stay.");
    leaves.note("Left behind.");
    leaves.delete("/api/users/delete-me").expect(204);
    let returning = format!("/api/users/{}", returns.id());
    for active in [false, true] {
        admin.patch(&returning, &serde_json::json!({"isActive": active})).expect(200);
    }
    admin.patch(&returning, &serde_json::json!({"email": "moved@example.test"})).expect(200);
    goes.note("Gone.");
    admin.delete(&format!("/api/users/{}", goes.id())).expect(204);
    world.stop();
    let found = world.satchel(&["doctor", "--json"]).expect(0);
    assert_eq!(found.stdout, CLEAN);
    world.satchel(&["doctor"]).expect(0);
}

#[test]
fn what_is_not_asked_for_or_not_there_is_refused_in_one_line() {
    let place = tempfile::tempdir().unwrap();
    let nowhere = place.path().join("nowhere");
    let mut command = crate::kit::command::satchel(["doctor", "--data-dir"]);
    let refused = crate::kit::command::run(command.arg(&nowhere)).expect(1);
    assert!(refused.stderr.contains("there is no world in"), "{refused:?}");
    assert!(!nowhere.exists());
    crate::kit::command::run(&mut crate::kit::command::satchel(["doctor", "--mend"])).expect(2);
}

#[test]
fn a_service_that_cannot_be_asked_is_no_clean_bill() {
    let mut world = Split::start(&Setup::ci());
    world.someone().note("Nobody can be compared with user.");
    world.satchel(&["doctor"]).expect(0);
    world.kill("user");
    let refused = world.satchel(&["doctor"]);
    assert_ne!(refused.code, 0, "{refused:?}");
    assert!(refused.stderr.contains("user"), "{refused:?}");
}
