//! Bodies: their size, type, depth and form.

use serde_json::json;

use crate::kit::{Actor, Request, World};

/// Bytes of a body on a public route (CONTRACT.md, *Order of checks*).
const BODY_MAX: usize = 10_240;

/// A note whose JSON has exactly `bytes` bytes.
fn note_of(bytes: usize) -> Vec<u8> {
    let frame = r#"{"content":""}"#;
    let body = format!(r#"{{"content":"{}"}}"#, "c".repeat(bytes - frame.len()));
    assert_eq!(body.len(), bytes);
    body.into_bytes()
}

fn create(body: impl Into<Vec<u8>>) -> Request {
    Request::new("POST", "/api/notes").header("content-type", "application/json").body(body)
}

#[test]
fn a_body_of_10240_bytes_is_taken_and_one_byte_more_is_413() {
    let world = World::shared();
    let user = world.someone();
    user.send(create(note_of(BODY_MAX))).expect(201);
    user.send(create(note_of(BODY_MAX + 1))).fails(413, "request entity too large");
    user.send(create(note_of(1 << 20))).fails(413, "request entity too large");
}

#[test]
fn an_oversize_body_is_refused_on_every_route_that_reads_one_after_the_token() {
    let world = World::shared();
    let user = world.someone();
    let big = |method: &str, path: &str| {
        Request::new(method, path).header("content-type", "application/json").body(note_of(20_000))
    };
    for (method, path) in
        [("POST", "/api/auth/register"), ("POST", "/api/auth/login"), ("POST", "/api/auth/forgot-password")]
    {
        world.anon().send(big(method, path)).fails(413, "request entity too large");
    }
    for (method, path) in
        [("PATCH", "/api/users/update-me"), ("PATCH", "/api/auth/update-password"), ("POST", "/api/notes")]
    {
        world.anon().send(big(method, path)).fails(401, "Not authorized, no token");
        user.send(big(method, path)).fails(413, "request entity too large");
    }
}

#[test]
fn an_oversize_body_in_chunks_is_refused_too() {
    let world = World::shared();
    let user = world.someone();
    let mut chunks = Vec::new();
    for _ in 0..20 {
        chunks.extend_from_slice(b"3e8\r\n");
        chunks.extend_from_slice(&[b' '; 1000]);
        chunks.extend_from_slice(b"\r\n");
    }
    chunks.extend_from_slice(b"0\r\n\r\n");
    user.send(create(chunks).header("transfer-encoding", "chunked")).fails(413, "request entity too large");
    let small = create("13\r\n{\"content\":\"small\"}\r\n0\r\n\r\n");
    user.send(small.header("transfer-encoding", "chunked")).expect(201);
}

#[test]
fn a_body_that_only_announces_its_size_is_refused_without_being_sent() {
    let world = World::shared();
    let user = world.someone();
    let announced = Request::new("POST", "/api/notes")
        .header("content-type", "application/json")
        .header("content-length", "99999999")
        .body(note_of(BODY_MAX + 100));
    user.send(announced).fails(413, "request entity too large");
}

#[test]
fn a_client_that_sends_megabytes_before_it_reads_still_hears_what_is_wrong() {
    let world = World::shared();
    let user = world.someone();
    user.send(create(note_of(3_000_000))).fails(413, "request entity too large");
    world.anon().send(create(note_of(3_000_000))).fails(401, "Not authorized, no token");
}

#[test]
fn malformed_json_is_told_where_it_breaks() {
    let world = World::shared();
    let user = world.someone();
    for (body, place) in [
        ("{\"content\": \"a\",}", "line 1 column 17"),
        ("{\n \"content\": trux\n}", "line 2 column 16"),
        ("{\"content\"", "line 1 column 10"),
        ("nonsense", "line 1 column 1"),
        ("\"text\"", "line 1 column 1"),
        ("{} {}", "line 1 column 4"),
    ] {
        let answer = user.send(create(body)).expect(400);
        assert!(answer.message().contains(place), "{body}: {answer}");
    }
}

#[test]
fn json_may_nest_32_levels_and_no_deeper() {
    let world = World::shared();
    let user = world.someone();
    let nested = |levels: usize| {
        let inner = levels - 1;
        format!("{{\"content\":\"deep\",\"x\":{}{}}}", "[".repeat(inner), "]".repeat(inner))
    };
    user.send(create(nested(32))).expect(201);
    user.send(create(nested(33))).expect(400);
    user.send(create(nested(5_000))).expect(400);
}

#[test]
fn what_is_not_json_by_its_type_counts_as_no_body() {
    let world = World::shared();
    let user = world.someone();
    let message = "Invalid input: expected object, received undefined";
    let body = r#"{"content":"x"}"#;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""] {
        let request = Request::new("POST", "/api/notes").header("content-type", kind).body(body);
        user.send(request).fails(400, message);
    }
    user.send(Request::new("POST", "/api/notes").body(body)).fails(400, message);
    user.send(Request::new("POST", "/api/notes")).fails(400, message);
    for kind in ["application/json; charset=utf-8", "Application/JSON", "application/json;charset=\"UTF-8\""]
    {
        let request = Request::new("POST", "/api/notes").header("content-type", kind).body(body);
        user.send(request).expect(201);
    }
}

#[test]
fn odd_bodies_never_end_in_a_5xx() {
    let world = World::shared();
    let user = world.someone();
    let bodies: [&[u8]; 9] = [
        b"",
        b"\xff\xfe{\x00}\x00",
        b"{\"content\":\"\xff\xff\"}",
        b"{\"content\":\"\\ud800\"}",
        b"{\"content\":\"a\",\"content\":7}",
        b"{\"content\":1e999}",
        b"{\"__proto__\":{\"content\":\"x\"},\"constructor\":{\"prototype\":1}}",
        b"{\"content\":\"x\",\"tags\":{\"length\":3}}",
        b"{\"\\u0000\":1,\"content\":\"x\"}",
    ];
    for body in bodies {
        let answer = user.send(create(body));
        assert!(answer.status < 500, "{answer}");
    }
    everything_still_works(&user);
}

fn everything_still_works(user: &Actor) {
    user.note("After the storm.");
    user.patch("/api/users/update-me", &json!({"bio": "Fine."})).expect(200);
}
