//! `/internal` cannot be reached through the gateway, however its path is spelt.
//!
//! Proven by effect: each attempt carries the very credential and body that would delete the victim's account, and the
//! victim still logs in, reads the profile and a note.

use serde_json::json;

use crate::kit::actor::PASSWORD;
use crate::kit::http::exchange;
use crate::kit::{Actor, Request, Setup, World};

/// Ways to write "up one, then internal", and what servers have mistaken for it.
const CLIMBS: [&str; 29] = [
    "internal",
    "../internal",
    "./../internal",
    "x/../../internal",
    "..//internal",
    "/internal",
    "//internal",
    "%2e%2e/internal",
    "%2e./internal",
    ".%2E/internal",
    "..%2finternal",
    "..%2Finternal",
    "%2e%2e%2finternal",
    "%252e%252e/internal",
    "..%252finternal",
    "%25252e%25252e%25252finternal",
    "..;/internal",
    "..;x=y/internal",
    ";/../internal",
    "..\\internal",
    "..%5cinternal",
    "..%255cinternal",
    "%c0%ae%c0%ae/internal",
    "%ef%bc%8e%ef%bc%8e/internal",
    "..%00/internal",
    "..%0d%0a/internal",
    "..?/internal",
    "#/../internal",
    "%69nternal",
];

/// What comes before a climb.
const BASES: [&str; 8] =
    ["/", "/api/", "/api/auth/", "/api/users/", "/api/notes/", "//api/auth/", "/api//auth/", "/api/auth%2f"];

/// Headers by which a client asks some servers for another path, host or method.
const OVERRIDES: [(&str, &str); 22] = [
    ("x-original-url", "/internal"),
    ("x-rewrite-url", "/internal"),
    ("x-forwarded-prefix", "/internal"),
    ("x-forwarded-path", "/internal"),
    ("x-forwarded-uri", "/internal"),
    ("x-forwarded-host", "auth.internal"),
    ("x-http-method-override", "PUT"),
    ("x-http-method", "PUT"),
    ("x-method-override", "PUT"),
    ("x-host", "auth.internal"),
    ("x-forwarded-for", "127.0.0.1"),
    ("x-real-ip", "127.0.0.1"),
    ("x-user-id", "aaaaaaaaaaaaaaaaaaaaaaaa"),
    ("x-user-role", "admin"),
    ("x-internal-request", "true"),
    ("via", "1.1 gateway"),
    ("referer", "http://127.0.0.1/internal"),
    ("forwarded", "for=127.0.0.1;host=auth.internal;proto=http"),
    ("x-satchel-internal", "1"),
    ("connection", "authorization, host"),
    ("upgrade", "h2c"),
    ("te", "trailers"),
];

/// Somebody whose account the attempts are about.
struct Victim {
    actor: Actor,
    id: String,
    note: String,
}

impl Victim {
    fn new(world: &World) -> Self {
        let actor = world.someone();
        Self { id: actor.id(), note: actor.note("Still here."), actor }
    }

    fn is_well(&self, after: &str) {
        let login = self.actor.try_log_in(PASSWORD);
        assert_eq!(login.status, 200, "after {after}: {login}");
        for target in ["/api/users/me".to_owned(), format!("/api/notes/{}", self.note)] {
            let answer = self.actor.get(&target);
            assert_eq!(answer.status, 200, "after {after}: {answer}");
        }
    }

    fn path(&self, internal: &str) -> String {
        format!("{internal}/accounts/{}/standing", self.id)
    }
}

/// The call that deletes an account if `target` leads to it at the service `at`, credential included.
fn deletion(world: &World, at: &str, target: &str) -> Request {
    let standing = json!({"generation": 9, "rung": "deleted", "epoch": 9});
    let credential = world.credential("user", at);
    Request::new("PUT", target).header("authorization", credential).json(&standing)
}

#[test]
fn no_spelling_of_a_path_leads_to_an_internal_route() {
    let world = World::start(&Setup::ci());
    let victim = Victim::new(&world);
    for base in BASES {
        for climb in CLIMBS {
            let target = victim.path(&format!("{base}{climb}"));
            for callee in ["auth", "user", "notes"] {
                refused(&world, &deletion(&world, callee, &target));
            }
        }
        victim.is_well(base);
    }
}

#[test]
fn the_same_call_at_a_service_itself_does_delete() {
    let world = World::start(&Setup::ci());
    let victim = Victim::new(&world);
    let call = deletion(&world, "auth", &victim.path("/internal"));
    Actor::anon(world.doors().auth).send(call).expect(200);
    victim.actor.try_log_in(PASSWORD).fails(401, "Invalid email or password");
}

