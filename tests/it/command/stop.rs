//! How a world ends: signals, requests in flight, what stays and what goes.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use crate::kit::actor::PASSWORD;
use crate::kit::http::Kept;
use crate::kit::process::Process;
use crate::kit::{Actor, Request, Setup, Site, World, proof, wait};

/// Clients that write while the world is asked to end.
const CLIENTS: usize = 8;
/// Answers that must have come before it is.
const WARM: usize = 50;
/// When a listener that was asked to end has closed.
const CLOSED_WITHIN: Duration = Duration::from_secs(5);

#[test]
fn sigterm_and_sigint_drain_a_world_with_exit_code_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut world = World::start(&Setup::ci());
        world.someone();
        world.process().signal(signal);
        let status = world.process().ended(Duration::from_secs(12));
        assert!(status.success(), "{status}");
    }
}

#[test]
fn a_mail_server_that_says_nothing_does_not_hold_up_the_end() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port().to_string();
    let setup = Setup::original().env("EMAIL_HOST", "127.0.0.1").env("EMAIL_PORT", &port);
    let mut world = World::start(&setup);
    // More of them than go out at a time.
    for _ in 0..6 {
        let user = world.someone();
        world.anon().post("/api/auth/forgot-password", &json!({"email": user.email})).expect(200);
    }
    let _silent: Vec<_> = (0..4).map(|_| server.accept().unwrap()).collect();
    world.process().signal(Signal::TERM);
    let status = world.process().ended(Duration::from_secs(12));
    assert!(status.success(), "{status}");
    assert!(world.log().contains("some mails were not written in time"));
}

#[test]
fn worlds_that_end_under_load_fail_nobody_they_answer_and_lose_nothing() {
    let rounds = proof::size(12, 100);
    let mut world = World::start(&Setup::ci());
    let user = world.someone();
    let mut written = 0;
    for round in 0..rounds {
        let (acknowledged, is_ending) = (Mutex::new(BTreeSet::new()), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (user, acknowledged) = (user.at(world.doors().gateway), &acknowledged);
                let is_ending = &is_ending;
                scope.spawn(move || {
                    let writer =
                        Writer { user, name: format!("round{round}client{client}"), keeps: client % 2 == 0 };
                    writer.write_until(is_ending, acknowledged);
                });
            }
            let is_warm = || acknowledged.lock().unwrap().len() >= WARM;
            wait::until("the clients write", CLOSED_WITHIN, is_warm);
            is_ending.store(true, Ordering::SeqCst);
            world.stop();
        });
        world = world.restart();
        let acknowledged = acknowledged.into_inner().unwrap();
        let lost: Vec<&String> = acknowledged.iter().filter(|name| !is_there(&user, &world, name)).collect();
        assert!(lost.is_empty(), "{} acknowledged, lost: {lost:?}", acknowledged.len());
        written += acknowledged.len();
    }
    println!(
        "{rounds} ends under load: {written} acknowledged, none lost, nothing reset or answered but success"
    );
}

/// One client, on one connection or on a new one for each request.
struct Writer {
    user: Actor,
    name: String,
    keeps: bool,
}

impl Writer {
    /// Writes notes and opens accounts by turns, each under a name of its own, until nothing answers any more. What was
    /// sent before the end began is answered.
    fn write_until(&self, is_ending: &AtomicBool, acknowledged: &Mutex<BTreeSet<String>>) {
        let mut kept = None;
        for number in 0.. {
            let (name, request) = self.request(number);
            let connection = kept.take().map_or_else(|| Kept::connect(self.user.door()), Ok);
            let Ok(mut connection) = connection else { return };
            let said = connection.say(&request);
            let must_be_answered = !is_ending.load(Ordering::SeqCst);
            match said.and_then(|()| connection.hear()) {
                Ok(answer) => {
                    assert_eq!(answer.status, 201, "{answer}");
                    acknowledged.lock().unwrap().insert(name);
                    kept = Some(connection).filter(|_| self.keeps && answer.header("connection").is_none());
                }
                Err(error) if must_be_answered => panic!("sent before the end, and lost: {error}"),
                Err(_) => return,
            }
        }
    }

