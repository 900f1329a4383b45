//! Connections as clients meet them, over streams in memory and in simulated time.

use std::collections::VecDeque;

use axum::Router;
use axum::routing::{get, post};
use http::{HeaderValue, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;
use crate::clock::{Clock, Timestamp};
use crate::connect::IDLE_FOR;
use crate::entropy::Entropy;
use crate::shutdown::Trigger;
use crate::{body, edge, shutdown, task};

/// Longer than any deadline.
const EVER: Duration = Duration::from_hours(1);
/// A chunk of [`large`].
const LARGE: usize = 64 * 1024;

fn answers() -> Edge {
    let routes = Router::new()
        .route("/now", get(|| async { "now" }))
        .route("/late", get(|| pass(Duration::from_mins(5))))
        .route("/large", get(|| async { vec![b'x'; 64 * LARGE] }))
        .route("/length", post(length));
    let config = edge::Config {
        clock: Clock::frozen(Timestamp::from_millis(0)),
        request_ids: Entropy::seeded(1).stream("test", "request id"),
        client_url: HeaderValue::from_static("http://localhost:5173"),
    };
    Edge::around(routes, config)
}

async fn length(request: Request) -> Result<String, Failure> {
    let (parts, body) = request.into_parts();
    Ok(body::read(body, &parts.headers, 1 << 20).await?.len().to_string())
}

/// Lets simulated time pass.
async fn pass(time: Duration) {
    let _over = timeout(time, std::future::pending::<()>()).await;
}

/// A client's end of a connection, and the task at the other end.
struct Client {
    stream: DuplexStream,
    serving: JoinHandle<()>,
    since: Instant,
    trigger: Trigger,
}

impl Client {
    fn connected() -> Self {
        let (stream, theirs) = duplex(LARGE);
        let (trigger, shutdown) = shutdown::channel();
        let serving = task::spawn("test", connection::hold(theirs, address(), answers(), shutdown));
        Self { stream, serving, since: Instant::now(), trigger }
    }

    async fn says(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// Says `text` byte by byte with a rest before each, for as long as it is listened to.
    async fn drips(&mut self, text: &str, rest: Duration) {
        for byte in text.bytes() {
            pass(rest).await;
            if self.serving.is_finished() || self.stream.write_all(&[byte]).await.is_err() {
                return;
            }
        }
    }

    /// What came by the end of the connection, and how many seconds after its beginning that was.
    async fn end(mut self) -> (String, u64) {
        let mut heard = Vec::new();
        timeout(EVER, self.stream.read_to_end(&mut heard)).await.unwrap().unwrap();
        (String::from_utf8(heard).unwrap(), self.since.elapsed().as_secs())
    }

    /// Takes some bytes of an answer each second, until all but one buffer of `length` are taken or no more come; gives
    /// how many were left, and how long it took.
    async fn takes(&mut self, length: usize, a_second: usize) -> (usize, Duration) {
        let (mut left, mut piece) = (length, vec![0; a_second]);
        while left > LARGE {
            pass(Duration::from_secs(1)).await;
            match self.stream.read(&mut piece).await.unwrap() {
                0 => break,
                taken => left -= taken,
            }
        }
        (left, self.since.elapsed())
    }

    /// What came by now.
    async fn heard(&mut self) -> String {
        let mut piece = vec![0; LARGE];
        let read = timeout(Duration::from_millis(1), self.stream.read(&mut piece)).await;
        let length = read.map_or(0, Result::unwrap);
        String::from_utf8(piece[..length].to_vec()).unwrap()
    }
}

fn address() -> SocketAddr {
    "192.0.2.1:4711".parse().unwrap()
}

fn request(line: &str, rest: &str) -> String {
    format!("{line} HTTP/1.1\r\nhost: a\r\n{rest}\r\n")
}

fn statuses(heard: &str) -> Vec<&str> {
    // A message may name the version too.
    let answers = heard.split("HTTP/1.1 ").skip(1).filter(|answer| answer.starts_with(char::is_numeric));
    answers.filter_map(|answer| answer.get(..3)).collect()
}

#[test]
fn our_clients_close_idle_connections_long_before_our_listeners_do() {
    assert!(IDLE_FOR * 2 <= IDLE_MAX, "{IDLE_FOR:?} and {IDLE_MAX:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_says_nothing_is_closed_after_10_s() {
    assert_eq!(Client::connected().end().await, (String::new(), 10));
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_is_answered_408_after_10_s() {
    let mut client = Client::connected();
    client.drips("GET /now HTTP/1.1\r\n", Duration::from_secs(1)).await;
    let (heard, seconds) = client.end().await;
    assert_eq!(statuses(&heard), ["408"], "{heard}");
    // The first byte came after a second; the client looks for the end once a second, and is heard out for another.
    assert!((11..=13).contains(&seconds), "{seconds}");
    assert!(heard.contains("connection: close\r\n") && heard.contains("\"status\":\"fail\""), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_may_idle_for_60_s_after_an_answer_and_no_longer() {
    let mut client = Client::connected();
    for wait in [0, 59, 59] {
        pass(Duration::from_secs(wait)).await;
        client.says(&request("GET /now", "")).await;
        assert!(client.heard().await.ends_with("\r\n\r\nnow"));
    }
    assert_eq!(client.end().await, (String::new(), 59 + 59 + 60));
}

#[tokio::test(start_paused = true)]
async fn an_empty_line_after_a_request_begins_no_other() {
    let mut client = Client::connected();
    client.says(&(request("GET /now", "") + "\r\n")).await;
    let (heard, seconds) = client.end().await;
    assert_eq!((statuses(&heard), seconds), (vec!["200"], 60), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_takes_long_to_make_is_waited_for() {
    let mut client = Client::connected();
    client.says(&request("GET /late", "connection: close\r\n")).await;
    let (heard, seconds) = client.end().await;
    assert_eq!((statuses(&heard), seconds), (vec!["200"], 300), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn a_body_below_1_kib_a_second_is_answered_408() {
    let mut client = Client::connected();
    client.says(&request("POST /length", "content-length: 9999\r\n")).await;
    client.drips(&"x".repeat(9999), Duration::from_millis(10)).await;
    let (heard, seconds) = client.end().await;
    assert_eq!(statuses(&heard), ["408"], "{heard}");
    assert!(
        heard.contains("The request body took too long") && heard.contains("connection: close"),
        "{heard}"
    );
    assert!((10..13).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn a_body_at_its_pace_is_read_and_a_long_one_for_30_s() {
    for (length, expected) in [(20_000, "200"), (200_000, "408")] {
        let mut client = Client::connected();
        client.says(&request("POST /length", &format!("content-length: {length}\r\n"))).await;
        for _ in 0..length / 1000 {
            client.drips("x", Duration::from_millis(500)).await;
            let _cut = client.stream.write_all(&[b'x'; 999]).await;
        }
        let heard = client.heard().await;
        assert_eq!(statuses(&heard), [expected], "{heard}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_of_its_answer_is_cut_after_30_s() {
    let mut client = Client::connected();
    client.says(&request("GET /large", "")).await;
    timeout(EVER, &mut client.serving).await.unwrap().unwrap();
    assert!((30..34).contains(&client.since.elapsed().as_secs()), "{:?}", client.since.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_its_answer_slowly_gets_all_of_it() {
    let mut client = Client::connected();
    client.says(&request("GET /large", "")).await;
    let (left, _) = client.takes(64 * LARGE, 24 * 1024).await;
    let idles_from = Instant::now();
    let (rest, _) = client.end().await;
    assert!(rest.len() > left, "the head came on top");
    assert!((60..71).contains(&idles_from.elapsed().as_secs()), "{:?}", idles_from.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_its_answer_below_16_kib_a_second_is_cut() {
    let mut client = Client::connected();
    client.says(&request("GET /large", "")).await;
    let (left, took) = client.takes(64 * LARGE, 8 * 1024).await;
    assert!(left > 32 * LARGE, "{left} bytes were left");
    assert!((30..90).contains(&took.as_secs()), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refused_request_is_answered_once_and_nothing_behind_it() {
    for (bad, status) in [
        ("GET /now HTTP/1.1\r\n\r\n", "400"),
        (
            "POST /length HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n",
            "400",
        ),
        ("GET /now HTTP/1.1\r\nhost: a\r\nexpect: gold\r\n\r\n", "417"),
    ] {
        let mut client = Client::connected();
        client.says(&[bad, &request("GET /now", "")].concat()).await;
        let (heard, seconds) = client.end().await;
        assert_eq!((statuses(&heard), seconds), (vec![status], 0), "{heard}");
        for part in
            ["connection: close\r\n", "x-request-id: ", "date: Thu, 01 Jan 1970", "nosniff", "\"requestId\""]
        {
            assert!(heard.contains(part), "no {part} in {heard}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_request_waits_for_the_answers_before_it() {
    let mut client = Client::connected();
    let good = [request("GET /now", ""), request("POST /length", "content-length: 3\r\n") + "abc"];
    client
        .says(
            &[&good[0], &good[1], &request("GET /late", ""), "GET / HTTP/9.9\r\n\r\n"]
                .map(ToOwned::to_owned)
                .concat(),
        )
        .await;
    let (heard, seconds) = client.end().await;
    assert_eq!((statuses(&heard), seconds), (vec!["200", "200", "200", "400"], 300), "{heard}");
    assert_eq!(heard.matches("connection: close").count(), 1, "only the last one closes: {heard}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_answered_after_a_request_that_closes() {
    let mut client = Client::connected();
    client.says(&(request("GET /now", "connection: close\r\n") + "GET / HTTP/9.9\r\n\r\n")).await;
    assert_eq!(statuses(&client.end().await.0), ["200"]);
}

#[tokio::test(start_paused = true)]
async fn malformed_chunks_are_answered_400_once() {
    for (first, second) in [("3\r\nabcX", ""), ("3\r\n", "abc\r\n0\r\n\n"), ("", "3;x=y\r\nabc\r\n0\r\n\r\n")]
    {
        let mut client = Client::connected();
        client.says(&(request("POST /length", "transfer-encoding: chunked\r\n") + first)).await;
        pass(Duration::from_secs(1)).await;
        client.says(&(second.to_owned() + &request("GET /now", ""))).await;
        let (heard, _) = client.end().await;
        assert_eq!(statuses(&heard), ["400"], "{heard}");
        assert!(heard.contains("malformed") && heard.contains("connection: close\r\n"), "{heard}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_in_small_pieces_is_read_as_if_it_were_one() {
    let mut client = Client::connected();
    client.drips(&request("GET /now", "x: y\r\n"), Duration::from_millis(10)).await;
    assert!(client.heard().await.ends_with("\r\n\r\nnow"));
    let long = request("POST /length", &format!("x: {}\r\ncontent-length: 70000\r\n", "x".repeat(30_000)));
    let (first, second) = long.split_at(20_000);
    client.says(first).await;
    pass(Duration::from_secs(5)).await;
    client.says(&(second.to_owned() + &"y".repeat(70_000))).await;
    let heard = client.heard().await;
    assert!(heard.ends_with("\r\n\r\n70000"), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn an_end_waits_for_the_request_under_way_and_for_no_other() {
    let mut busy = Client::connected();
    busy.says(&request("GET /late", "")).await;
    let (silent, mut idle) = (Client::connected(), Client::connected());
    idle.says(&request("GET /now", "")).await;
    assert_eq!(statuses(&idle.heard().await), ["200"]);
    let mut begun = Client::connected();
    begun.says("GET /now HTTP/1.1\r\n").await;
    pass(Duration::from_secs(1)).await;
    for client in [&busy, &silent, &idle, &begun] {
        client.trigger.fire();
    }
    assert_eq!(idle.end().await, (String::new(), 1));
    assert_eq!(silent.end().await, (String::new(), 1));
    begun.says("host: a\r\n\r\n").await;
    for (client, expected) in [(begun, 1), (busy, 300)] {
        let (heard, seconds) = client.end().await;
        assert_eq!((statuses(&heard), seconds), (vec!["200"], expected), "{heard}");
        assert!(heard.contains("connection: close\r\n"), "{heard}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_came_before_the_end_is_answered() {
    for before in ["", "GET /now HTTP/1.1\r\nhost: a\r\n\r\n"] {
        let mut client = Client::connected();
        client.says(before).await;
        client.heard().await;
        // Nobody has read it when the end comes.
        client.says(&request("GET /now", "")).await;
        client.trigger.fire();
        let (heard, _) = client.end().await;
        assert_eq!(statuses(&heard), ["200"], "{heard}");
    }
}

/// Connections that were made before.
struct Waiting(VecDeque<DuplexStream>);

impl Listener for Waiting {
    type Stream = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, SocketAddr)> {
        match self.0.pop_front() {
            Some(stream) => Ok((stream, address())),
            None => std::future::pending().await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_too_many_is_told_when_to_come_back() {
    let (ours, theirs): (Vec<_>, VecDeque<_>) = (0..200).map(|_| duplex(LARGE)).unzip();
    let limits = Limits { per_address: 5, ..Limits::of_service(DRAIN_MAX) };
    let (trigger, shutdown) = shutdown::channel();
    let serving = task::spawn("test", run_within(Waiting(theirs), answers(), shutdown, limits));
    let (mut silent, mut told) = (0, 0);
    for mut stream in ours {
        let mut heard = String::new();
        timeout(EVER, stream.read_to_string(&mut heard)).await.unwrap().unwrap();
        match statuses(&heard)[..] {
            [] => silent += 1,
            ["503"] => {
                assert!(
                    heard.contains("retry-after: 1\r\n") && heard.contains("Too many connections"),
                    "{heard}"
                );
                told += 1;
            }
            _ => panic!("{heard}"),
        }
    }
    // Five were let in and said nothing; of the others, 64 at a time are told, and the rest hung up on.
    assert_eq!((silent, told), (200 - 64, 64));
    trigger.fire();
    timeout(EVER, serving).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_a_body_counts_as_complete() {
    let mut client = Client::connected();
    for _ in 0..3 {
        client.says(&request("OPTIONS /now", "")).await;
        assert_eq!(statuses(&client.heard().await), [StatusCode::NO_CONTENT.as_str()]);
        client.says(&request("HEAD /now", "")).await;
        assert_eq!(statuses(&client.heard().await), ["200"]);
    }
    assert_eq!(client.end().await, (String::new(), 60));
}
