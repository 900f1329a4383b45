//! Trigrams of large authors: who has them, what they find, and what is left of them.

use chassis::page::Page;
use rusqlite::Connection;

use super::super::tests::{ADA, BEN, World, note, text};
use super::super::{StoreError, View};
use super::*;
use crate::listing::{Listed, Listing, Search};
use crate::note::Note;

/// A note of a size of which 1,100 are more than is kept in memory.
fn large_note(number: u32) -> Note {
    let mut large = note(ADA, u64::from(number));
    large.draft.content = text(&format!("{number:08} Straße {} Ende", "x".repeat(8_000)));
    large.draft.is_archived = false;
    large
}

/// How many of them make an author large.
const LARGE: u32 = 1_100;

fn world_with_a_large_author() -> World {
    let world = World::new();
    world.insert(note(ADA, u64::from(u32::MAX)));
    world.change(|notes| (0..LARGE).try_for_each(|number| notes.insert(&large_note(number)).map(drop)));
    world.change(|notes| notes.remove(&note(ADA, u64::from(u32::MAX))));
    world
}

fn do_chores(world: &World) {
    if world.store.takes_up_chores() {
        while world.store.do_chore() {}
    }
}

/// How many notes have a row.
fn rows(raw: &Connection) -> u32 {
    raw.query_row("SELECT count(*) FROM gram_docsize", [], |row| row.get(0)).unwrap()
}

fn listing(search: &str) -> Listing {
    Listing { is_archived: false, tag: None, search: Search::new(text(search)), page: Page::new(1, 5) }
}

/// What both ways of asking the store find.
fn found(world: &World, search: &str) -> Listed {
    let listed = world.page(ADA, &listing(search));
    let scanned: Result<_, StoreError> =
        world.store.view(|notes: &View<'_>| notes.page(ADA, &listing(search)));
    assert_eq!(listed, scanned.unwrap());
    listed
}

#[test]
fn a_text_is_asked_for_by_every_third_gram_and_the_last() {
    assert_eq!(expression("ab"), None);
    assert_eq!(expression("abc").unwrap(), "\"abc\" ");
    assert_eq!(expression("abcd").unwrap(), "\"abc\" \"bcd\" ");
    assert_eq!(expression("abcdefgh").unwrap(), "\"abc\" \"def\" \"fgh\" ");
    assert_eq!(expression("a\"b").unwrap(), "\"a\"\"b\" ");
    assert_eq!(expression("会议记").unwrap(), "\"会议记\" ");
    assert_eq!(expression(&"abc".repeat(1000)).unwrap().matches("\"abc\"").count(), GRAMS_MAX + 1);
}

#[test]
fn an_author_who_outgrows_memory_gets_trigrams_and_one_who_shrinks_loses_them() {
    let world = world_with_a_large_author();
    world.insert(note(BEN, 1));
    assert_eq!(rows(&world.raw()), 0);
    do_chores(&world);
    assert_eq!(rows(&world.raw()), LARGE);
    // Writes keep them from then on.
    world.insert(large_note(LARGE));
    world.change(|notes| notes.remove(&large_note(0)));
    let (before, mut after) = (large_note(1), large_note(1));
    after.draft.content = text("something else");
    world.change(move |notes| notes.replace(&before, &after));
    assert_eq!(rows(&world.raw()), LARGE);
    assert_eq!(found(&world, "00000000").total, 0);
    assert_eq!(found(&world, "00000001").total, 0);
    assert_eq!(found(&world, "ething el").total, 1);
    assert_eq!(found(&world, &format!("{LARGE:08}")).total, 1);
    assert_eq!(found(&world, "STRASSE").total, 0);
    assert_eq!(found(&world, "STRAẞE xxx").total, u64::from(LARGE) - 1);

    world.change(|notes| (2..LARGE).try_for_each(|number| notes.remove(&large_note(number))));
    do_chores(&world);
    assert_eq!(rows(&world.raw()), 0);
    assert_eq!(found(&world, "ething el").total, 1);
}

#[test]
fn a_fill_that_a_stop_interrupted_is_finished_after_it_and_searches_are_right_meanwhile() {
    let world = world_with_a_large_author();
    assert!(world.store.takes_up_chores());
    assert!(world.store.do_chore());
    let part = rows(&world.raw());
    assert!((1..LARGE).contains(&part), "{part}");
    assert_eq!(found(&world, "00000007 straße").total, 1);
    assert_eq!(found(&world, "00001007 straße").total, 1);
    world.change(|notes| notes.remove(&large_note(7)));
    let world = world.reopened();
    do_chores(&world);
    assert_eq!(rows(&world.raw()), LARGE - 1);
    assert_eq!(found(&world, "00000007 straße").total, 0);
    assert_eq!(found(&world, "00001007 straße").total, 1);
}

#[test]
fn nothing_of_a_deleted_account_is_left_in_the_file_of_the_trigrams() {
    let world = world_with_a_large_author();
    do_chores(&world);
    let terms = |raw: &Connection| -> u32 {
        raw.execute_batch("CREATE VIRTUAL TABLE IF NOT EXISTS temp.term USING fts5vocab(main, gram, row)")
            .unwrap();
        raw.query_row("SELECT count(*) FROM temp.term", [], |row| row.get(0)).unwrap()
    };
    assert!(terms(&world.raw()) > 1000);
    world.change(|notes| (0..LARGE).try_for_each(|number| notes.remove(&large_note(number))));
    world.store.forget_grams(ADA).unwrap();
    assert_eq!(terms(&world.raw()), 0);
}

#[test]
fn a_search_among_trigrams_seeks_the_author() {
    let world = World::new();
    let plan: Vec<String> = world
        .raw()
        .prepare(
            "EXPLAIN QUERY PLAN
             SELECT note.number
             FROM gram CROSS JOIN note ON note.number = gram.rowid
             WHERE gram MATCH '\"abc\"' AND gram.rowid >= 1 << 32 AND gram.rowid < 2 << 32 AND note.archived = 0",
        )
        .unwrap()
        .query_map([], |row| row.get(3))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    // M is the match, > and < the range of rowids (fts5_main.c, fts5BestIndexMethod).
    assert!(
        plan[0].contains("VIRTUAL TABLE INDEX 0:") && plan[0].contains('>') && plan[0].contains('<'),
        "{plan:?}"
    );
    assert!(plan[1].contains("INTEGER PRIMARY KEY"), "{plan:?}");
}
