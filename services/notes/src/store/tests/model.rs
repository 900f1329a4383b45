//! The store against a list in memory, under random operations.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::folding::Needle;
use crate::listing::Search;
use crate::note::{Edit, Place};

/// Few enough that they meet: two authors, and these many notes, tags and instants.
const NOTES: u64 = 12;
const TAGS: [&str; 4] = ["", "a", "A", "ä b"];
const TITLES: [&str; 4] = ["Straße", "STRASSE", "ΣΊΣΥΦΟΣ", "100%"];

#[derive(Clone, Debug)]
enum Operation {
    Insert(Note),
    Edit(AccountId, NoteId, Edit, Timestamp),
    Remove(AccountId, NoteId),
    Purge(AccountId),
    Reopen,
}

fn an_author() -> impl Strategy<Value = AccountId> {
    prop_oneof![Just(ADA), Just(BEN)]
}

fn an_id() -> impl Strategy<Value = NoteId> {
    (0..NOTES).prop_map(|number| note(ADA, number).id)
}

fn an_instant() -> impl Strategy<Value = Timestamp> {
    (0..4_i64).prop_map(Timestamp::from_millis)
}

fn some_tags() -> impl Strategy<Value = Vec<Text>> {
    proptest::collection::vec(proptest::sample::select(&TAGS[..]).prop_map(text), 0..4)
}

fn a_draft() -> impl Strategy<Value = Draft> {
    let title = proptest::sample::select(&TITLES[..]).prop_map(|title| Title::new(text(title)).unwrap());
    (title, some_tags(), any::<bool>(), any::<bool>()).prop_map(|(title, tags, is_pinned, is_archived)| {
        Draft { title, tags, is_pinned, is_archived, ..note(ADA, 0).draft }
    })
}

fn an_edit() -> impl Strategy<Value = Edit> {
    let flag = || proptest::option::of(any::<bool>());
    (proptest::option::of(some_tags()), flag(), flag()).prop_map(|(tags, is_pinned, is_archived)| Edit {
        tags,
        is_pinned,
        is_archived,
        ..Edit::default()
    })
}

fn an_operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        6 => (an_id(), an_author(), a_draft(), an_instant())
            .prop_map(|(id, author, draft, now)| Operation::Insert(Note::new(id, author, draft, now))),
        4 => (an_author(), an_id(), an_edit(), an_instant())
            .prop_map(|(author, id, edit, now)| Operation::Edit(author, id, edit, now)),
        2 => (an_author(), an_id()).prop_map(|(author, id)| Operation::Remove(author, id)),
        1 => an_author().prop_map(Operation::Purge),
        1 => Just(Operation::Reopen),
    ]
}

/// What the store should hold.
type Model = BTreeMap<NoteId, Note>;

fn apply(world: World, model: &mut Model, operation: Operation) -> World {
    match operation {
        Operation::Insert(note) => {
            let is_new = !model.contains_key(&note.id);
            model.entry(note.id).or_insert_with(|| note.clone());
            assert_eq!(world.insert(note), is_new);
        }
        Operation::Edit(author, id, edit, now) => {
            if let Some(note) = model.get_mut(&id).filter(|note| note.author == author) {
                let (before, after) = (note.clone(), note.edited(edit, now));
                *note = after.clone();
                world.change(move |notes| notes.replace(&before, &after));
            }
        }
        Operation::Remove(author, id) => {
            if model.get(&id).is_some_and(|note| note.author == author) {
                let note = model.remove(&id).unwrap();
                world.change(move |notes| notes.remove(&note));
            }
        }
        Operation::Purge(author) => {
            model.retain(|_, note| note.author != author);
            world.change(move |notes| {
                notes.some_notes(author, 1000)?.iter().try_for_each(|note| notes.remove(note))
            });
        }
        Operation::Reopen => return world.reopened(),
    }
    world
}

/// The definition of a list: filter, sort, cut.
fn naive_page(model: &Model, author: AccountId, listing: &Listing) -> Listed {
    let mut needle = listing.search.as_ref().map(Search::needle);
    let mut holds = |note: &Note| {
        let draft = &note.draft;
        needle
            .as_mut()
            .is_none_or(|needle: &mut Needle| needle.is_in(draft.title.as_str(), draft.content.as_str()))
    };
    let mut notes: Vec<Note> = model
        .values()
        .filter(|note| note.author == author && note.draft.is_archived == listing.is_archived)
        .filter(|note| listing.tag.as_ref().is_none_or(|tag| note.draft.tags.contains(tag)))
        .filter(|note| holds(note))
        .cloned()
        .collect();
    notes.sort_by_key(|note| Place {
        is_pinned: Reverse(note.draft.is_pinned),
        updated_at: Reverse(note.updated_at),
        id: note.id,
    });
    let total = notes.len() as u64;
    let from = usize::try_from(listing.page.offset()).unwrap();
    let limit = usize::try_from(listing.page.limit()).unwrap();
    Listed { notes: notes.into_iter().skip(from).take(limit).collect(), total }
}

