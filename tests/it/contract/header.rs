//! Headers that every answer carries: security, origin, request id.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::kit::world::repository;
use crate::kit::{Answer, Request, Setup, World};

/// One answer of every kind that a client can meet.
fn answers(world: &World) -> Vec<Answer> {
    let (anon, user) = (world.anon(), world.someone());
    let big = Request::new("POST", "/api/auth/login")
        .header("content-type", "application/json")
        .body("x".repeat(20_000));
    let packed = Request::new("POST", "/api/notes").header("content-encoding", "gzip");
    let known = Request::new("GET", "/api/users/me").header("if-none-match", "*");
    vec![
        anon.get("/health").expect(200),
        user.get("/api/notes").expect(200),
        user.post("/api/notes", &json!({"content": "x"})).expect(201),
        anon.send(Request::new("OPTIONS", "/api/notes")).expect(204),
        user.send(known).expect(304),
        anon.get("/api/notes?page=%").expect(400),
        anon.post("/api/auth/login", &json!({})).expect(400),
        anon.get("/api/notes").expect(401),
        user.get("/api/users").expect(403),
        anon.get("/nope").expect(404),
        user.get("/api/notes/nope").expect(404),
        anon.send(Request::new("PUT", "/api/notes")).expect(405),
        anon.post("/api/auth/register", &json!({"email": user.email, "password": "long enough"})).expect(409),
        anon.send(big).expect(413),
        user.send(packed.json(&json!({}))).expect(415),
        user.delete("/api/users/delete-me").expect(204),
    ]
}

/// The recording's security headers: Helmet 8's defaults.
fn recorded() -> BTreeMap<String, String> {
    let recording =
        std::fs::read_to_string(repository().join("fixtures/recording.jsonl")).expect("the recording");
    let about: Value = serde_json::from_str(recording.lines().next().expect("a line")).expect("JSON");
    serde_json::from_value(about["security headers"].clone()).expect("headers")
}

#[test]
fn every_answer_carries_the_recorded_security_headers() {
    let world = World::shared();
    for answer in answers(&world) {
        for (name, value) in recorded() {
            let got = answer.header(&name).unwrap_or_else(|| panic!("no {name}: {answer}"));
            if name == "content-security-policy" {
                is_at_least_as_strict(got, &value);
            } else {
                assert_eq!(got, value, "{name}: {answer}");
            }
        }
    }
}

/// Every source that `policy` allows, the recorded one allows too: nothing, or a directive it shares.
fn is_at_least_as_strict(policy: &str, recorded: &str) {
    let (ours, theirs) = (directives(policy), directives(recorded));
    assert_eq!(ours.get("default-src"), Some(&BTreeSet::from(["'none'"])), "{policy}");
    for (name, sources) in &ours {
        let allowed = theirs.get(name).or_else(|| theirs.get("default-src"));
        let none = sources.is_empty() || *sources == BTreeSet::from(["'none'"]);
        assert!(none || allowed.is_some_and(|allowed| sources.is_subset(allowed)), "{name}: {policy}");
    }
    // These do not fall back to default-src.
    for name in ["base-uri", "form-action", "frame-ancestors"] {
        assert!(ours.contains_key(name), "{name}: {policy}");
    }
}

fn directives(policy: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let directives = policy.split(';').map(|directive| directive.split_whitespace());
    directives.filter_map(|mut words| Some((words.next()?, words.collect()))).collect()
}

#[test]
fn browsers_of_the_one_client_may_call_and_no_others() {
    let world = World::start(&Setup::ci().env("CLIENT_URL", "https://notes.example.test"));
    for origin in ["https://notes.example.test", "http://evil.example", "null"] {
        for target in ["/health", "/api/notes", "/nope"] {
            let answer = world.anon().send(Request::new("GET", target).header("origin", origin));
            assert_eq!(
                answer.header("access-control-allow-origin"),
                Some("https://notes.example.test"),
                "{answer}"
            );
            assert_eq!(answer.header("access-control-allow-credentials"), Some("true"), "{answer}");
        }
    }
}

#[test]
fn a_preflight_is_answered_with_204_on_any_path_before_anything_else() {
    let world = World::start(&Setup::original());
    let preflight = |target: &str| {
        let request = Request::new("OPTIONS", target).header("origin", "http://localhost:5173");
        let request = request.header("access-control-request-method", "PATCH");
        world.anon().send(request.header("access-control-request-headers", "authorization,content-type"))
    };
    // More often than the budget allows: a preflight is none of it.
    for _ in 0..30 {
        for target in ["/api/users/me", "/api/notes/1", "/nope", "/health", "/api/auth/login"] {
            let answer = preflight(target).expect(204);
            assert!(answer.body.is_empty());
            assert_eq!(answer.header("access-control-allow-origin"), Some("http://localhost:5173"));
            assert_eq!(answer.header("access-control-allow-methods"), Some("GET,HEAD,PUT,PATCH,POST,DELETE"));
            assert_eq!(answer.header("access-control-allow-headers"), Some("authorization,content-type"));
        }
    }
    let answer = world.anon().get("/api/notes").expect(401);
    assert_eq!(answer.header("ratelimit-remaining"), Some("99"), "{answer}");
}

#[test]
fn a_well_formed_request_id_is_kept_and_any_other_replaced() {
    let world = World::shared();
    let ask =
        |target: &str, id: &str| world.anon().send(Request::new("GET", target).header("x-request-id", id));
    for id in ["a", "A.b-c_9", &"x".repeat(64)] {
        for target in ["/health", "/api/notes", "/nope"] {
            assert_eq!(ask(target, id).header("x-request-id"), Some(id));
        }
    }
    for id in ["", "a b", "<script>", &"x".repeat(65), "a\"b", "ü"] {
        let got = ask("/api/notes", id);
        assert!(got.header("x-request-id").is_some_and(|new| new != id && !new.is_empty()), "{got}");
    }
}

#[test]
fn every_failure_names_the_request_id_of_its_header_and_no_two_are_alike() {
    let world = World::shared();
    let answers = answers(&world);
    let mut ids = BTreeSet::new();
    for answer in answers {
        let id = answer.header("x-request-id").unwrap_or_else(|| panic!("no id: {answer}"));
        assert!(ids.insert(id.to_owned()), "{id} again");
        if answer.status >= 400 {
            assert_eq!(answer.json()["requestId"], id, "{answer}");
            assert_eq!(answer.json()["status"], "fail", "{answer}");
        }
    }
}

#[test]
fn dates_are_current_and_json_is_called_so() {
    let world = World::shared();
    for answer in answers(&world) {
        let date = answer.header("date").unwrap_or_else(|| panic!("no date: {answer}"));
        assert!(date.ends_with(" GMT"), "{answer}");
        if !answer.body.is_empty() {
            let kind = answer.header("content-type").unwrap_or_default();
            assert!(kind.starts_with("application/json"), "{answer}");
        }
    }
}
