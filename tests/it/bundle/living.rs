//! Exports while people write: each is one moment of the world, and nobody is refused for it.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use serde_json::json;

use super::{Shelf, bundle, lines};
use crate::kit::{Setup, Split, World, proof};

/// People who write all the time.
const WRITERS: u32 = 4;

#[test]
fn an_export_under_load_is_one_moment_of_the_world_and_refuses_nobody() {
    let exports = proof::size(5, 15);
    let shelf = Shelf::new();
    let world = World::start(&Setup::ci());
    let (is_over, written) = (AtomicBool::new(false), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for number in 0..WRITERS {
            let (world, is_over, written) = (&world, &is_over, &written);
            scope.spawn(move || {
                let mut round = 0;
                while !is_over.load(Ordering::Relaxed) {
                    round += 1;
                    let person = world.register(&format!("w{number}x{round}"));
                    let note = person.note("First.");
                    person.patch(&format!("/api/notes/{note}"), &json!({"content": "Second."})).expect(200);
                    person.delete("/api/users/delete-me").expect(204);
                    written.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let _until_the_end = Over(&is_over);
        for number in 0..exports {
            let name = format!("export{number}");
            shelf.exported(world.data(), &name);
            let data = shelf.file(&format!("copy{number}"));
            bundle("import", &shelf.file(&name), &data).expect(0);
            is_whole(&lines(&shelf.file(&name)));
            let found = crate::kit::command::run(
                crate::kit::command::satchel(["doctor", "--json", "--data-dir"])
                    .arg(&data)
                    .env("JWT_SECRET", Setup::ci().secret()),
            );
            assert_eq!(found.expect(0).stdout, "{\"clean\":true,\"findings\":[]}\n", "export {number}");
        }
    });
    let written = written.into_inner();
    println!(
        "{exports} exports beside {WRITERS} writers with {written} whole lives: each is one moment, none refused"
    );
}

/// Ends the writing when it goes, also by a panic: a scope waits for its threads.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Demands that every account has a profile and every note an author that stands where its account does.
fn is_whole(lines: &[String]) {
    let of = |kind: &str| {
        let records = lines.iter().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let mut found: Vec<_> = records
            .filter(|record| record["kind"] == kind)
            .map(|record| (record["account"].to_string(), record["rung"].to_string()))
            .collect();
        found.sort();
        found
    };
    assert_eq!(of("account"), of("profile"));
    let (accounts, authors) = (of("account"), of("author"));
    assert!(authors.iter().all(|author| accounts.contains(author)), "{authors:?}");
}

#[test]
fn a_world_of_four_processes_is_exported_and_imported_as_one() {
    let shelf = Shelf::new();
    let mut world = Split::start(&Setup::ci());
    let someone = world.someone();
    someone.note("In four processes.");
    let written = shelf.exported(world.data(), "written");
    let copy = Split::start(&Setup::ci());
    bundle("import", &shelf.file("written"), copy.data()).expect(0);
    assert_eq!(shelf.exported(copy.data(), "again"), written);
    someone.at(copy.doors().gateway).get("/api/users/me").expect(200);
    // With a service away nothing is exported, and the others go on.
    world.kill("user");
    let refused = bundle("export", &shelf.file("none"), world.data()).expect(1);
    assert!(refused.stderr.contains("user") && !shelf.file("none").exists(), "{refused:?}");
    someone.note("Still open.");
}
