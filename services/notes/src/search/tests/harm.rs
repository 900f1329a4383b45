//! Kills between the two commits, and files damaged at random places.

use std::collections::BTreeMap;
use std::fs;

use super::*;
use crate::note::Edit;

fn change(world: &World, writer: &Writer, notes: &mut BTreeMap<NoteId, Note>) {
    world.now.set(world.now.get() + 1);
    let now = Timestamp::from_millis(world.now.get());
    let before = notes.values().nth(writer.below(notes.len().max(1))).cloned();
    match before.filter(|_| writer.one_in(2)) {
        Some(before) if writer.one_in(3) => {
            notes.remove(&before.id);
            world.change(move |notes| notes.remove(&before));
        }
        Some(before) => {
            let edit = Edit { content: Some(writer.draft().content), ..Edit::default() };
            let after = before.edited(edit, now);
            notes.insert(after.id, after.clone());
            world.change(move |notes| notes.replace(&before, &after));
        }
        None => {
            let note = writer.note(ADA, world.now.get());
            notes.insert(note.id, note.clone());
            world.insert(note);
        }
    }
}

fn check(world: &World, writer: &Writer, notes: &BTreeMap<NoteId, Note>) {
    for _ in 0..3 {
        let wanted = writer.wanted();
        assert_eq!(world.find(ADA, &wanted), oracle::found(notes, &wanted), "{wanted:?}");
    }
}

/// A copy of everything as it is on the disk now: what a kill at this moment would leave.
fn killed(world: &World) -> World {
    let commit = || fs::read(world.dir.path().join("index/meta.json")).ok();
    loop {
        // A merge that ends meanwhile takes away files that the copy names.
        let before = commit();
        let copy = copied(world);
        if commit() == before {
            return World { now: world.now.clone(), ..World::open(copy) };
        }
    }
}

fn copied(world: &World) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for folder in ["", "index"] {
        let (from, to) = (world.dir.path().join(folder), copy.path().join(folder));
        fs::create_dir_all(&to).unwrap();
        for file in fs::read_dir(from).into_iter().flatten().map(Result::unwrap) {
            let is_lock = file.file_name().to_string_lossy().ends_with("lock");
            if file.file_type().unwrap().is_file() && !is_lock {
                let _removed_by_a_merge = fs::copy(file.path(), to.join(file.file_name()));
            }
        }
    }
    copy
}

#[tokio::test(start_paused = true)]
async fn after_a_kill_between_the_two_commits_the_sets_are_equal() {
    let (kills, writer) = (size(25, 200), Writer::new(21));
    let (mut world, mut notes) = (World::new(), BTreeMap::new());
    let (mut behind, mut rebuilt) = (0, 0);
    for _ in 0..kills {
        for _ in 0..=writer.below(6) {
            change(&world, &writer, &mut notes);
        }
        // The writer may have taken some of it, all of it, or nothing; it has not committed the last change.
        for _ in 0..writer.below(3) {
            if writer.one_in(2) {
                tokio::time::advance(std::time::Duration::from_secs(1)).await;
            }
            world.indexer.turn();
        }
        change(&world, &writer, &mut notes);
        behind += usize::from(world.store.view(|notes| world.index.gauges(notes)).unwrap().lag > 0);
        world = killed(&world);
        check(&world, &writer, &notes);
        world.settle().await;
        rebuilt += world.index.shared.builds();
        assert!(!world.index.is_wrong(&world.store).unwrap(), "the sets differ after the restart");
        check(&world, &writer, &notes);
    }
    println!(
        "index: {kills} kills between the commits, {behind} with the index behind, sets equal after each, {rebuilt} builds"
    );
    assert_eq!(behind, kills);
    assert!(rebuilt <= 1, "what was committed was not lost");
}

#[tokio::test(start_paused = true)]
async fn damage_at_any_place_is_found_and_the_index_is_built_again() {
    let (damages, writer) = (size(30, 200), Writer::new(22));
    let (mut world, mut notes) = (World::new(), BTreeMap::new());
    for _ in 0..60 {
        change(&world, &writer, &mut notes);
        if writer.one_in(15) {
            world.settle().await;
        }
    }
    world.settle().await;
    let mut found = 0;
    for _ in 0..damages {
        let hurt = killed(&world);
        damage(&hurt, &writer);
        let mut hurt = hurt.reopened();
        check(&hurt, &writer, &notes);
        hurt.settle().await;
        assert!(!hurt.index.is_wrong(&hurt.store).unwrap());
        check(&hurt, &writer, &notes);
        found += usize::try_from(hurt.index.shared.builds()).unwrap();
    }
    let harmless = damages - found;
    println!(
        "index: {damages} damages at random places, {found} found and mended, {harmless} changed nothing that is read"
    );
    assert!(found * 10 > damages * 8, "no wrong answer, but why was so much not noticed?");
}

/// Flips a byte, cuts, empties or removes a file that the last commit is made of.
fn damage(world: &World, writer: &Writer) {
    let folder = world.dir.path().join("index");
    let commit = fs::read_to_string(folder.join("meta.json")).unwrap().replace('-', "");
    let is_read = |file: &String| {
        let name = file.split('.').next().unwrap_or_default();
        file == "meta.json" || !name.is_empty() && commit.contains(name)
    };
    let files = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<_> = files.filter(is_read).collect();
    files.sort();
    let file = folder.join(&files[writer.below(files.len())]);
    let mut content = fs::read(&file).unwrap();
    let at = writer.below(content.len().max(1));
    match writer.below(6) {
        0 => return fs::remove_file(file).unwrap(),
        1 => content.truncate(at),
        2 => content.clear(),
        _ => {
            if let Some(byte) = content.get_mut(at) {
                *byte ^= 1 << writer.below(8);
            }
        }
    }
    fs::write(file, content).unwrap();
}
