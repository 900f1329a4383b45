//! Data that a world starts with: checked before anything is written, loaded once, and printed by the demo.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::kit::command::{run, satchel};
use crate::kit::process::Process;
use crate::kit::{Actor, Setup, World};

#[test]
fn a_wrong_fixture_is_refused_with_file_place_and_reason_before_anything_is_written() {
    let place = tempfile::tempdir().unwrap();
    let good = json!({"email": "good@example.test", "password": "long enough"});
    let document =
        |users: Value| json!({"format": "satchel-fixture", "version": 1, "users": users}).to_string();
    for (text, position, reason) in [
        ("{\"format\": ".to_owned(), ":1:", ""),
        (
            document(json!([good, {"email": "not an address", "password": "long enough"}])),
            "users[1].email",
            "Invalid email",
        ),
        (document(json!([good, {"email": "b@example.test"}])), "users[1].password", "required"),
        (document(json!([good, good])), "users[1].email", "twice"),
        (
            document(json!([{"email": "Ada@example.test", "password": "long enough"}])),
            ": users[0].email: ",
            "small.json:",
        ),
        (
            document(json!([good])).replacen("{\"email\"", "{\"email\": \"b@example.test\", \"email\"", 1),
            "users[0].email",
            "twice",
        ),
        (
            document(
                json!([{"email": "b@example.test", "password": "long enough", "notes": [{"title": "x"}]}]),
            ),
            "notes[0].content",
            "required",
        ),
        (
            json!({"format": "something", "version": 1, "users": [good]}).to_string(),
            "format",
            "satchel-fixture",
        ),
    ] {
        let file = place.path().join("wrong.json");
        std::fs::write(&file, &text).unwrap();
        let data = place.path().join("data");
        let mut command = Setup::ci().fixture("small.json").command(&data);
        let refused = run(command.args(["--ports", "auto", "--fixtures"]).arg(&file)).expect(1);
        let complaint = refused.stderr.lines().last().unwrap_or_default();
        for part in ["wrong.json:", position, reason] {
            assert!(complaint.contains(part), "no {part:?} in: {refused:?}");
        }
        assert!(!data.exists(), "something was written for {text}");
    }
}

#[test]
fn a_fixture_that_meets_other_peoples_names_is_refused_before_any_service_has_any_of_it() {
    let (place, setup) = (Arc::new(tempfile::tempdir().unwrap()), Setup::ci());
    let mut world = World::start_in(&setup, Arc::clone(&place));
    let alpha = json!({"email": "alpha@example.test", "password": "long enough", "username": "Alpha"});
    world.anon().post("/api/auth/register", &alpha).expect(201);
    world.stop();

    let user = |email: &str, name: &str| json!({"email": email, "password": "long enough", "username": name});
    let file = |name: &str, users: &[Value]| {
        let (path, users) = (place.path().join(name), users.iter().map(Value::to_string).collect::<Vec<_>>());
        let head = "{\"format\": \"satchel-fixture\", \"version\": 1, \"users\": [";
        std::fs::write(&path, format!("{head}\n{}\n]}}", users.join(",\n"))).unwrap();
        path
    };
    let good = file("good.json", &[user("zero@example.test", "zero")]);
    for (field, colliding) in [
        ("username", user("new@example.test", " ALPHA ")),
        // The id is another one than that of the account that has registered.
        ("email", user("Alpha@example.test", "another")),
    ] {
        let bad = file("bad.json", &[user("one@example.test", "one1"), colliding]);
        let mut command = setup.command(&place.path().join("data"));
        command.args(["--ports", "auto", "--fixtures"]).arg(&good).arg("--fixtures").arg(&bad);
        let refused = run(&mut command).expect(1);
        let complaint = refused.stderr.lines().last().unwrap_or_default();
        let told = ["bad.json:3:".to_owned(), format!(": users[1].{field}: belongs to another account")];
        assert!(told.iter().all(|part| complaint.contains(part)), "not {told:?} in {refused:?}");
    }

    let world = world.restart();
    for email in ["zero@example.test", "one@example.test", "new@example.test"] {
        world.anon().called(email).try_log_in("long enough").fails(401, "Invalid email or password");
    }
    world.anon().called("alpha@example.test").log_in("long enough");
}

#[test]
fn fixtures_are_loaded_once_and_left_alone_after_that() {
    let world = World::start(&Setup::ci().fixture("small.json"));
    let ben = |world: &World| world.anon().called("ben@example.test").log_in("small-ben-2026");
    ben(&world).patch("/api/users/update-me", &json!({"bio": "Likes ships now."})).expect(200);
    let total = ben(&world).get("/api/notes").json()["data"]["pagination"]["total"].clone();
    let world = world.restart();
    assert_eq!(ben(&world).get("/api/users/me").json()["data"]["user"]["bio"], "Likes ships now.");
    assert_eq!(ben(&world).get("/api/notes").json()["data"]["pagination"]["total"], total);
    let dora = world.anon().called("dora@example.test");
    dora.try_log_in("small-dora-2026").fails(403, "This account has been deactivated.");
}

#[test]
fn the_demo_prints_log_ins_that_work() {
    let place = tempfile::tempdir().unwrap();
    let ready = place.path().join("ready.json");
    let mut command = satchel(["demo", "--ports", "auto", "--data-dir"]);
    command.arg(place.path().join("data")).arg("--ready-file").arg(&ready);
    let mut process = Process::spawn(&mut command, place.path().join("log"));
    let mut printed = Vec::new();
    while printed.last().is_none_or(|line: &String| !line.contains("deactivated")) {
        printed.push(process.line().expect("another line"));
    }
    let url = printed.iter().find_map(|line| line.trim().strip_prefix("gateway")).expect("the gateway's URL");
    let door = url.trim().trim_start_matches("http://").parse().expect("an address");
    for (name, role) in [("ada", "admin"), ("jonas", "user")] {
        let line =
            printed.iter().find(|line| line.contains(&format!("{name}@example.test"))).expect("a log-in");
        let [email, password, printed_role] = line.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("three words: {line}");
        };
        let user = Actor::anon(door).called(email).log_in(password);
        assert_eq!(
            (printed_role, &user.get("/api/users/me").json()["data"]["user"]["role"]),
            (role, &json!(role))
        );
        assert!(user.get("/api/notes").json()["results"].as_u64().is_some_and(|results| results > 0));
    }
}