fn listings() -> Vec<Listing> {
    let tags = || std::iter::once(None).chain(TAGS.map(text).map(Some));
    let searches = || ["", "strasse", "SS", "σίσυφος", "%", "köln"].map(|search| Search::new(text(search)));
    let pages = [Page::new(1, 3), Page::new(2, 3), Page::new(1, 1000)];
    let mut listings = Vec::new();
    for is_archived in [false, true] {
        for tag in tags() {
            for search in std::iter::once(None).chain(searches()) {
                for page in pages {
                    listings.push(Listing { is_archived, tag: tag.clone(), search: search.clone(), page });
                }
            }
        }
    }
    listings
}

/// How many of the notes have each of the names that `names` gives, the most frequent first, then by name.
fn naive_counts(
    model: &Model,
    author: AccountId,
    is_archived: bool,
    names: impl Fn(&Draft) -> Vec<&str>,
) -> Vec<(String, u64)> {
    let mut counts = BTreeMap::new();
    for note in model.values().filter(|note| note.author == author && note.draft.is_archived == is_archived) {
        let different: BTreeSet<_> = names(&note.draft).into_iter().collect();
        for name in different {
            *counts.entry(name.to_owned()).or_insert(0) += 1;
        }
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    counts
}

fn counted_titles(world: &World, author: AccountId, is_archived: bool) -> Vec<(String, u64)> {
    let mut counts = BTreeMap::new();
    let each = |title: &str| *counts.entry(title.to_owned()).or_insert(0) += 1;
    let told: Result<_, StoreError> = world.store.view(|notes| notes.titles(author, is_archived, 1000, each));
    told.unwrap();
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    counts
}

fn counted_tags(world: &World, author: AccountId, is_archived: bool) -> Vec<(String, u64)> {
    let tags: Result<_, StoreError> = world.store.view(|notes| notes.tags(author, is_archived, 1000));
    tags.unwrap()
}

/// What the counters and the tag rows say must be what a count says.
fn consistent(world: &World) {
    let wrong: u32 = world
        .raw()
        .query_row(
            "SELECT (SELECT count(*) FROM author a
                     WHERE active <> (SELECT count(*) FROM note WHERE author = a.number AND archived = 0)
                        OR archived <> (SELECT count(*) FROM note WHERE author = a.number AND archived = 1)
                        OR bytes <> (SELECT coalesce(sum(octet_length(title) + octet_length(content) + 80), 0)
                                     FROM note WHERE author = a.number))
                  + (SELECT count(*) FROM tag t LEFT JOIN note n
                       ON n.number = t.note AND n.author = t.author AND n.archived = t.archived
                      AND n.pinned = t.pinned AND n.updated = t.updated AND n.id = t.id
                     WHERE n.number IS NULL)
                  + (SELECT count(*) FROM note n
                     WHERE (SELECT count(*) FROM tag WHERE note = n.number)
                        <> (SELECT count(DISTINCT value) FROM json_each(n.tags)))
                  + (SELECT count(*) FROM label l
                     WHERE notes <> (SELECT count(*) FROM tag t
                                     WHERE t.author = l.author AND t.archived = l.archived AND t.tag = l.tag)
                        OR notes = 0)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(wrong, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_list_is_what_its_definition_says(operations in proptest::collection::vec(an_operation(), 1..40)) {
        let (mut world, mut model) = (World::new(), Model::new());
        for operation in operations {
            world = apply(world, &mut model, operation);
        }
        consistent(&world);
        for author in [ADA, BEN] {
            for listing in listings() {
                let naive = naive_page(&model, author, &listing);
                prop_assert_eq!(world.page(author, &listing), naive.clone());
                prop_assert_eq!(world.scanned(author, &listing), naive);
            }
            for is_archived in [false, true] {
                let tags = naive_counts(&model, author, is_archived, |draft| {
                    draft.tags.iter().map(Text::as_str).collect()
                });
                prop_assert_eq!(counted_tags(&world, author, is_archived), tags);
                let titles = naive_counts(&model, author, is_archived, |draft| vec![draft.title.as_str()]);
                prop_assert_eq!(counted_titles(&world, author, is_archived), titles);
            }
        }
    }
}
