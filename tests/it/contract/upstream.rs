//! A service that is away or silent: an answer in the envelope, in time, naming nothing internal.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::kit::{Answer, Setup, Split};

/// When an answer about an absent service must be there (CONTRACT.md: 5 s for one that does not answer).
const UPSTREAM_MAX: Duration = Duration::from_secs(5);
/// When the answer about a silent one comes: not much before, and not much after.
const AROUND: std::ops::Range<Duration> = Duration::from_millis(4_500)..Duration::from_secs(7);

/// Nothing of the inside is in an answer: no address, no port, no crate's or system's words.
fn tells_nothing(answer: &Answer, split: &Split) {
    let text = format!("{:?} {}", answer.headers, answer.text()).to_lowercase();
    let doors = split.doors();
    let ports = [doors.auth, doors.user, doors.notes].map(|door| door.port().to_string());
    for secret in ["127.0.0.1", "localhost:3", "refused", "os error", "hyper", "connect error", "tcp"] {
        assert!(!text.contains(secret), "{secret}: {answer}");
    }
    for port in ports {
        assert!(!answer.text().contains(&port), "{port}: {answer}");
    }
}

#[test]
fn a_stopped_service_is_503_in_the_envelope_and_the_others_go_on() {
    let mut split = Split::start(&Setup::ci());
    let user = split.someone();
    let note = user.note("Before the outage.");
    for (service, target) in [("notes", "/api/notes"), ("user", "/api/users/me"), ("auth", "/api/auth/login")]
    {
        split.take_away(service);
        let started = Instant::now();
        let answer = if service == "auth" { user.post(target, &json!({})) } else { user.get(target) };
        let answer = answer.expect(503);
        assert!(started.elapsed() < UPSTREAM_MAX, "{:?}", started.elapsed());
        assert!(answer.header("retry-after").is_some_and(|value| value.parse::<u32>().is_ok()), "{answer}");
        assert_eq!(answer.json()["status"], "fail", "{answer}");
        assert_eq!(answer.json()["requestId"], answer.header("x-request-id").unwrap_or_default(), "{answer}");
        tells_nothing(&answer, &split);
        split.anon().get("/health").expect(200);
        let other = if service == "notes" { "/api/users/me" } else { "/api/notes" };
        user.get(other).expect(200);
        split.bring_back(&[service]);
        user.get("/api/users/me").expect(200);
        user.get(&format!("/api/notes/{note}")).expect(200);
    }
}

#[test]
fn a_service_that_accepts_and_never_answers_is_504_after_five_seconds() {
    let mut split = Split::start(&Setup::ci());
    let user = split.someone();
    let door = split.doors().notes;
    split.take_away("notes");
    let silent = TcpListener::bind(door).expect("the port of the stopped service");
    let started = Instant::now();
    let answer = user.get("/api/notes").expect(504);
    let took = started.elapsed();
    assert!(AROUND.contains(&took), "{took:?}");
    assert_eq!(answer.json()["status"], "fail", "{answer}");
    tells_nothing(&answer, &split);
    drop(silent);
    split.bring_back(&["notes"]);
    user.get("/api/notes").expect(200);
}
