//! Nobody reads one request in two ways: the accept loop's own reading of it against hyper's, and against what a service
//! behind the gateway is asked.
//!
//! In memory and in simulated time, so that requests that never end cost nothing.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use chassis::body::PUBLIC_MAX;
use chassis::head::{Chunks, Framing, Reader, Refusal};
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

use super::heads;
use super::tunnel::Tunnel;
use crate::kit::proof;

/// Room for everything that one side says at once.
const ROOM: usize = 1024 * 1024;

/// A request as somebody has read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) method: String,
    pub(super) target: String,
    /// Names in lower case, in their order within each name.
    pub(super) fields: BTreeMap<String, Vec<Vec<u8>>>,
    /// Bytes of the body, `None` when it does not end.
    pub(super) body: Option<Vec<u8>>,
}

/// What our reader passes on of `bytes`, and why it stops.
pub(super) fn ours(mut bytes: &[u8]) -> (Vec<Reading>, Option<Refusal>) {
    let mut readings = Vec::new();
    loop {
        let head = match Reader::default().read(bytes) {
            Ok(Some(head)) => head,
            Ok(None) => return (readings, None),
            Err(refusal) => return (readings, Some(refusal)),
        };
        let (text, rest) = bytes.split_at(head.length);
        let body = match head.framing {
            Framing::Length(length) => {
                let whole = usize::try_from(length).ok().filter(|length| *length <= rest.len());
                Ok(whole.map(|length| (rest[..length].to_vec(), length)))
            }
            Framing::Chunked => {
                let mut chunks = Chunks::default();
                let passed = chunks.pass(rest);
                passed.map(|passed| chunks.is_over().then(|| (joined(&rest[..passed]), passed)))
            }
        };
        let (body, length) =
            body.clone().ok().flatten().map_or((None, rest.len()), |(body, length)| (Some(body), length));
        readings.push(sliced(text, body.clone()));
        if body.is_none() {
            return (readings, None);
        }
        bytes = &rest[length..];
    }
}

/// A head that was found good, taken apart without any care.
fn sliced(head: &[u8], body: Option<Vec<u8>>) -> Reading {
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let first = lines.find(|line| !line.is_empty()).unwrap();
    let first = String::from_utf8(first.to_vec()).unwrap();
    let mut words = first.split(' ');
    let mut fields: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        let colon = line.iter().position(|byte| *byte == b':').unwrap();
        let name = String::from_utf8(line[..colon].to_ascii_lowercase()).unwrap();
        fields.entry(name).or_default().push(line[colon + 1..].trim_ascii().to_vec());
    }
    let (method, target) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
    Reading { method, target, fields, body }
}

/// The data of a good chunked body.
fn joined(mut body: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    loop {
        let end = body.iter().position(|byte| *byte == b'\r').unwrap();
        let length = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            return data;
        }
        data.extend_from_slice(&body[end + 2..end + 2 + length]);
        body = &body[end + 2 + length + 2..];
    }
}

/// What hyper alone makes of `bytes`, and how it answers.
async fn hypers(bytes: &[u8]) -> (Vec<Reading>, String) {
    let readings = Arc::new(Mutex::new(Vec::new()));
    let (mut client, server) = duplex(ROOM);
    client.write_all(bytes).await.unwrap();
    client.shutdown().await.unwrap();
    let service = service_fn(|request: Request<Incoming>| async {
        let reading = read(request).await;
        readings.lock().unwrap().push(reading);
        Ok::<_, Infallible>(http::Response::new(Full::<Bytes>::default()))
    });
    // Clients that end their side are answered, so that every request is read.
    let serving = http1::Builder::new()
        .half_close(true)
        .max_buf_size(chassis::head::BYTES_MAX)
        .serve_connection(TokioIo::new(server), service);
    let _ended = serving.await;
    let mut answers = String::new();
    client.read_to_string(&mut answers).await.unwrap();
    let readings = readings.lock().unwrap().clone();
    (readings, answers)
}

/// A request as hyper hands it over.
pub(super) async fn read(request: Request<Incoming>) -> Reading {
    let (parts, body) = request.into_parts();
    let mut fields: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for (name, value) in &parts.headers {
        fields.entry(name.to_string()).or_default().push(value.as_bytes().to_vec());
    }
    let body = body.collect().await.ok().map(|body| body.to_bytes().to_vec());
    Reading { method: parts.method.to_string(), target: parts.uri.to_string(), fields, body }
}

/// Whether the connection ends with a request: hyper then reads none behind it.
fn closes(reading: &Reading, bytes: &[u8]) -> bool {
    let says = |wanted: &str| {
        let said = reading.fields.get("connection").into_iter().flatten();
        said.flat_map(|value| value.split(|byte| *byte == b','))
            .any(|option| option.trim_ascii().eq_ignore_ascii_case(wanted.as_bytes()))
    };
    says("close") || (bytes.windows(8).any(|version| version == b"HTTP/1.0"))
}

