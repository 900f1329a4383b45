//! How long a world takes back to an earlier state: resets, spaced and back to back, and snapshots.
//!
//! Before each reset an account and a note are made, so that there is something to undo; they are not timed.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::Failure;
use crate::dataset::{self, Dataset};
use crate::launch::Launch;

/// Between two resets that are spaced: a test does something in it, and the next life is opened ahead.
const SPACE: Duration = Duration::from_millis(500);
/// Resets that are spaced, and restores; the median counts.
const SPACED: usize = 20;
/// Resets in a row, to see whether they get slower.
const ROW: usize = 1_000;

/// Measures worlds of three sizes.
pub(crate) fn measure(binary: &Path) -> Result<(), Failure> {
    for (notes, goal_ms) in [(1_000, 10.0), (100_000, 50.0)] {
        let world = furnished(binary, notes)?;
        let spaced = (0..SPACED).map(|_| reset(&world, SPACE)).collect::<Result<Vec<_>, _>>()?;
        print(&format!("reset, {notes} notes"), &spaced, goal_ms);
        let rows = if notes == 1_000 { ROW } else { SPACED };
        let row = (0..rows).map(|_| reset(&world, Duration::ZERO)).collect::<Result<Vec<_>, _>>()?;
        print(&format!("  {rows} back to back"), &row, goal_ms);
        let tenth = rows / 10;
        let part = |from: usize| median(row.iter().skip(from).take(tenth).copied().collect());
        println!("    first tenth {:.1} ms, last tenth {:.1} ms", part(0), part(rows - tenth));
        world.end()?;
    }
    let world = furnished(binary, 10_000)?;
    let taken = (0..SPACED).map(|_| control(&world, "PUT", "/control/snapshots/one"));
    print("snapshot, 10000 notes", &taken.collect::<Result<Vec<_>, _>>()?, 50.0);
    let restored = (0..SPACED).map(|_| control(&world, "POST", "/control/snapshots/one/restore"));
    print("restore, 10000 notes", &restored.collect::<Result<Vec<_>, _>>()?, 50.0);
    world.end()
}

fn furnished(binary: &Path, notes: usize) -> Result<Launch, Failure> {
    let place = TempDir::with_prefix("satchel-back-")?;
    let file = place.path().join("fixture.json");
    dataset::write(&file, Dataset { accounts: 10, notes_each: notes / 10 })?;
    let world = Launch::furnished(binary, &file)?;
    world.settle()?;
    Ok(world)
}

/// Changes something, waits for `space`, and takes the world back; gives milliseconds.
fn reset(world: &Launch, space: Duration) -> Result<f64, Failure> {
    let gateway = world.address("gateway")?;
    let person = json!({"email": "somebody@example.test", "password": "password-1"});
    let (_, answer) = ask(&gateway, ("POST", "/api/auth/register"), None, Some(&person))?;
    let token = answer.get("token").and_then(Value::as_str).ok_or("nobody registered")?.to_owned();
    ask(&gateway, ("POST", "/api/notes"), Some(&token), Some(&json!({"content": "to be undone"})))?;
    std::thread::park_timeout(space);
    control(world, "POST", "/control/reset")
}

fn control(world: &Launch, method: &str, path: &str) -> Result<f64, Failure> {
    let (took, _) = ask(&world.address("control")?, (method, path), None, None)?;
    Ok(took)
}

/// One request over a connection of its own: how long the whole took, and the answer.
fn ask(
    address: &str,
    (method, path): (&str, &str),
    token: Option<&str>,
    body: Option<&Value>,
) -> Result<(f64, Value), Failure> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let authorization = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         {authorization}content-length: {length}\r\n\r\n{body}"
    );
    let began = Instant::now();
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let took_ms = began.elapsed().as_secs_f64() * 1_000.0;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("an answer without a head")?;
    if !head.starts_with("HTTP/1.1 2") {
        return Err(format!("{method} {path}: {answer}").into());
    }
    Ok((took_ms, serde_json::from_str(body)?))
}

fn print(name: &str, times: &[f64], goal_ms: f64) {
    let (middle, longest) = (median(times.to_vec()), times.iter().copied().fold(0.0, f64::max));
    let verdict = if middle <= goal_ms { "met" } else { "missed" };
    println!("{name:<24} {middle:>7.1} ms   (longest {longest:.1})   goal {goal_ms:>4.0}   {verdict}");
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
