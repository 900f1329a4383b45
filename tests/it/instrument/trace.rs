//! The hops of a request, as tests count them.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::kit::{Actor, Request, Setup, Site, Split, World};

/// Far longer than an event takes.
const EVENT_MAX: Duration = Duration::from_secs(20);

/// The spans of the request with this id, by their beginnings.
fn spans(control: &Actor, id: &str) -> Vec<Value> {
    let found = control.get(&format!("/control/traces?requestId={id}")).expect(200).json();
    let traces = found["data"]["traces"].as_array().unwrap();
    traces.first().map(|trace| trace["spans"].as_array().unwrap().clone()).unwrap_or_default()
}

fn asked(site: &Site, control: &Actor, id: &str) -> Vec<(String, String, u64)> {
    let someone = site.someone();
    someone.send(Request::new("GET", "/api/notes?limit=1").header("x-request-id", id)).expect(200);
    let spans = spans(control, id);
    assert_eq!(spans[0]["startUs"], 0, "{spans:?}");
    assert_eq!(spans[0]["parent"], Value::Null);
    assert_eq!(spans[1]["parent"], spans[0]["id"]);
    let ends = |span: &Value| span["startUs"].as_u64().unwrap() + span["durationUs"].as_u64().unwrap();
    assert!(ends(&spans[1]) <= ends(&spans[0]), "{spans:?}");
    let text = |span: &Value, name: &str| span[name].as_str().unwrap().to_owned();
    spans.iter().map(|s| (text(s, "service"), text(s, "name"), s["status"].as_u64().unwrap())).collect()
}

#[test]
fn a_list_of_notes_is_exactly_two_hops_in_one_process_and_in_four() {
    let expected = [("gateway", "GET /api/notes", 200), ("notes", "GET /notes", 200)]
        .map(|(service, name, status)| (service.to_owned(), name.to_owned(), status));
    let world = World::shared();
    assert_eq!(asked(&world, &world.control(), "a-list"), expected);
    let split = Split::start(&Setup::ci());
    assert_eq!(asked(&split, &split.control(), "a-list"), expected);
}

#[test]
fn a_registration_goes_through_three_services() {
    let world = World::shared();
    let name = world.fresh_name();
    let body =
        serde_json::json!({"email": format!("{name}@example.test"), "password": "correct horse battery"});
    let request =
        Request::new("POST", "/api/auth/register").json(&body).header("x-request-id", "a-registration");
    world.anon().send(request).expect(201);
    let spans = spans(&world.control(), "a-registration");
    let hops: Vec<_> = spans
        .iter()
        .map(|s| format!("{} {}", s["service"].as_str().unwrap(), s["name"].as_str().unwrap()))
        .collect();
    let expected =
        ["gateway POST /api/auth/register", "auth POST /auth/register", "user PUT /internal/profiles/*"];
    assert_eq!(hops, expected);
    assert_eq!(spans[2]["parent"], spans[1]["id"]);
}

#[test]
fn a_request_to_a_service_that_was_stopped_is_one_hop() {
    let world = World::start(&Setup::ci());
    let (control, someone) = (world.control(), world.someone());
    control.post("/control/services/notes/stop", &serde_json::json!({})).expect(200);
    someone.send(Request::new("GET", "/api/notes").header("x-request-id", "in-vain")).expect(503);
    let spans = spans(&control, "in-vain");
    assert_eq!(spans.len(), 1, "{spans:?}");
    assert_eq!(spans[0]["status"], 503);
}

#[test]
fn a_trace_is_told_as_soon_as_its_request_has_ended() {
    let world = World::start(&Setup::ci());
    let stream = TcpStream::connect(world.control().door()).unwrap();
    stream.set_read_timeout(Some(EVENT_MAX)).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    (&stream).write_all(b"GET /control/traces/stream HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut next = |start: &str| {
        let mut line = String::new();
        while !line.starts_with(start) {
            line.clear();
            assert!(reader.read_line(&mut line).unwrap() > 0, "the stream ended before {start}");
        }
        line
    };
    // The head comes once it is settled from where on traces are told.
    next("content-type: text/event-stream");
    world.anon().send(Request::new("GET", "/health").header("x-request-id", "told")).expect(200);
    let told = loop {
        let event = next("data: ");
        let event: Value = serde_json::from_str(event.trim_start_matches("data: ")).unwrap();
        if event["requestId"] == "told" {
            break event;
        }
    };
    assert_eq!(told["spans"][0]["name"], "GET /health");
    // A service that stops and starts is listened to again: its calls from elsewhere begin traces too.
    let control = world.control();
    for verb in ["stop", "start"] {
        control.post(&format!("/control/services/notes/{verb}"), &serde_json::json!({})).expect(200);
    }
    let notes = world.anon().at(world.doors().notes);
    notes.send(Request::new("GET", "/health").header("x-request-id", "back")).expect(200);
    while !next("data: ").contains("\"back\"") {}
    let mut world = world;
    world.stop();
}
