//! Random changes, random queries, and an index that lags, is opened again or is built anew in between.

use std::collections::BTreeMap;

use super::*;
use crate::note::Edit;

/// What there should be, by author.
type Model = BTreeMap<AccountId, BTreeMap<NoteId, Note>>;

/// What happened.
#[derive(Debug, Default)]
struct Run {
    queries: usize,
    found: u64,
    corrected: usize,
    lagging: usize,
    building: usize,
    reopened: usize,
}

fn a_note(writer: &Writer, model: &Model, author: AccountId) -> Option<Note> {
    let notes = model.get(&author)?;
    notes.values().nth(writer.below(notes.len().max(1))).cloned()
}

fn write(world: &World, writer: &Writer, model: &mut Model) {
    let author = if writer.one_in(3) { BEN } else { ADA };
    // Some changes share their instant, so that ties are decided by what is behind it.
    world.now.set(world.now.get() + i64::try_from(writer.below(3)).unwrap());
    let now = Timestamp::from_millis(world.now.get());
    let before = a_note(writer, model, author);
    let notes = model.entry(author).or_default();
    match (writer.below(10), before) {
        (0..5, _) | (_, None) => {
            let note = writer.note(author, world.now.get());
            notes.insert(note.id, note.clone());
            world.insert(note);
        }
        (5..8, Some(before)) => {
            let Draft { title, content, tags, is_pinned, is_archived, .. } = writer.draft();
            let edit = Edit {
                title: writer.one_in(2).then_some(title),
                content: writer.one_in(2).then_some(content),
                tags: writer.one_in(2).then_some(tags),
                is_pinned: writer.one_in(2).then_some(is_pinned),
                is_archived: writer.one_in(2).then_some(is_archived),
                background_color: None,
            };
            let after = before.edited(edit, now);
            notes.insert(after.id, after.clone());
            world.change(move |notes| notes.replace(&before, &after));
        }
        (_, Some(before)) => {
            notes.remove(&before.id);
            world.change(move |notes| notes.remove(&before));
        }
    }
}

fn check(world: &World, writer: &Writer, model: &Model, run: &mut Run) {
    let author = if writer.one_in(3) { BEN } else { ADA };
    let wanted = writer.wanted();
    let expected = oracle::found(model.get(&author).unwrap_or(&BTreeMap::new()), &wanted);
    let gauges = world.store.view(|notes| world.index.gauges(notes)).unwrap();
    let found = world.find(author, &wanted);
    assert_eq!(found, expected, "for {wanted:#?} with {gauges:?}");
    run.queries += 1;
    run.found += u64::from(found.total > 0);
    run.corrected += usize::from(found.query != wanted.query);
    run.lagging += usize::from(gauges.lag > 0);
    run.building += usize::from(gauges.percent < 100);
}

async fn go_through(seed: u64, queries: usize) -> Run {
    let (mut world, writer) = (World::new(), Writer::new(seed));
    let (mut model, mut run) = (Model::new(), Run::default());
    while run.queries < queries {
        for _ in 0..writer.below(6) {
            write(&world, &writer, &mut model);
        }
        match writer.below(40) {
            0 => world.index.rebuild(),
            1 => {
                world = world.reopened();
                run.reopened += 1;
            }
            2..20 => {
                tokio::time::advance(std::time::Duration::from_secs(1)).await;
                world.indexer.turn();
            }
            _ => {}
        }
        for _ in 0..writer.below(8) {
            check(&world, &writer, &model, &mut run);
        }
    }
    world.settle().await;
    assert!(!world.index.is_wrong(&world.store).unwrap(), "the index has other notes in the end");
    run
}

#[tokio::test(start_paused = true)]
async fn every_answer_is_that_of_a_look_at_all_notes() {
    // Several worlds instead of a large one: the definition takes its time.
    for seed in 0..size(1, 6) {
        let run = go_through(4 + seed as u64, 2_000).await;
        println!("index: {run:?}, all answers as without it");
        assert!(run.found > 500 && run.corrected > 20, "{run:?}");
        assert!(run.lagging > 500 && run.building > 50 && run.reopened > 5, "{run:?}");
    }
}
