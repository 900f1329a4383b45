//! Requests that are nearly good: generated good ones, most of them spoilt a little.
//!
//! What is good is not decided here.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

const METHODS: [&str; 10] =
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE", "get"];
const TARGETS: [&str; 12] = [
    "/api/notes/x",
    "/api/notes?search=%20a&page=1",
    "/api/auth/login",
    "/api/users/me",
    "/health",
    "*",
    "/api/notes/ü",
    "/api/notes/{\"$gt\":1}",
    "http://127.0.0.1/api/notes",
    "/api/../internal/x",
    "/a#b",
    "//api/notes",
];
const VERSIONS: [&str; 6] = ["HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "http/1.1", "HTTP/1.2", "HTTP/1.1 "];
/// Fields that a request may have, and those that make two readers disagree.
const FIELDS: [&str; 40] = [
    "Accept: */*",
    "User-Agent: curl/8.5.0",
    "Authorization: Bearer x.y.z",
    "Content-Type: application/json",
    "If-None-Match: W/\"abc\"",
    "Cookie: a=b; c=d",
    "X-Empty:",
    "X-Tab:\ta\tb\t",
    "X-Latin: caf\u{e9}",
    "Connection: close",
    "Connection: keep-alive",
    "Connection: upgrade, host",
    "Upgrade: h2c",
    "Expect: 100-continue",
    "Expect: 200-ok",
    "Host: b",
    "Host:",
    "Host: a, b",
    "Content-Length: 0",
    "Content-Length: 3",
    "Content-Length: 3, 3",
    "Content-Length: +3",
    "Content-Length: 03",
    "Content-Length: -1",
    "Content-Length: 18446744073709551616",
    "Content-Length : 3",
    "content_length: 3",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: Chunked",
    "Transfer-Encoding:\u{b}chunked",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding: x",
    "Transfer_Encoding: chunked",
    " folded: on",
    "\tfolded",
    "No-Colon",
    "X-Nul: a\0b",
    "X-Cr: a\rb",
    "X-Long: 0123456789012345678901234567890123456789012345678901234567890123456789",
];
const BODIES: [&str; 6] = ["{}", "abc", "", "{\"content\":\"x\"}", "GET /health HTTP/1.1\r\n\r\n", "\0\r\n"];
const CHUNKED: [&str; 9] = [
    "0\r\n\r\n",
    "2\r\n{}\r\n0\r\n\r\n",
    "1\r\n{\r\n1\r\n}\r\n0\r\nX-Sum: 1\r\n\r\n",
    "02\r\n{}\r\n00\r\n\r\n",
    "2;a=b\r\n{}\r\n0\r\n\r\n",
    "2\n{}\n0\n\n",
    "2\r\n{}0\r\n\r\n",
    "fffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    "0\r\nContent-Length: 5\r\n\r\n",
];
/// Bytes that mean something in a head.
const MARKS: &[u8] = b"\r\n\t :;,/%\0\x7f_#?*0a\x80\xff";

/// One connection's worth of requests, one to three.
pub(super) fn connection(rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..rng.random_range(1..=3)).flat_map(|_| request(rng)).collect();
    for _ in 0..rng.random_range(0..4_u32).saturating_sub(1) {
        spoil(rng, &mut bytes);
    }
    bytes
}

/// One of `these`.
fn pick<'a>(rng: &mut ChaCha8Rng, these: &[&'a str]) -> &'a str {
    these[rng.random_range(0..these.len())]
}

/// The first of `these` most of the time.
fn mostly<'a>(rng: &mut ChaCha8Rng, these: &[&'a str]) -> &'a str {
    if rng.random_bool(0.9) { these[0] } else { pick(rng, these) }
}

fn request(rng: &mut ChaCha8Rng) -> Vec<u8> {
    let (method, target) = (pick(rng, &METHODS[..6]), pick(rng, &TARGETS[..5]));
    let (method, target) =
        (mostly(rng, &[&[method], &METHODS[..]].concat()), mostly(rng, &[&[target], &TARGETS[..]].concat()));
    let mut head = vec![format!("{method} {target} {}", mostly(rng, &VERSIONS))];
    if rng.random_bool(0.95) {
        head.push("Host: localhost".to_owned());
    }
    let body = if rng.random_bool(0.5) { framed(rng, &mut head) } else { "" };
    for _ in 0..rng.random_range(0..4) {
        // The first fifteen are good ones.
        let known = if rng.random_bool(0.85) { &FIELDS[..14] } else { &FIELDS[..] };
        let at = rng.random_range(1..=head.len());
        head.insert(at, pick(rng, known).to_owned());
    }
    format!("{}\r\n\r\n{body}", head.join("\r\n")).into_bytes()
}

/// A body whose framing is said in `head`.
fn framed(rng: &mut ChaCha8Rng, head: &mut Vec<String>) -> &'static str {
    if rng.random_bool(0.4) {
        head.push("Transfer-Encoding: chunked".to_owned());
        return if rng.random_bool(0.7) { pick(rng, &CHUNKED[..4]) } else { pick(rng, &CHUNKED) };
    }
    let body = pick(rng, &BODIES);
    head.push(format!("Content-Length: {}", body.len()));
    body
}

fn spoil(rng: &mut ChaCha8Rng, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    let at = rng.random_range(0..bytes.len());
    let mark = MARKS[rng.random_range(0..MARKS.len())];
    match rng.random_range(0..5) {
        0 => bytes[at] = mark,
        1 => bytes.insert(at, mark),
        2 => drop(bytes.remove(at)),
        3 => bytes.truncate(at),
        _ => {
            let line =
                bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| at + end + 1);
            let copy = bytes[at..line].to_vec();
            bytes.splice(at..at, copy);
        }
    }
}
