//! How long a large world takes to a file and back, and how long people have to wait for it.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Shelf, bundle};
use crate::kit::{Setup, World, proof};

/// Notes of each author.
const EACH: u32 = 1_000;
/// Writes wait for less than this while a large world is exported, on a machine that does other things too.
const STILL_MAX_MS: u64 = 1_000;

#[test]
fn a_large_world_goes_to_a_file_and_back_in_seconds() {
    let notes = proof::size(5_000, 100_000);
    let shelf = Shelf::new();
    let document = shelf.file("large.json");
    std::fs::write(&document, large(notes / EACH)).unwrap();
    let world = World::start(&Setup::ci());
    bundle("import", &document, world.data()).expect(0);

    let (file, data) = (shelf.file("large"), shelf.file("copy"));
    let exporting = Instant::now();
    let exported = bundle("export", &file, world.data()).expect(0).stdout;
    let (exporting, importing) = (exporting.elapsed(), Instant::now());
    bundle("import", &file, &data).expect(0);
    let importing = importing.elapsed();
    let still = waited(&exported);
    assert!(still < STILL_MAX_MS, "writes waited {still} ms");
    assert_eq!(shelf.exported(&data, "again"), std::fs::read(&file).unwrap());
    let seconds = |took: Duration| took.as_secs_f64();
    println!(
        "{notes} notes: exported in {:.2} s, imported in {:.2} s, writes waited {still} ms; {}",
        seconds(exporting),
        seconds(importing),
        exported.trim_end()
    );
}

/// How long writes waited, as the command says it.
fn waited(exported: &str) -> u64 {
    let (_, told) = exported.rsplit_once("waited ").expect("a time");
    told.trim_end().trim_end_matches(" ms").parse().expect("milliseconds")
}

/// A fixture of so many authors.
fn large(authors: u32) -> String {
    let mut text = String::from("{\"format\": \"satchel-fixture\", \"version\": 1, \"users\": [\n");
    for author in 0..authors {
        let notes: Vec<Value> = (0..EACH).map(|note| json!({
            "title": format!("Note {note}"),
            "content": format!("{author} {note} {}", "the quick brown fox jumps over the lazy dog ".repeat(6)),
            "tags": [format!("tag{}", note % 9)], "isPinned": note % 50 == 0,
        })).collect();
        let user =
            json!({"email": format!("a{author}@example.test"), "password": "password-1", "notes": notes});
        let comma = if author == 0 { "" } else { "," };
        writeln!(text, "{comma}{user}").unwrap();
    }
    text + "]}"
}
