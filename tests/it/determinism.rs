//! With a seed and a frozen clock a world answers the same script with the same bytes, in one process and in four.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::kit::{Request, Setup, Site, Split, World, proof, wait};

const SETTING: [&str; 4] = ["--seed", "7", "--clock", "2026-01-01T00:00:00.000Z"];

/// A story through every service; gives every answer and every mail, to the byte.
fn script(site: &Site) -> String {
    let mut told = String::new();
    let mut ask = |request: Request| {
        let answer = site.anon().send(request);
        let headers: Vec<_> = answer.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        write!(told, "{}\n{}\n{}\n\n", answer.status, headers.join("\n"), answer.text()).unwrap();
        answer
    };
    let post = |path: &str, body: &Value| Request::new("POST", path).json(body);
    let mut tokens = Vec::new();
    for name in ["ada", "ben", "cleo"] {
        let body = json!({"email": format!("{name}@example.test"), "password": "a good password"});
        tokens.push(ask(post("/api/auth/register", &body)).json()["token"].as_str().unwrap().to_owned());
    }
    for token in &tokens {
        ask(Request::new("GET", "/api/users/me").bearer(token));
        for text in ["an apple", "a pear"] {
            ask(post("/api/notes", &json!({"content": text, "tags": ["fruit"]})).bearer(token));
        }
        for path in [
            "/api/notes",
            "/api/notes?search=apple",
            "/api/notes/search?q=pear",
            "/api/notes/tags",
            "/nowhere",
        ] {
            ask(Request::new("GET", path).bearer(token));
        }
    }
    ask(post("/api/auth/login", &json!({"email": "ada@example.test", "password": "wrong"})));
    ask(post("/api/auth/login", &json!({"email": "ada@example.test", "password": "a good password"})));
    ask(post("/api/auth/forgot-password", &json!({"email": "ben@example.test"})));
    ask(Request::new("DELETE", "/api/users/delete-me").bearer(&tokens[2]));
    ask(Request::new("GET", "/api/notes").bearer(&tokens[2]));
    let mails = site.data().join("auth/mailbox");
    let mail = || {
        let files = std::fs::read_dir(&mails).ok()?.flatten();
        files
            .filter(|file| file.path().extension().is_some_and(|it| it == "json"))
            .map(|file| file.path())
            .next()
    };
    wait::until("the mail is there", std::time::Duration::from_secs(10), || mail().is_some());
    told + &std::fs::read_to_string(mail().unwrap()).unwrap()
}

#[test]
fn the_same_script_gets_the_same_bytes_every_time() {
    let runs = proof::size(6, 100);
    let setup = Setup::ci().ephemeral().args(&SETTING);
    let first = script(&World::start(&setup));
    assert!(first.contains("2026-01-01T00:00:00.000Z") && first.contains("reset"), "{first}");
    for run in 1..runs {
        assert_eq!(script(&World::start(&setup)), first, "run {run}");
    }
    println!("{runs} runs in one process: the same {} bytes each time", first.len());
}

#[test]
fn four_processes_answer_with_the_bytes_of_one() {
    let runs = proof::size(2, 20);
    let one = script(&World::start(&Setup::ci().ephemeral().args(&SETTING)));
    for run in 0..runs {
        let four = script(&Split::start(&Setup::ci().args(&SETTING)));
        assert_eq!(four, one, "run {run}");
    }
    println!("{runs} runs in four processes: the bytes of one");
}

#[test]
fn a_reset_begins_the_script_again_but_for_the_names_of_its_tokens() {
    let world = World::start(&Setup::ci().ephemeral().args(&SETTING));
    // Tokens of a life that is over must not be those of the next, so they alone differ.
    let tokenless = |told: String| -> Vec<String> {
        told.lines()
            .filter(|line| {
                !line.contains("token") && !line.contains("etag") && !line.contains("content-length")
            })
            .map(str::to_owned)
            .collect()
    };
    let first = tokenless(script(&world));
    world.reset();
    assert_eq!(tokenless(script(&world)), first);
}

#[test]
fn a_seed_and_a_frozen_clock_are_for_tests_only() {
    for flag in [["--seed", "7"], ["--clock", "2026-01-01T00:00:00.000Z"]] {
        let place = tempfile::tempdir().unwrap();
        let refused = World::try_start_in(&Setup::original().args(&flag), std::sync::Arc::new(place));
        let error = refused.expect_err("it starts");
        assert!(error.stderr.contains(flag[0]) && error.stderr.contains("--profile ci"), "{}", error.stderr);
    }
}
