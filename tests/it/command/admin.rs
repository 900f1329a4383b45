//! `satchel admin`: an operator makes and unmakes administrators, with the world running or stopped.

use crate::kit::actor::PASSWORD;
use crate::kit::{Setup, World};

#[test]
fn an_operator_grants_and_revokes_while_the_world_runs() {
    let world = World::shared();
    let user = world.someone();
    user.get("/api/users").expect(403);
    world.satchel(&["admin", "grant", &user.email]).expect(0);
    user.get("/api/users").expect(200);
    world.satchel(&["admin", "grant", &user.email.to_uppercase()]).expect(0);
    world.satchel(&["admin", "revoke", &user.email]).expect(0);
    user.get("/api/users").expect(403);
}

#[test]
fn an_operator_grants_and_revokes_while_the_world_is_stopped() {
    let mut world = World::start(&Setup::ci());
    let (user, other) = (world.someone(), world.admin());
    world.stop();
    world.satchel(&["admin", "grant", &user.email]).expect(0);
    world.satchel(&["admin", "revoke", &other.email]).expect(0);
    let world = world.restart();
    let door = world.doors().gateway;
    user.at(door).get("/api/users").expect(200);
    other.at(door).get("/api/users").expect(403);
    user.at(door).log_in(PASSWORD);
}

#[test]
fn a_killed_world_counts_as_stopped_and_one_that_cannot_be_asked_is_told() {
    let mut world = World::start(&Setup::ci());
    let user = world.someone();
    let note = world.data().join("world.json");
    let noted = std::fs::read(&note).unwrap();
    std::fs::remove_file(&note).unwrap();
    let nowhere = world.satchel(&["admin", "grant", &user.email]).expect(1);
    assert!(nowhere.stderr.contains("auth") && nowhere.stderr.lines().count() == 1, "{nowhere:?}");
    std::fs::write(&note, &noted).unwrap();
    let pid = world.process().pid().to_string();
    world.kill();
    // The number of its process may be another's by now: here that of this one.
    let noted = String::from_utf8(noted).unwrap();
    std::fs::write(&note, noted.replace(&pid, &std::process::id().to_string())).unwrap();
    world.satchel(&["admin", "grant", &user.email]).expect(0);
    let world = world.restart();
    user.at(world.doors().gateway).get("/api/users").expect(200);
}

#[test]
fn an_operator_is_told_why_it_cannot_be_done() {
    let world = World::shared();
    let unknown = world.satchel(&["admin", "grant", "nobody@example.test"]).expect(1);
    assert!(
        unknown.stderr.contains("nobody@example.test") && unknown.stderr.lines().count() == 1,
        "{unknown:?}"
    );
    let user = world.someone();
    let mut command = crate::kit::command::satchel(["admin", "grant", &user.email, "--data-dir"]);
    command.arg(world.data()).env("JWT_SECRET", "the secret of some other world, long enough");
    let stranger = crate::kit::command::run(&mut command).expect(1);
    assert!(stranger.stderr.contains("JWT_SECRET") && stranger.stderr.lines().count() == 1, "{stranger:?}");
    user.get("/api/users").expect(403);
}

#[test]
fn a_first_administrator_comes_from_the_environment() {
    let setup =
        Setup::ci().env("SATCHEL_ADMIN_EMAIL", "Root@Example.test").env("SATCHEL_ADMIN_PASSWORD", PASSWORD);
    let world = World::start(&setup);
    let root = |world: &World| world.anon().called("root@example.test").log_in(PASSWORD);
    root(&world).get("/api/users").expect(200);
    // Once more with the account there already.
    let world = world.restart();
    root(&world).get("/api/users").expect(200);
}
