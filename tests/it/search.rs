//! Both searches, seen from outside: what was acknowledged is found by the very next request, what is gone is not.

use std::thread;

use serde_json::json;

use crate::kit::{Actor, Answer, Setup, World, proof};

/// Authors that write and search at the same time.
const AUTHORS: u32 = 4;
/// Of so many notes one is edited, and one is deleted.
const CHANGED: u32 = 5;

/// The totals that the literal and the ranked search give for a word.
fn found(author: &Actor, word: &str) -> [u64; 2] {
    let total =
        |answer: Answer| answer.expect(200).json()["data"]["pagination"]["total"].as_u64().expect("a total");
    [format!("/api/notes?search={word}"), format!("/api/notes/search?q={word}")]
        .map(|target| total(author.get(&target)))
}

/// A word that nobody could mistake for another: the ranked search forgives two letters.
fn word(number: u32) -> String {
    format!("{:016x}", u64::from(number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// Writes `count` notes and looks for each of them at once.
fn write_and_search(author: &Actor, count: u32) {
    for number in 0..count {
        let word = word(number);
        let id = author.note(&format!("a note with {word} in it"));
        assert_eq!(found(author, &word), [1, 1], "{word} was created");
        match number % CHANGED {
            0 => {
                author.delete(&format!("/api/notes/{id}")).expect(204);
                assert_eq!(found(author, &word), [0, 0], "{word} was deleted");
            }
            1 => {
                let other = self::word(u32::MAX / 2 + number);
                let body = json!({"content": format!("a note with {other} in it")});
                author.patch(&format!("/api/notes/{id}"), &body).expect(200);
                assert_eq!(found(author, &word), [0, 0], "{word} was edited away");
                assert_eq!(found(author, &other), [1, 1], "{other} was edited in");
            }
            _ => {}
        }
    }
}

#[test]
fn what_was_written_is_found_by_both_searches_in_the_next_request() {
    let world = World::start(&Setup::ci());
    let notes = proof::size(2_000, 10_000);
    thread::scope(|scope| {
        for author in 0..AUTHORS {
            let author = world.anon().register(&format!("author{author}"));
            scope.spawn(move || write_and_search(&author, notes / AUTHORS));
        }
    });
    println!(
        "{notes} notes of {AUTHORS} authors at once: each was found by both searches in the next request"
    );
}

#[test]
fn nothing_of_a_deleted_account_is_found_and_nobody_finds_the_notes_of_another() {
    let world = World::start(&Setup::ci());
    let [ada, ben] = ["ada", "ben"].map(|name| world.anon().register(name));
    ada.note("a secretword of ada");
    assert_eq!(found(&ada, "secretword"), [1, 1]);
    assert_eq!(found(&ben, "secretword"), [0, 0]);
    let admin = world.admin();
    admin.delete(&format!("/api/users/{}", ada.id())).expect(204);
    for target in ["/api/notes?search=secretword", "/api/notes/search?q=secretword", "/api/notes/tags"] {
        assert_eq!(ada.get(target).status, 401, "{target}");
    }
    assert_eq!(found(&ben, "secretword"), [0, 0]);
    assert!(!world.log().contains("tantivy"), "it tells of its commits: {}", world.log());
}