#[test]
fn no_absolute_target_and_no_host_leads_to_an_internal_route() {
    let world = World::start(&Setup::ci());
    let victim = Victim::new(&world);
    for (callee, door) in [("auth", world.auth()), ("user", world.user()), ("notes", world.notes())] {
        let authority = door.trim_start_matches("http://");
        let absolute = [door.as_str(), &world.gateway(), "http://user@127.0.0.1", "https://localhost"];
        for prefix in absolute {
            refused(&world, &deletion(&world, callee, &victim.path(&format!("{prefix}/internal"))));
        }
        for target in ["/internal", "/api/internal", "/api/auth/../internal"] {
            let call = deletion(&world, callee, &victim.path(target));
            refused(&world, &call.header("host", authority));
        }
        refused(&world, &Request::new("CONNECT", authority).header("host", authority));
        victim.is_well(callee);
    }
}

#[test]
fn no_header_and_no_method_leads_to_an_internal_route() {
    let world = World::start(&Setup::ci());
    let victim = Victim::new(&world);
    for (name, value) in OVERRIDES {
        let value = if value == "/internal" { victim.path(value) } else { value.to_owned() };
        for base in ["/api/auth/login", "/api/users/me", "/api/notes", "/health", "/internal"] {
            refused(&world, &deletion(&world, "auth", base).header(name, &value));
        }
        victim.is_well(name);
    }
    for method in ["GET", "HEAD", "POST", "PATCH", "DELETE", "TRACE", "PROPFIND", "put"] {
        let mut call = deletion(&world, "auth", &victim.path("/api/auth/../internal"));
        method.clone_into(&mut call.method);
        refused(&world, &call);
    }
    victim.is_well("odd methods");
}

/// Ways to hide a request in the body of another one: what comes before it, and what after.
const COVERS: [(&str, &str); 9] = [
    ("content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", ""),
    ("transfer-encoding: chunked\r\ncontent-length: 0\r\n\r\n", ""),
    ("content-length: 0\r\ncontent-length: 400\r\n\r\n", ""),
    ("content-length : 0\r\n\r\n", ""),
    ("content_length: 0\r\n\r\n", ""),
    ("transfer-encoding:\u{b}chunked\r\n\r\n0\r\n\r\n", ""),
    ("transfer-encoding: chunked\r\n\r\n0;\n\r\n\r\n", ""),
    ("transfer-encoding: chunked\r\n\r\n3e8\r\n", "\r\n0\r\n\r\n"),
    ("upgrade: h2c\r\nconnection: upgrade\r\n\r\n", ""),
];

#[test]
fn no_request_in_the_body_of_another_reaches_an_internal_route() {
    let world = World::start(&Setup::ci());
    let victim = Victim::new(&world);
    let door = world.doors().gateway;
    for (before, after) in COVERS {
        for target in ["/internal", "/api/auth/../internal"] {
            let hidden = deletion(&world, "auth", &victim.path(target)).render("auth.internal");
            let hidden = String::from_utf8(hidden).unwrap();
            for cover in ["POST /api/auth/login", "GET /api/users/me", "DELETE /api/notes/x", "GET /health"] {
                let last = "GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
                let bytes = format!("{cover} HTTP/1.1\r\nhost: a\r\n{before}{hidden}{after}{last}");
                exchange(door, bytes.as_bytes(), false).unwrap();
            }
        }
        victim.is_well(before);
    }
}

#[test]
fn no_token_of_a_person_opens_an_internal_route() {
    let world = World::start(&Setup::ci());
    let victim = Victim::new(&world);
    let tokens = [victim.actor.token.clone(), world.someone().token, world.admin().token];
    for token in tokens.map(Option::unwrap) {
        for door in [world.doors().auth, world.doors().user, world.doors().notes] {
            let standing = json!({"generation": 9, "rung": "deleted", "epoch": 9});
            let call = Request::new("PUT", victim.path("/internal")).bearer(&token).json(&standing);
            Actor::anon(door).send(call).fails(401, "Service credentials are required");
        }
    }
    victim.is_well("tokens of people");
}

/// The gateway answers, and what it answers is a refusal.
fn refused(world: &World, call: &Request) {
    let answer = call.send(world.doors().gateway);
    assert!((400..500).contains(&answer.status), "{answer}");
}
