//! How `satchel up` starts, what it leaves on disk, and when it refuses to.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::kit::command::{run, satchel};
use crate::kit::process::Process;
use crate::kit::world::{SECRET, address, repository};
use crate::kit::{Actor, Setup, Split, World, lonely};

#[test]
fn bad_usage_ends_with_exit_code_2_and_a_message() {
    for (arguments, part) in [
        (&["up", "--nonsense"][..], "--nonsense"),
        (&["up", "--ports", "1,2"], "four ports"),
        (&["up", "--ports", "a,b,c,d"], "--ports"),
        (&["up", "--profile", "fast"], "--profile"),
        (&["up", "--only", "mail"], "--only"),
        (&["up", "--host", "everywhere"], "--host"),
        (&["up", "--data-dir", "x", "--ephemeral"], "--ephemeral"),
        (&["admin", "promote", "a@example.test"], "promote"),
        (&["mail", "wait"], "--to"),
        (&["frobnicate"], "frobnicate"),
        (&[], "Usage"),
    ] {
        let finished = run(&mut satchel(arguments)).expect(2);
        assert!(finished.stderr.contains(part), "{arguments:?}: {finished:?}");
    }
    assert!(run(&mut satchel(["--help"])).expect(0).stdout.contains("up"));
    assert!(run(&mut satchel(["--version"])).expect(0).stdout.starts_with("satchel "));
}

#[test]
fn settings_that_cannot_be_used_are_named_in_one_line() {
    let place = tempfile::tempdir().unwrap();
    for (arguments, setting, part) in [
        (&["--seed", "1", "--profile", "dev"][..], ("CLIENT_URL", "http://localhost"), "--seed"),
        (&["--host", "0.0.0.0", "--profile", "ci"], ("CLIENT_URL", "http://localhost"), "--host"),
        (&["--host", "0.0.0.0"], ("JWT_SECRET", "secret"), "JWT_SECRET"),
        (&[], ("JWT_SECRET", ""), "JWT_SECRET"),
        (&[], ("CLIENT_URL", "localhost"), "CLIENT_URL"),
        (&[], ("JWT_EXPIRES_IN", "soon"), "JWT_EXPIRES_IN"),
        (&[], ("CLIENT_URL", "http://localhost/app"), "CLIENT_URL"),
        (&[], ("SATCHEL_LOG", "auth=loud"), "SATCHEL_LOG"),
        (&[], ("EMAIL_PORT", "smtp"), "EMAIL_PORT"),
        (&["--only", "gateway"], ("NOTES_SERVICE_URL", "ftp://x"), "NOTES_SERVICE_URL"),
        (&[], ("SATCHEL_TRUSTED_PROXIES", "me"), "SATCHEL_TRUSTED_PROXIES"),
        (&["--config", "nothing.toml"], ("CLIENT_URL", "http://localhost"), "nothing.toml"),
    ] {
        let data = place.path().join("data");
        let mut command = satchel(["up", "--ports", "auto", "--data-dir"]);
        command.arg(&data).args(arguments).env(setting.0, setting.1);
        let finished = run(&mut command).expect(1);
        assert!(
            finished.stderr.contains(part) && finished.stderr.lines().count() == 1,
            "{part}: {finished:?}"
        );
        assert!(!data.exists(), "{part}: something was written");
    }
}

#[test]
fn the_ready_file_says_where_everything_is() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("ready.json");
    let data = place.path().join("data");
    let mut command = Setup::ci().command(&data);
    // A bare name, as a person types it.
    command.current_dir(place.path()).args(["--ports", "auto", "--ready-file", "ready.json"]);
    let mut process = Process::spawn(&mut command, place.path().join("log"));
    let line = process.ready().expect("a ready world");
    let ready: Value = serde_json::from_slice(&std::fs::read(&file).expect("a file")).expect("JSON");
    assert_eq!(ready, line, "the file and the line on standard output");
    let names: BTreeSet<&str> = ready.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from(["auth", "control", "dataDir", "gateway", "notes", "pid", "user"]));
    assert_eq!(ready["pid"], process.pid());
    assert_eq!(ready["dataDir"], data.canonicalize().expect("a path").display().to_string());
    for (name, service) in [
        ("gateway", "API Gateway"),
        ("auth", "Auth Service"),
        ("user", "User Service"),
        ("notes", "Notes Service"),
    ] {
        let door = address(&ready, name).unwrap_or_else(|| panic!("no URL of {name}: {ready}"));
        assert!(door.ip().is_loopback());
        let health = Actor::anon(door).get("/health").expect(200);
        assert_eq!(health.json(), json!({"status": "OK", "service": service}));
    }
}

