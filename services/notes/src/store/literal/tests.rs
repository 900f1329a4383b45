//! The literal search against a scan in memory: many scripts, writes in between, and several callers at once.

mod texts;

use std::cmp::Reverse;

use chassis::clock::Timestamp;
use chassis::entropy::{Entropy, Stream};
use chassis::page::Page;

use super::super::tests::{ADA, BEN, World, note, text};
use super::*;
use crate::note::{Edit, Note, Place, Title};

/// Random searches on every change, and in a long run.
const SEARCHES: [u32; 2] = [10_000, 300_000];
/// Notes of an author at most: enough for several pages, few enough for as many scans.
const NOTES_MAX: usize = 150;
const TAGS: [&str; 3] = ["work", "Work", "仕事"];

#[expect(
    clippy::disallowed_methods,
    reason = "the size of a proof is a setting of the test run, not of the product"
)]
fn searches() -> u32 {
    let is_full = std::env::var("SATCHEL_PROOF").is_ok_and(|size| size == "full");
    SEARCHES[usize::from(is_full)]
}

/// A store, what should be in it, and what happens next.
struct Run {
    world: World,
    notes: Vec<Note>,
    dice: Stream,
    written: u64,
}

impl Run {
    fn one_of<'a, T>(&self, all: &'a [T]) -> &'a T {
        &all[self.dice.below(u32::try_from(all.len()).unwrap()) as usize]
    }

    fn author(&self) -> AccountId {
        *self.one_of(&[ADA, ADA, ADA, BEN])
    }

    fn new_note(&mut self) -> Note {
        self.written += 1;
        let mut note = note(self.author(), self.written);
        note.draft.title = Title::new(text(&texts::title(&self.dice))).unwrap();
        note.draft.content = text(&texts::content(&self.dice));
        note.draft.tags = vec![text(self.one_of::<&str>(&TAGS))];
        note.draft.is_archived = self.dice.below(5) == 0;
        note.draft.is_pinned = self.dice.below(5) == 0;
        note.updated_at = Timestamp::from_millis(i64::from(self.dice.below(50)));
        note
    }

    fn change(&mut self) {
        match self.dice.below(20) {
            0..10 if self.notes.len() < NOTES_MAX => {
                let note = self.new_note();
                assert!(self.world.insert(note.clone()));
                self.notes.push(note);
            }
            0..13 if !self.notes.is_empty() => {
                let place = self.dice.below(u32::try_from(self.notes.len()).unwrap()) as usize;
                let note = self.notes.swap_remove(place);
                self.world.change(move |notes| notes.remove(&note));
            }
            13..19 if !self.notes.is_empty() => {
                let place = self.dice.below(u32::try_from(self.notes.len()).unwrap()) as usize;
                let before = self.notes[place].clone();
                let edit = Edit {
                    content: (self.dice.below(2) == 0).then(|| text(&texts::content(&self.dice))),
                    is_archived: (self.dice.below(4) == 0).then_some(!before.draft.is_archived),
                    is_pinned: (self.dice.below(4) == 0).then_some(!before.draft.is_pinned),
                    ..Edit::default()
                };
                let after = before.edited(edit, Timestamp::from_millis(i64::from(self.dice.below(50))));
                self.notes[place] = after.clone();
                self.world.change(move |notes| notes.replace(&before, &after));
            }
            _ => {}
        }
    }

    fn listing(&self) -> Listing {
        let source = self.notes.get(self.dice.below(u32::try_from(NOTES_MAX).unwrap()) as usize);
        let needle = texts::needle(&self.dice, source.map(|note| &note.draft));
        Listing {
            is_archived: self.dice.below(5) == 0,
            tag: (self.dice.below(4) == 0).then(|| text(self.one_of::<&str>(&TAGS))),
            search: Search::new(text(&needle)),
            page: *self.one_of(&[Page::new(1, 10), Page::new(2, 3), Page::new(1, 1000)]),
        }
    }

    /// The definition: every note of the author is held against the needle.
    fn naive(&self, author: AccountId, listing: &Listing) -> Listed {
        let mut needle = listing.search.as_ref().unwrap().needle();
        let mut notes: Vec<&Note> = self.notes.iter().filter(|note| note.author == author).collect();
        notes.retain(|note| note.draft.is_archived == listing.is_archived);
        notes.retain(|note| listing.tag.as_ref().is_none_or(|tag| note.draft.tags.contains(tag)));
        notes.retain(|note| needle.is_in(note.draft.title.as_str(), note.draft.content.as_str()));
        notes.sort_by_key(|note| Place {
            is_pinned: Reverse(note.draft.is_pinned),
            updated_at: Reverse(note.updated_at),
            id: note.id,
        });
        let [offset, limit] =
            [listing.page.offset(), listing.page.limit()].map(|count| usize::try_from(count).unwrap());
        let page = notes.iter().skip(offset).take(limit).map(|note| (*note).clone()).collect();
        Listed { notes: page, total: notes.len() as u64 }
    }
}

#[test]
fn every_search_is_what_a_scan_says_whatever_is_written_in_between() {
    let dice = Entropy::seeded(4).stream("test", "literal search");
    let mut run = Run { world: World::new(), notes: Vec::new(), dice, written: 0 };
    let (mut hits, mut reopened) = (0, 0);
    for search in 0..searches() {
        for _ in 0..run.dice.below(3) {
            run.change();
        }
        if search % 500 == 499 {
            run.world = run.world.reopened();
            reopened += 1;
        }
        let (author, listing) = (run.author(), run.listing());
        let expected = run.naive(author, &listing);
        hits += u64::from(expected.total > 0);
        assert_eq!(run.world.page(author, &listing), expected, "search {search}: {listing:?}");
    }
    println!("literal search: {} searches like a scan, {hits} with hits, {reopened} reopenings", searches());
    assert!(hits > u64::from(searches() / 4));
}

#[test]
fn a_copy_is_at_hand_from_the_first_search_to_the_next_write_of_its_author() {
    let world = World::new();
    let listing =
        Listing { is_archived: false, tag: None, search: Search::new(text("a")), page: Page::new(1, 10) };
    for round in 0..3 {
        assert!(world.insert(note(ADA, round)));
        assert_eq!(world.at_hand(ADA, &listing), None, "round {round}");
        let found = world.page(ADA, &listing);
        assert!(world.insert(note(BEN, 10 + round)));
        assert_eq!(world.at_hand(ADA, &listing), Some(found));
    }
    assert_eq!(world.at_hand(ADA, &Listing { search: None, ..listing }), None);
}

#[test]
fn callers_at_once_each_find_their_own_last_write_and_nothing_that_they_deleted() {
    const CALLERS: u64 = 4;
    const ROUNDS: u64 = 250;
    let world = World::new();
    std::thread::scope(|scope| {
        for caller in 0..CALLERS {
            let world = &world;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let mut written = note(ADA, caller * ROUNDS + round);
                    written.draft.content = text(&format!("«{caller}/{round}»"));
                    let listing = Listing {
                        is_archived: written.draft.is_archived,
                        tag: None,
                        search: Search::new(written.draft.content.clone()),
                        page: Page::new(1, 10),
                    };
                    assert!(world.insert(written.clone()));
                    let found = Listed { notes: vec![written.clone()], total: 1 };
                    assert_eq!(world.page(ADA, &listing), found);
                    world.change(move |notes| notes.remove(&written));
                    assert_eq!(world.page(ADA, &listing), Listed::default());
                }
            });
        }
    });
}