    fn request(&self, number: u32) -> (String, Request) {
        let name = format!("{}n{number}", self.name);
        if number.is_multiple_of(4) {
            let name = format!("{name}@example.test");
            let body = json!({"email": name, "password": PASSWORD});
            return (name, Request::new("POST", "/api/auth/register").json(&body));
        }
        let body = json!({"title": name, "content": "x"});
        let token = self.user.token.as_deref().unwrap();
        (name, Request::new("POST", "/api/notes").bearer(token).json(&body))
    }
}

/// Whether the note or account of that name is there.
fn is_there(user: &Actor, site: &Site, name: &str) -> bool {
    let user = user.at(site.doors().gateway);
    if name.contains('@') {
        return user.called(name).try_log_in(PASSWORD).status == 200;
    }
    let found = user.get(&format!("/api/notes?search={name}&limit=1000")).expect(200).json();
    let mut notes = found["data"]["notes"].as_array().into_iter().flatten();
    notes.any(|note| note["title"] == name)
}

#[test]
fn a_request_that_is_half_sent_when_the_world_ends_is_still_answered() {
    let mut world = World::start(&Setup::ci());
    let user = world.someone();
    let door = world.doors().gateway;
    let request = Request::new("POST", "/api/notes").bearer(user.token.as_deref().unwrap());
    let bytes = request.json(&json!({"content": "Just in time."})).render("localhost");
    let (first, second) = bytes.split_at(bytes.len() - 5);
    let mut stream = TcpStream::connect(door).unwrap();
    stream.write_all(first).unwrap();
    // Answered on another connection, so the first part has been taken up by then.
    user.get("/api/notes").expect(200);
    world.process().signal(Signal::TERM);
    wait::until("the gateway takes no new connections", CLOSED_WITHIN, || TcpStream::connect(door).is_err());
    stream.write_all(second).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert!(world.process().ended(Duration::from_secs(12)).success());
}

/// A connection to `door` whose request to `path` has begun and never ends.
fn stuck(world: &World, door: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(door).unwrap();
    let request = Request::new("POST", path).header("content-type", "application/json");
    stream.write_all(&request.header("content-length", "9").body("{").render("localhost")).unwrap();
    // Answered on another connection, so this one has been taken up by then.
    world.anon().get("/health").expect(200);
    stream
}

#[test]
fn a_client_that_never_finishes_cannot_hold_the_end_beyond_the_drain() {
    let mut world = World::start(&Setup::ci());
    let doors = world.doors();
    let _at_the_gateway = stuck(&world, doors.gateway, "/api/auth/login");
    let _at_a_service = stuck(&world, doors.auth, "/auth/login");
    world.process().signal(Signal::TERM);
    assert!(world.process().ended(Duration::from_secs(10)).success());
}

#[test]
fn a_second_signal_ends_at_once() {
    let mut world = World::start(&Setup::ci());
    let door = world.doors().gateway;
    let _stuck = stuck(&world, door, "/api/auth/login");
    world.process().signal(Signal::TERM);
    wait::until("the first signal was heard", CLOSED_WITHIN, || TcpStream::connect(door).is_err());
    world.process().signal(Signal::TERM);
    let status = world.process().ended(Duration::from_secs(3));
    assert_eq!(status.code(), Some(1), "{status}");
}

#[test]
fn an_ephemeral_world_leaves_nothing() {
    let place = tempfile::tempdir().unwrap();
    let mut command =
        crate::kit::command::satchel(["up", "--ephemeral", "--ports", "auto", "--profile", "ci"]);
    let mut process = Process::spawn(command.args(["--log", "json"]), place.path().join("log"));
    let ready = process.ready().expect("a ready world");
    let data = Path::new(ready["dataDir"].as_str().expect("a path")).to_owned();
    assert!(data.is_dir());
    assert!(process.terminate().success());
    assert!(!data.exists(), "{} is still there", data.display());
}

#[test]
fn everything_is_there_after_an_orderly_restart() {
    let mut world = World::start(&Setup::ci());
    let user = world.someone();
    let note = user.note("To be continued.");
    world.stop();
    let world = world.restart();
    let user = user.at(world.doors().gateway);
    assert_eq!(
        user.get(&format!("/api/notes/{note}")).expect(200).json()["data"]["note"]["content"],
        "To be continued."
    );
    user.log_in(PASSWORD).get("/api/users/me").expect(200);
}
