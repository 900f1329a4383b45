//! Requests that two programs could read in two ways: one answer in the envelope, then the end of the connection.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::kit::{Request, Setup, World};

/// Above every deadline but those of slow clients.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// What follows each of them: it must not be answered.
const BEHIND: &str = "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// A head and what comes with it, and the status that it gets.
const ODD: [(&str, &str, u16); 40] = [
    (
        "two framings",
        "POST /api/auth/login HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "two framings, the other first",
        "POST /api/auth/login HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "two lengths",
        "POST /api/auth/login HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}x",
        400,
    ),
    (
        "one length twice",
        "POST /api/auth/login HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\n{}",
        400,
    ),
    ("a list of lengths", "POST /api/auth/login HTTP/1.1\r\nhost: a\r\ncontent-length: 2, 2\r\n\r\n{}", 400),
    ("a signed length", "POST /api/auth/login HTTP/1.1\r\nhost: a\r\ncontent-length: +2\r\n\r\n{}", 400),
    ("a negative length", "POST /api/auth/login HTTP/1.1\r\nhost: a\r\ncontent-length: -2\r\n\r\n{}", 400),
    (
        "a hexadecimal length",
        "POST /api/auth/login HTTP/1.1\r\nhost: a\r\ncontent-length: 0x2\r\n\r\n{}",
        400,
    ),
    (
        "an endless length",
        "POST /api/auth/login HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999999999999\r\n\r\n{}",
        400,
    ),
    ("an empty length", "POST /api/auth/login HTTP/1.1\r\nhost: a\r\ncontent-length:\r\n\r\n{}", 400),
    (
        "an unknown coding",
        "POST /api/auth/login HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n{}",
        400,
    ),
    (
        "a coding before chunked",
        "POST /api/auth/login HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "a coding behind chunked",
        "POST /api/auth/login HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "chunked twice",
        "POST /api/auth/login HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "a blank that is none",
        "POST /api/auth/login HTTP/1.1\r\nhost: a\r\ntransfer-encoding:\u{b}chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "chunks in HTTP/1.0",
        "POST /api/auth/login HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "a chunk without a size",
        "POST /api/auth/login HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n\r\n",
        400,
    ),
    (
        "a chunk longer than it says",
        "POST /api/auth/login HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
        400,
    ),
    (
        "a chunk with an extension",
        "POST /api/auth/login HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\n\r\n",
        400,
    ),
    (
        "a chunk of an endless size",
        "POST /api/auth/login HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n10000000000000002\r\n{}\r\n0\r\n\r\n",
        400,
    ),
    (
        "chunks with bare line feeds",
        "POST /api/auth/login HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\n{}\n0\n\n",
        400,
    ),
    (
        "a blank before the colon",
        "POST /api/auth/login HTTP/1.1\r\nhost: a\r\ncontent-length : 2\r\n\r\n{}",
        400,
    ),
    ("an underscore", "POST /api/auth/login HTTP/1.1\r\nhost: a\r\ncontent_length: 2\r\n\r\n{}", 400),
    ("a folded field", "GET /health HTTP/1.1\r\nhost: a\r\nx: a\r\n b\r\n\r\n", 400),
    ("a folded first field", "GET /health HTTP/1.1\r\n host: a\r\n\r\n", 400),
    ("a field without a colon", "GET /health HTTP/1.1\r\nhost: a\r\nx\r\n\r\n", 400),
    ("a NUL in a name", "GET /health HTTP/1.1\r\nhost: a\r\nx\0: a\r\n\r\n", 400),
    ("a NUL in a value", "GET /health HTTP/1.1\r\nhost: a\r\nx: a\0b\r\n\r\n", 400),
    ("a bare carriage return", "GET /health HTTP/1.1\r\nhost: a\r\nx: a\rhost: b\r\n\r\n", 400),
    ("bare line feeds", "GET /health HTTP/1.1\nhost: a\n\n", 400),
    ("no host", "GET /health HTTP/1.1\r\n\r\n", 400),
    ("two hosts", "GET /health HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n", 400),
    ("a list of hosts", "GET /health HTTP/1.1\r\nhost: a, b\r\n\r\n", 400),
    ("an absolute target", "GET http://localhost/health HTTP/1.1\r\nhost: localhost\r\n\r\n", 400),
    ("a target of an authority", "CONNECT localhost:443 HTTP/1.1\r\nhost: localhost\r\n\r\n", 400),
    ("a fragment", "GET /health#x HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    ("two blanks", "GET  /health HTTP/1.1\r\nhost: a\r\n\r\n", 400),
    ("another version", "GET /health HTTP/2.0\r\nhost: a\r\n\r\n", 400),
    ("another protocol", "\u{16}\u{3}\u{1}\0\u{5}hello\r\n\r\n", 400),
    (
        "an expectation",
        "POST /api/auth/login HTTP/1.1\r\nhost: a\r\nexpect: gold\r\ncontent-length: 2\r\n\r\n{}",
        417,
    ),
];

/// Says `bytes` and listens to the end of the connection.
pub(super) fn heard(door: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(door).unwrap();
    stream.set_read_timeout(Some(ANSWER_MAX)).unwrap();
    stream.write_all(bytes).unwrap();
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).unwrap();
    String::from_utf8(heard).unwrap()
}

