//! Which secrets a world takes when strangers can reach it, and which when they cannot (PROMISES.md K3).

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::kit::command::{Finished, run, satchel};
use crate::kit::process::Process;
use crate::kit::{Setup, World, lonely};

/// As random as any; nobody may use it now that it stands here.
const STRONG: &str = "9f2c41d07be85a36c1d94e70b3a8f65212e7d0c94b6a835f";

/// What stands in tutorials, samples and sources, longest first.
const KNOWN: [&str; 16] = [
    "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
    "super-secret-jwt-token-with-at-least-32-characters-long",
    "your_super_secret_jwt_key_change_this_in_production",
    "the signing secret of worlds that live for one test",
    "my-32-character-ultra-secure-and-ultra-long-secret",
    "a-string-secret-at-least-256-bits-long",
    "change-me-change-me-change-me-change-me",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "your-secret-key-goes-here-and-is-long-enough",
    "your-256-bit-secret",
    "your_jwt_secret",
    "supersecret",
    "changeme",
    "secret",
];

fn up(data: &Path, arguments: &[&str], secret: Option<&str>) -> Command {
    let mut command = satchel(["up", "--ports", "auto", "--data-dir"]);
    command.arg(data).args(arguments);
    if let Some(secret) = secret {
        command.env("JWT_SECRET", secret);
    }
    command
}

/// Demands one line that names the variable and says how to make a secret, and nothing on the disk.
fn refuses(data: &Path, arguments: &[&str], secret: Option<&str>) -> Finished {
    let finished = run(&mut up(data, arguments, secret)).expect(1);
    assert_eq!(finished.stderr.lines().count(), 1, "{finished:?}");
    for part in ["JWT_SECRET", "32 bytes", "openssl rand -hex 32"] {
        assert!(finished.stderr.contains(part), "{part}: {finished:?}");
    }
    assert!(!data.exists(), "something was written");
    finished
}

#[test]
fn a_world_that_strangers_can_reach_wants_a_secret_of_its_own() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    for host in ["0.0.0.0", "::"] {
        refuses(&data, &["--host", host], None);
    }
    refuses(&data, &["--host", "0.0.0.0"], Some(&STRONG[..31]));
    for known in KNOWN {
        let finished = refuses(&data, &["--host", "0.0.0.0"], Some(known));
        assert!(!finished.stderr.contains(known), "it is told back: {finished:?}");
    }
    // The same when only a service that is asked is elsewhere.
    let mut gateway = up(&data, &["--only", "gateway"], Some("secret"));
    let finished = run(gateway.env("NOTES_SERVICE_URL", "http://192.0.2.1:3003")).expect(1);
    assert!(finished.stderr.contains("JWT_SECRET"), "{finished:?}");
    println!("{} known secrets, all refused on 0.0.0.0", KNOWN.len());
}

#[test]
fn a_world_on_loopback_takes_any_secret_or_makes_one() {
    for secret in ["secret", STRONG] {
        World::start(&Setup::original().env("JWT_SECRET", secret)).someone();
    }
    let place = tempfile::tempdir().unwrap();
    let mut command = up(&place.path().join("data"), &["--log", "json"], None);
    let mut process = Process::spawn(&mut command, place.path().join("log"));
    process.ready().expect("a ready world");
    assert!(process.terminate().success());
}

/// On all addresses of a place that has loopback only.
#[test]
fn a_strong_secret_opens_a_world_to_other_machines() {
    if !lonely::is_possible() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let command = up(&place.path().join("data"), &["--log", "json", "--host", "0.0.0.0"], Some(STRONG));
    let mut process = Process::spawn(&mut lonely::without_network(command), place.path().join("log"));
    let ready = process.ready().expect("a ready world");
    assert!(ready["gateway"]["url"].is_string(), "{ready}");
}

#[test]
fn a_secret_file_that_others_can_read_is_refused_with_the_remedy() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let file = data.join("secret");
    std::fs::write(&file, STRONG).unwrap();
    for mode in [0o640, 0o604, 0o660, 0o602] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let finished = run(&mut up(&data, &[], None)).expect(1);
        let told = &finished.stderr;
        assert!(told.contains(&file.display().to_string()) && told.contains("chmod 600"), "{mode:o}: {told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
}
