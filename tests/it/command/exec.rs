//! `satchel exec`: a command with a fresh world around it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;

use super::start::shell;
use crate::kit::command::{run, satchel};
use crate::kit::process::Process;
use crate::kit::world::address;
use crate::kit::{Actor, Setup, World};

/// Prints where the world is, in the form of a ready line, and waits to be ended.
const STAY: &str = r#"echo "{\"gateway\":{\"url\":\"$SATCHEL_URL\"},\"dataDir\":\"$SATCHEL_DATA_DIR\"}"; exec tail -f /dev/null"#;

#[test]
fn the_exit_code_of_the_command_is_passed_on() {
    for (script, code) in [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137)] {
        run(&mut satchel(["exec", "--", "sh", "-c", script])).expect(code);
    }
    let missing = run(&mut satchel(["exec", "--", "no-such-command-anywhere"])).expect(1);
    assert!(missing.stderr.contains("no-such-command-anywhere"), "{missing:?}");
    run(&mut satchel(["exec"])).expect(2);
}

#[test]
fn the_command_finds_the_world_in_its_environment_and_it_is_gone_afterwards() {
    let script = "env; test -d \"$SATCHEL_DATA_DIR\" && echo IS_THERE=yes; exit 3";
    let mut command = satchel(["exec", "--", "sh", "-c", script]);
    // A directory that is named here belongs to another world.
    command.env("SATCHEL_DATA_DIR", "/nonexistent");
    let finished = run(&mut command).expect(3);
    let environment: BTreeMap<&str, &str> =
        finished.stdout.lines().filter_map(|line| line.split_once('=')).collect();
    for name in ["SATCHEL_URL", "SATCHEL_AUTH_URL", "SATCHEL_USER_URL", "SATCHEL_NOTES_URL"] {
        let url = environment.get(name).unwrap_or_else(|| panic!("no {name}: {finished:?}"));
        assert!(url.starts_with("http://127.0.0.1:") && !url.ends_with('/'), "{name}={url}");
    }
    assert!(environment.get("JWT_SECRET").is_some_and(|secret| secret.len() >= 32), "{finished:?}");
    assert_eq!(environment.get("IS_THERE"), Some(&"yes"), "{finished:?}");
    assert!(!Path::new(environment["SATCHEL_DATA_DIR"]).exists(), "the world is still there");
}

#[test]
fn the_command_has_the_umask_of_its_caller() {
    let exec = satchel(["exec", "sh", "-c", "umask"]);
    assert_eq!(run(&mut shell("umask 027; exec \"$@\"", &exec)).expect(0).stdout.trim(), "0027");
}

#[test]
fn commands_inside_find_the_world_without_being_told_where() {
    let script = "\"$0\" mail list && \"$0\" admin grant nobody@example.test";
    let inside = run(&mut satchel(["exec", "--", "sh", "-c", script, env!("CARGO_BIN_EXE_satchel")]));
    assert!(inside.expect(1).stderr.contains("no account has the e-mail nobody@example.test"));
}

#[test]
fn a_signal_reaches_the_command_and_the_world_goes_with_it() {
    let place = tempfile::tempdir().unwrap();
    let mut process =
        Process::spawn(&mut satchel(["exec", "--", "sh", "-c", STAY]), place.path().join("log"));
    let ready = process.ready().expect("a line");
    let door = address(&ready, "gateway").expect("a URL");
    let user = Actor::anon(door).register("anna");
    user.note("Only for a while.");
    process.signal(Signal::TERM);
    let status = process.ended(Duration::from_secs(12));
    assert_eq!(status.code(), Some(128 + 15), "{status}");
    assert!(!Path::new(ready["dataDir"].as_str().expect("a path")).exists());
}

#[test]
fn a_world_of_exec_is_apart_from_every_other() {
    let world = World::start(&Setup::ci());
    let place = tempfile::tempdir().unwrap();
    let mut process =
        Process::spawn(&mut satchel(["exec", "--", "sh", "-c", STAY]), place.path().join("log"));
    let door = address(&process.ready().expect("a line"), "gateway").expect("a URL");
    let (here, there) = (world.register("anna"), Actor::anon(door).register("anna"));
    there.with_token(here.token.as_deref().expect("a token")).get("/api/notes").expect(401);
    process.signal(Signal::INT);
    assert_eq!(process.ended(Duration::from_secs(12)).code(), Some(128 + 2));
}