#[test]
fn what_is_passed_on_is_read_by_hyper_as_it_was_read_before() {
    let cases = proof::size(5_000, 100_000);
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let (mut passed, mut refused) = (0, BTreeMap::<String, u32>::new());
    for case in 0..cases {
        let bytes = heads::connection(&mut rng);
        let mut requests = chassis::head::Requests::default();
        let verdict = requests.pass(&bytes);
        let (expected, refusal) = ours(&bytes);
        assert_eq!(requests.count(), expected.len() as u64, "case {case}: {}", bytes.escape_ascii());
        if verdict.refusal != Some(Refusal::Chunk) {
            assert_eq!(verdict.refusal, refusal, "case {case}: {}", bytes.escape_ascii());
        }
        let (found, answers) = runtime.block_on(hypers(&bytes[..verdict.bytes]));
        for (mine, theirs) in expected.iter().zip(&found) {
            let body_is_cut = verdict.refusal == Some(Refusal::Chunk);
            let theirs = Reading {
                body: if body_is_cut && mine.body.is_none() { None } else { theirs.body.clone() },
                ..theirs.clone()
            };
            assert_eq!(*mine, theirs, "case {case}: {}", bytes.escape_ascii());
        }
        let ends_early = expected.iter().any(|reading| closes(reading, &bytes));
        assert!(
            found.len() == expected.len() || (ends_early && found.len() < expected.len()),
            "case {case}: {found:?} {}",
            bytes.escape_ascii()
        );
        assert!(
            !answers.contains("HTTP/1.1 4") && !answers.contains("HTTP/1.1 5"),
            "case {case}: {answers} {}",
            bytes.escape_ascii()
        );
        passed += found.len();
        if let Some(refusal) = verdict.refusal {
            *refused.entry(format!("{refusal:?}")).or_default() += 1;
        }
    }
    assert!(passed > cases as usize / 10 && refused.len() > 10, "{passed} passed, {refused:?}");
    println!(
        "{cases} connections, {passed} requests read alike by hyper, 0 disagreements; refused: {refused:?}"
    );
}

#[test]
fn what_passes_the_gateway_is_what_a_service_is_asked() {
    let cases = proof::size(2_000, 100_000);
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let (mut asked, mut refused) = (0, 0);
    runtime.block_on(async {
        let tunnel = Tunnel::open();
        for case in 0..cases {
            let bytes = heads::connection(&mut rng);
            let (expected, refusal) = ours(&bytes);
            let (statuses, seen) = tunnel.say(&bytes).await;
            let what = || format!("case {case}: {statuses:?} {seen:?} {}", bytes.escape_ascii());
            // One answer for each request, one for what is refused behind them, and one for a head that never ends.
            assert!(statuses.len() <= expected.len() + 1, "{}", what());
            assert!(statuses.iter().all(|status| (200..500).contains(status)), "{}", what());
            let is_refused = statuses.len() > expected.len();
            assert!(!is_refused || matches!(statuses.last(), Some(400 | 408 | 417 | 431)), "{}", what());
            assert!(
                refusal.is_none() || is_refused || expected.iter().any(|reading| may_end(reading, &bytes)),
                "{}",
                what()
            );
            // What the service was asked are requests of the client, each once and in their order.
            let mut forwarded = expected.iter();
            for reading in &seen {
                assert!(forwarded.any(|mine| is_forwarded(mine, reading)), "{}", what());
            }
            asked += seen.len();
            refused += usize::from(is_refused);
        }
    });
    assert!(asked > cases as usize / 10 && refused > cases as usize / 10, "{asked} asked, {refused} refused");
    println!("{cases} connections, {asked} requests at a service, {refused} refused, 0 disagreements");
}

/// Whether a service was `asked` what the client said in `mine`.
fn is_forwarded(mine: &Reading, asked: &Reading) -> bool {
    // HEAD is asked as GET, and where no body belongs none goes on. One that is announced as too large goes on as one
    // byte too many, whatever comes of it.
    let method = mine.method.replace("HEAD", "GET");
    let is_empty = matches!(&*method, "GET" | "DELETE") && asked.body.as_ref().is_some_and(Vec::is_empty);
    let is_oversize = asked.body.as_ref().is_some_and(|body| body.len() == PUBLIC_MAX + 1);
    method == asked.method.replace("HEAD", "GET")
        && mine.target.strip_prefix("/api") == Some(&asked.target)
        && (is_empty || is_oversize || mine.body == asked.body)
}

/// Whether a connection may end with a request: it says so, or its body is not read to the end.
fn may_end(reading: &Reading, bytes: &[u8]) -> bool {
    let has_body =
        ["content-length", "transfer-encoding"].iter().any(|name| reading.fields.contains_key(*name));
    closes(reading, bytes) || reading.body.is_none() || has_body
}
