//! A search index that is gone: at rest or while the world runs, it costs a rebuild, and every search answers the same.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::kit::{Actor, Gauges, Setup, Site, World, proof, wait};

/// People who write the notes, each with the same number of them.
const AUTHORS: usize = 10;
/// How soon the index of a hundred thousand notes is back (PROMISES.md F4).
const BACK_WITHIN: Duration = Duration::from_secs(15);
/// Searches of both kinds: rare and common words, parts of words, two of them.
const TARGETS: [&str; 6] = [
    "/api/notes/search?q=anchor",
    "/api/notes/search?q=wave%20rope7",
    "/api/notes?search=rope1",
    "/api/notes?search=a%20wav&limit=5",
    "/api/notes/suggest?q=no",
    "/api/notes/tags",
];

#[test]
fn an_index_that_is_gone_is_built_again_and_searches_answer_alike_meanwhile() {
    let each = proof::size(100, 10_000) as usize;
    let mut world = World::start(&Setup::ci());
    let authors = furnish(&world, each);
    is_indexed(&world);
    let before = answers(&world, &authors);

    world.stop();
    fs::remove_dir_all(world.data().join("notes/index")).unwrap();
    let world = world.restart();
    let started = Instant::now();
    let mut meanwhile = 0;
    while !is_whole(&world) {
        assert_eq!(answers(&world, &authors[..1]), before[..TARGETS.len()], "while there is no index");
        meanwhile += TARGETS.len();
    }
    let at_rest = started.elapsed();
    assert_eq!(answers(&world, &authors), before, "with the index that was built again");

    // Its files are gone from under it; the next commit or merge finds out, or the doctor.
    fs::remove_dir_all(world.data().join("notes/index")).unwrap();
    assert_eq!(answers(&world, &authors), before, "without its files");
    let extra = authors[0].at(world.doors().gateway).note("A capstan, after the loss.");
    let found = || {
        let found = authors[0].at(world.doors().gateway).get("/api/notes/search?q=capstan").expect(200);
        found.json()["data"]["pagination"]["total"] == 1
    };
    assert!(found(), "at once");
    wait::until("the index is whole again", Duration::from_secs(90), || is_whole(&world));
    assert!(found(), "with the index");
    authors[0].at(world.doors().gateway).delete(&format!("/api/notes/{extra}")).expect(204);
    assert_eq!(answers(&world, &authors), before, "after it was lost while running");
    println!(
        "index: lost at rest, {} notes back after {at_rest:?} with {meanwhile} searches meanwhile; lost while running; \
         all answers alike",
        each * AUTHORS
    );
    assert!(meanwhile > 0 || each < 10_000, "no search while the index was built");
    assert!(at_rest <= BACK_WITHIN, "{at_rest:?}");
}

fn furnish(world: &World, each: usize) -> Vec<Actor> {
    let authors: Vec<_> = (0..AUTHORS).map(|_| world.someone()).collect();
    std::thread::scope(|scope| {
        for author in &authors {
            scope.spawn(move || {
                for number in 0..each {
                    let note = json!({
                        "title": format!("Note {number}"), "tags": ["sea", format!("rope{}", number % 5)],
                        "content": format!("A wave, rope{number}, {}.", if number % 9 == 0 { "anchor" } else { "sail" }),
                    });
                    author.post("/api/notes", &note).expect(201);
                }
            });
        }
    });
    authors
}

/// What each of `authors` is told.
fn answers(site: &Site, authors: &[Actor]) -> Vec<Value> {
    let door = site.doors().gateway;
    let told = |author: &Actor| TARGETS.map(|target| author.at(door).get(target).expect(200).json());
    authors.iter().flat_map(told).collect()
}

fn is_indexed(site: &Site) {
    wait::until("the index has all notes", Duration::from_mins(2), || is_whole(site));
}

fn is_whole(site: &Site) -> bool {
    let gauges = Gauges::read(site.doors().notes);
    gauges.of("satchel_index_lag") == Some(0.0) && gauges.of("satchel_index_progress") == Some(100.0)
}