#[test]
fn a_second_process_on_the_same_data_is_refused_and_the_first_unharmed() {
    let world = World::start(&Setup::ci());
    let user = world.someone();
    let note = user.note("Mine alone.");
    for _ in 0..2 {
        let second = run(Setup::ci().command(world.data()).args(["--ports", "auto"])).expect(1);
        let complaints: Vec<&str> =
            second.stderr.lines().filter(|line| line.starts_with("satchel: ")).collect();
        assert_eq!(complaints.len(), 1, "one line says why: {second:?}");
        assert!(complaints[0].contains(&world.data().display().to_string()), "{second:?}");
        user.get(&format!("/api/notes/{note}")).expect(200);
        user.note("And another.");
        // The note of the running world still says where it is.
        world.satchel(&["admin", "grant", &user.email]).expect(0);
    }
    let world = world.restart();
    user.at(world.doors().gateway).get(&format!("/api/notes/{note}")).expect(200);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let world = World::start(&Setup::ci());
    let place = tempfile::tempdir().unwrap();
    let taken = world.doors().gateway.port();
    let mut command = Setup::ci().command(&place.path().join("data"));
    let refused = run(command.args(["--ports", &format!("{taken},0,0,0")])).expect(1);
    assert!(refused.stderr.contains(&taken.to_string()), "{refused:?}");
}

#[test]
fn data_is_for_its_owner_alone_whatever_the_umask() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let (ready_file, bundle) = (place.path().join("ready.json"), place.path().join("world.bundle"));
    let unmasked = |command: &Command| shell("umask 000; exec \"$@\"", command);
    let mut up = Setup::ci().command(&data);
    up.args(["--ports", "auto", "--ready-file"]).arg(&ready_file);
    let mut process = Process::spawn(&mut unmasked(&up), place.path().join("log"));
    let ready = process.ready().expect("a ready world");
    let door = address(&ready, "gateway").expect("a URL");
    let user = Actor::anon(door).register("anna");
    user.note("Private.");
    user.post("/api/auth/forgot-password", &json!({"email": user.email})).expect(200);
    crate::kit::mail::wait(&data, &user.email);
    let control = Actor::anon(address(&ready, "control").expect("a URL"));
    control.put("/control/snapshots/first", &json!({})).expect(201);
    let mut export = satchel(["export"]);
    export.arg(&bundle).arg("--data-dir").arg(&data).env("JWT_SECRET", SECRET);
    run(&mut unmasked(&export)).expect(0);
    assert!(is_private(&data) > 20, "too few files to be all");
    assert_eq!((is_private(&ready_file), is_private(&bundle)), (1, 1));
    control.post("/control/snapshots/first/restore", &json!({})).expect(200);
    assert!(process.terminate().success());
    is_private(&data);
}

/// Demands 0700 for folders and 0600 for files; tells how many there are.
fn is_private(path: &Path) -> usize {
    let metadata = std::fs::symlink_metadata(path).unwrap();
    let wanted = if metadata.is_dir() { 0o700 } else { 0o600 };
    assert_eq!(metadata.permissions().mode() & 0o777, wanted, "{}", path.display());
    if !metadata.is_dir() {
        return 1;
    }
    let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    1 + entries.filter(|path| path.exists()).map(|path| is_private(&path)).sum::<usize>()
}

/// `command` started by a shell after some preparation; `"$@"` is the command there.
pub(super) fn shell(script: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

#[test]
fn without_a_secret_one_is_made_and_kept() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let start = || {
        let mut command = Setup::ci().command(&data);
        command.env_remove("JWT_SECRET").args(["--ports", "auto"]);
        let mut process = Process::spawn(&mut command, place.path().join("log"));
        let door = address(&process.ready().expect("a ready world"), "gateway").expect("a URL");
        (process, door)
    };
    let (mut process, door) = start();
    let user = Actor::anon(door).register("anna");
    let forged = crate::kit::token::mint(SECRET, &user.id(), &json!({}));
    user.with_token(&forged).get("/api/users/me").expect(401);
    assert!(process.terminate().success());
    let (_process, door) = start();
    user.at(door).get("/api/users/me").expect(200);
}

#[test]
fn four_processes_are_one_world_and_each_can_be_away() {
    let mut split = Split::start(&Setup::ci());
    let user = split.someone();
    let note = user.note("Across processes.");
    for name in ["notes", "user", "auth", "gateway"] {
        split.take_away(name);
        split.bring_back(&[name]);
        user.get(&format!("/api/notes/{note}")).expect(200);
        user.log_in(crate::kit::actor::PASSWORD).get("/api/users/me").expect(200);
    }
}

#[test]
fn the_strict_profile_asks_for_longer_passwords() {
    let world = World::start(&Setup::ci().args(&["--strict"]));
    let register = |password: &str| {
        world.anon().post("/api/auth/register", &json!({"email": "anna@example.test", "password": password}))
    };
    register("14 characters.").expect(400);
    register("15 characters..").expect(201);
}

/// Replays the journeys in a network namespace that has nothing but loopback.
#[test]
fn everything_works_without_any_network_but_loopback() {
    if !lonely::is_possible() {
        return;
    }
    let mut journeys = Command::new(std::env::current_exe().expect("this program"));
    journeys.args(["--exact", "journeys::every_journey_happens_as_it_is_told"]).current_dir(repository());
    let finished = run(&mut lonely::without_network(journeys));
    assert!(finished.code == 0 && finished.stdout.contains("1 passed"), "{finished:?}");
}
