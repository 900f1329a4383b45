//! Replays every journey of `fixtures/journeys/` through the real binary, each in a world of its own.
//!
//! The format is described in `fixtures/README.md`; a file that does not follow it fails like a wrong answer.

mod compare;
mod file;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::kit::world::repository;
use crate::kit::{Answer, Request, Setup, World, mail};
use compare::Captured;
use file::{Ask, Journey, Step};

#[test]
fn every_journey_happens_as_it_is_told() {
    let files = files();
    assert!(!files.is_empty(), "there are no journeys");
    let failures: Vec<String> = files.iter().filter_map(|path| replay(path).err()).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn a_malformed_journey_is_refused_with_its_line() {
    let cases = [
        ("GET /health\n\n=> 200\n", "line 1: a journey begins with comment lines"),
        ("# Nothing happens.\n", "line 1: a journey has at least one step"),
        ("# x\n\n### A step\nGET\n\n=> 200\n", "line 4: a request line is METHOD, a blank and a path"),
        ("# x\n\n### A step\nGET /health\n\n", "line 4: there is no `=> STATUS`"),
        ("# x\n\n### A step\nGET /health\n\n=> fine\n", "line 6: `=>` is followed by a status"),
        ("# x\n\n### A step\nGET /health\nnonsense\n\n=> 200\n", "line 5: a header is `Name: value`"),
        ("# x\n\n### A step\nGET /health\n\n=> 200\n{\"a\": }\n", "line 7: the expected body is no JSON"),
        ("# x\n\n### \nGET /health\n\n=> 200\n", "line 3: a step has a title"),
        ("# x\n\n### A step\nMAIL a@example.test\n\n=> 404\n", "line 4: a mail's status is 200"),
        (
            "# x\n# fixtures: ../x.json\n\n### A\nGET /a\n\n=> 200\n",
            "line 2: a fixture is a file of `fixtures/`",
        ),
    ];
    for (text, complaint) in cases {
        let error = Journey::parse(text).expect_err(text);
        assert!(error.starts_with(complaint), "{error}\n{text}");
    }
}

#[test]
fn what_was_not_captured_cannot_be_used() {
    let captured = Captured::default();
    assert!(captured.fill("/api/notes/{{note}}").is_err());
    assert!(captured.fill("/api/notes/{{note").is_err());
}

fn files() -> Vec<PathBuf> {
    let folder = repository().join("fixtures/journeys");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn replay(path: &Path) -> Result<(), String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if path.extension().is_none_or(|extension| extension != "http") {
        return Err(format!("{name} is no journey"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    let journey = Journey::parse(&text).map_err(|error| format!("{name}, {error}"))?;
    let setup = journey.fixtures.iter().fold(Setup::ci(), |setup, fixture| setup.fixture(fixture));
    let world = World::start(&setup);
    let mut captured = Captured::default();
    for step in &journey.steps {
        let happened = take(step, &world, &mut captured);
        happened.map_err(|error| format!("{name}, line {}, {}\n{error}", step.line, step.title))?;
    }
    Ok(())
}

fn take(step: &Step, world: &World, captured: &mut Captured) -> Result<(), String> {
    let mut found = BTreeMap::new();
    match &step.ask {
        Ask::Mail(to) => {
            let mut mail = mail::wait(world.data(), &captured.fill(to)?);
            if let (Some(Value::Object(wanted)), Value::Object(mail)) = (&step.body, &mut mail) {
                mail.retain(|key, _| wanted.contains_key(key));
            }
            compare_body(step, &mail, captured, &mut found)?;
        }
        Ask::Request { .. } => {
            let answer = request(&step.ask, captured)?.send(world.doors().gateway);
            check(step, &answer, captured, &mut found)
                .map_err(|error| format!("{error}\nthe answer: {answer}"))?;
        }
    }
    captured.keep(found)
}

fn request(ask: &Ask, captured: &Captured) -> Result<Request, String> {
    let Ask::Request { method, path, headers, body } = ask else {
        return Err("a mail is no request".to_owned());
    };
    let mut request = Request::new(method, captured.fill(path)?);
    for (name, value) in headers {
        request = request.header(name, captured.fill(value)?);
    }
    Ok(match body {
        Some(body) => request.body(captured.fill(body)?),
        None => request,
    })
}

fn check(
    step: &Step,
    answer: &Answer,
    captured: &Captured,
    found: &mut BTreeMap<String, String>,
) -> Result<(), String> {
    if answer.status != step.status {
        return Err(format!("status: expected {}, got {}", step.status, answer.status));
    }
    for (name, wanted) in &step.headers {
        let got = answer.header(&name.to_ascii_lowercase()).ok_or_else(|| format!("no header {name}"))?;
        captured.compare(&Value::from(wanted.as_str()), &Value::from(got), name, found)?;
    }
    match &step.body {
        Some(_) => {
            let body = serde_json::from_slice(&answer.body).map_err(|error| format!("no JSON: {error}"))?;
            compare_body(step, &body, captured, found)
        }
        None => Ok(()),
    }
}

/// `requestId` is never compared, the list of field errors only where the step lists them.
fn compare_body(
    step: &Step,
    got: &Value,
    captured: &Captured,
    found: &mut BTreeMap<String, String>,
) -> Result<(), String> {
    let Some(wanted) = &step.body else { return Ok(()) };
    let mut got = got.clone();
    if let Value::Object(got) = &mut got {
        got.remove("requestId");
        if wanted.get("errors").is_none() {
            got.remove("errors");
        }
    }
    captured.compare(wanted, &got, "body", found)
}