/// The statuses of the answers in `heard`.
pub(super) fn statuses(heard: &str) -> Vec<&str> {
    // A message may name the version too.
    let answers = heard.split("HTTP/1.1 ").skip(1).filter(|answer| answer.starts_with(char::is_numeric));
    answers.map(|answer| &answer[..3]).collect()
}

/// Demands one answer of ours, after which the connection ends.
fn refused(heard: &str, status: u16, what: &str) {
    assert_eq!(statuses(heard), [status.to_string()], "{what}: {heard}");
    for part in [
        "connection: close\r\n",
        "x-request-id: ",
        "date: ",
        "x-content-type-options: nosniff\r\n",
        "{\"status\":\"fail\"",
    ] {
        assert!(heard.contains(part), "{what}: no {part} in {heard}");
    }
}

#[test]
fn an_odd_request_gets_one_refusal_and_nothing_behind_it_is_read() {
    let world = World::shared();
    let doors = world.doors();
    for (what, odd, status) in ODD {
        for door in [doors.gateway, doors.auth, doors.user, doors.notes] {
            // The services know other paths than the gateway.
            let odd = if door == doors.gateway {
                odd.to_owned()
            } else {
                odd.replace("/api/auth/login", "/auth/login")
            };
            let heard = heard(door, format!("{odd}{BEHIND}").as_bytes());
            if what.contains("chunk") && door != doors.gateway && statuses(&heard) == ["404"] {
                continue;
            }
            refused(&heard, status, what);
        }
    }
}

#[test]
fn a_head_of_more_than_100_fields_or_32_kib_gets_431() {
    let world = World::shared();
    let door = world.doors().gateway;
    for fields in ["x: y\r\n".repeat(100), format!("x: {}\r\n", "y".repeat(33 * 1024))] {
        let head = format!("GET /health HTTP/1.1\r\nhost: a\r\n{fields}\r\n");
        refused(&heard(door, head.as_bytes()), 431, "a head");
    }
    let head =
        format!("GET /health HTTP/1.1\r\nhost: a\r\nx: {}\r\nconnection: close\r\n\r\n", "y".repeat(32_000));
    assert_eq!(statuses(&heard(door, head.as_bytes())), ["200"]);
}

#[test]
fn requests_sent_ahead_are_answered_in_their_order_and_each_once() {
    let world = World::start(&Setup::ci());
    let user = world.someone();
    let token = user.token.as_deref().unwrap();
    let note = |title: &str| {
        let body = serde_json::json!({"title": title, "content": "GET /health HTTP/1.1\r\nhost: a\r\n\r\n"});
        Request::new("POST", "/api/notes").bearer(token).json(&body).render("localhost")
    };
    let chunked = format!(
        "POST /api/notes HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
        transfer-encoding: chunked\r\n\r\n10\r\n{{\"title\":\"third\"\r\nf\r\n,\"content\":\"x\"}}\r\n0\r\n\r\n"
    );
    let mut bytes = [note("first"), b"\r\n".to_vec(), note("second"), chunked.into_bytes()].concat();
    bytes.extend_from_slice(b"GET /api/notes HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n");
    bytes.extend_from_slice(&note("never"));
    let heard = heard(world.doors().gateway, &bytes);
    assert_eq!(statuses(&heard), ["201", "201", "201", "400"], "{heard}");
    let titles: Vec<usize> =
        ["first", "second", "third"].iter().map(|title| heard.find(title).unwrap()).collect();
    assert!(titles.is_sorted(), "{heard}");
    assert_eq!(user.get("/api/notes").json()["results"], 3);
}

#[test]
fn an_upgrade_is_passed_over() {
    let world = World::shared();
    let door = world.doors().gateway;
    for protocol in ["h2c", "websocket", "TLS/1.0"] {
        let head = format!(
            "GET /health HTTP/1.1\r\nhost: a\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: {protocol}\r\n\
            http2-settings: AAMAAABk\r\n\r\nGET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
        );
        assert_eq!(statuses(&heard(door, head.as_bytes())), ["200", "200"], "{protocol}");
    }
}
