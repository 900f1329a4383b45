//! What becomes of the index when it is lost, damaged, overtaken or left behind: every answer stays right, and in the
//! end it has the notes again.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::*;

/// Notes of one author, and what a few queries find among them.
struct Shelf {
    world: World,
    notes: BTreeMap<NoteId, Note>,
    writer: Writer,
}

impl Shelf {
    async fn new(seed: u64, notes: usize) -> Self {
        let mut shelf = Self { world: World::new(), notes: BTreeMap::new(), writer: Writer::new(seed) };
        shelf.write(notes);
        shelf.world.settle().await;
        shelf
    }

    fn write(&mut self, notes: usize) {
        for _ in 0..notes {
            let note = self.writer.note(ADA, self.world.now.get());
            self.notes.insert(note.id, note.clone());
            self.world.insert(note);
        }
    }

    fn reopened(self) -> Self {
        Self { world: self.world.reopened(), ..self }
    }

    /// Holds some answers against the notes.
    fn check(&self) {
        for _ in 0..10 {
            let wanted = self.writer.wanted();
            assert_eq!(self.world.find(ADA, &wanted), oracle::found(&self.notes, &wanted), "{wanted:?}");
        }
    }

    async fn settle(&mut self) {
        self.world.settle().await;
        assert!(!self.world.index.is_wrong(&self.world.store).unwrap());
        assert!(self.world.index.search().snapshot.coverage.is_whole());
        self.check();
    }

    fn folder(&self) -> PathBuf {
        self.world.dir.path().join("index")
    }

    fn builds(&self) -> u64 {
        self.world.index.shared.builds()
    }
}

#[tokio::test(start_paused = true)]
async fn an_index_is_taken_up_again_as_it_was_left() {
    let shelf = Shelf::new(1, 40).await;
    assert_eq!(shelf.builds(), 1);
    let mut shelf = shelf.reopened();
    shelf.write(3);
    shelf.check();
    shelf.settle().await;
    assert_eq!(shelf.builds(), 0, "nothing was wrong with it");
}

#[tokio::test(start_paused = true)]
async fn a_new_world_has_no_folder_before_the_first_note() {
    let mut world = World::new();
    assert_eq!(world.indexer.turn(), Next::Wait(None));
    assert!(!world.dir.path().join("index").exists());
    assert_eq!(world.find(ADA, &Writer::new(1).wanted()).total, 0);
}

#[tokio::test(start_paused = true)]
async fn the_writer_is_closed_when_there_is_nothing_to_do() {
    let mut shelf = Shelf::new(2, 10).await;
    let lock = || shelf.folder().join(".tantivy-writer.lock");
    assert!(lock().exists());
    let locked = lock();
    for _ in 0..20 {
        tokio::time::advance(Duration::from_secs(1)).await;
        shelf.world.indexer.turn();
    }
    assert_eq!(shelf.world.indexer.turn(), Next::Wait(None));
    assert!(!fs::File::open(locked).is_ok_and(|file| file.try_lock().is_err()), "somebody has the lock");
}

#[tokio::test(start_paused = true)]
async fn many_notes_in_a_row_are_taken_up_together_and_at_once_when_searches_have_to_read_them() {
    let mut shelf = Shelf::new(11, 10).await;
    let lag = |shelf: &Shelf| {
        let gauges: Result<_, StoreError> = shelf.world.store.view(|notes| shelf.world.index.gauges(notes));
        gauges.unwrap().lag
    };
    tokio::time::advance(Duration::from_mins(1)).await;
    shelf.write(1);
    shelf.world.indexer.turn();
    assert_eq!(lag(&shelf), 0, "the first after a while does not wait");
    shelf.write(100);
    tokio::time::advance(Duration::from_millis(150)).await;
    assert!(matches!(shelf.world.indexer.turn(), Next::Pause(_)));
    assert_eq!(lag(&shelf), 100);
    shelf.check();
    shelf.world.indexer.turn();
    assert_eq!(lag(&shelf), 0, "somebody has searched");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_cut_short_while_it_is_used_is_built_again() {
    let mut shelf = Shelf::new(12, 400).await;
    let mut cut = 0;
    for file in fs::read_dir(shelf.folder()).unwrap() {
        let file = fs::OpenOptions::new().write(true).open(file.unwrap().path()).unwrap();
        file.set_len(file.metadata().unwrap().len() / 2).unwrap();
        cut += 1;
    }
    assert!(cut > 5, "there are {cut} files");
    shelf.check();
    assert_eq!(shelf.world.index.search().snapshot.documents(), 0, "the damage was seen");
    shelf.settle().await;
    assert_eq!(shelf.builds(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_folder_that_is_deleted_at_rest_is_built_again() {
    let shelf = Shelf::new(3, 40).await;
    fs::remove_dir_all(shelf.folder()).unwrap();
    let mut shelf = shelf.reopened();
    shelf.check();
    shelf.settle().await;
    assert_eq!(shelf.builds(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_folder_that_is_deleted_while_it_is_used_is_built_again() {
    let mut shelf = Shelf::new(4, 40).await;
    fs::remove_dir_all(shelf.folder()).unwrap();
    shelf.check();
    assert!(shelf.world.index.is_wrong(&shelf.world.store).unwrap());
    shelf.write(5);
    shelf.check();
    shelf.settle().await;
    assert!(shelf.builds() == 2 && shelf.folder().exists());
}

#[tokio::test(start_paused = true)]
async fn an_index_of_another_version_is_built_again() {
    for (before, after) in [("\"payload\": \"1 ", "\"payload\": \"2 "), ("\"content\"", "\"contents\"")] {
        let shelf = Shelf::new(5, 20).await;
        let meta = shelf.folder().join("meta.json");
        let text = fs::read_to_string(&meta).unwrap();
        assert!(text.contains(before), "{text}");
        fs::write(&meta, text.replacen(before, after, 1)).unwrap();
        let mut shelf = shelf.reopened();
        shelf.settle().await;
        assert_eq!(shelf.builds(), 1);
    }
}

/// The database and what has not been put into it yet.
const DATABASE: [&str; 3] = ["notes.db", "notes.db-wal", "history"];

/// Takes the database back to an earlier copy, with the index left as it is.
fn back_to(shelf: Shelf, copy: [Vec<u8>; 3], notes: BTreeMap<NoteId, Note>) -> Shelf {
    let Shelf { world: World { indexer, index, store, dir, .. }, writer, .. } = shelf;
    drop((indexer, index, store));
    let _absent = fs::remove_file(dir.path().join("notes.db-shm"));
    for (file, content) in DATABASE.iter().zip(copy) {
        fs::write(dir.path().join(file), content).unwrap();
    }
    Shelf { world: World::open(dir), notes, writer }
}

#[tokio::test(start_paused = true)]
async fn a_database_that_was_put_back_is_recognised_even_when_its_numbers_have_caught_up() {
    for catches_up in [false, true] {
        let mut shelf = Shelf::new(6, 30).await.reopened();
        let copy = DATABASE.map(|file| fs::read(shelf.world.dir.path().join(file)).unwrap_or_default());
        let before = shelf.notes.clone();
        shelf.write(10);
        shelf.settle().await;
        let mut shelf = back_to(shelf, copy, before);
        if catches_up {
            shelf.write(15);
        }
        shelf.check();
        shelf.settle().await;
        assert_eq!(shelf.builds(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_index_that_is_too_far_behind_is_built_again() {
    let mut shelf = Shelf::new(7, 20).await;
    shelf.write(5);
    shelf.world.store.plant("DELETE FROM change WHERE seq <= (SELECT max(seq) - 2 FROM change)");
    shelf.check();
    shelf.settle().await;
    assert_eq!(shelf.builds(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_note_that_changed_behind_our_back_is_found_by_the_doctor() {
    let mut shelf = Shelf::new(8, 20).await;
    shelf
        .world
        .store
        .plant("UPDATE note SET updated = updated + 1 WHERE number = (SELECT min(number) FROM note)");
    assert!(shelf.world.index.is_wrong(&shelf.world.store).unwrap());
    shelf.world.index.rebuild();
    assert!(!shelf.world.index.is_wrong(&shelf.world.store).unwrap(), "what is being built is not wrong");
    shelf.world.settle().await;
    assert!(!shelf.world.index.is_wrong(&shelf.world.store).unwrap());
}

#[tokio::test(start_paused = true)]
async fn tags_too_long_for_a_term_are_found_all_the_same() {
    let mut shelf = Shelf::new(9, 10).await;
    let long = text(&"ﷺ".repeat(7000));
    let mut note = shelf.writer.note(ADA, 5);
    note.draft.tags = vec![long.clone()];
    note.draft.is_archived = false;
    shelf.notes.insert(note.id, note.clone());
    shelf.world.insert(note);
    shelf.settle().await;
    for tag in [Some(long), None] {
        let wanted = Wanted { tag, is_archived: false, ..shelf.writer.wanted() };
        let wanted = Wanted { query: crate::ranked::Query::default(), ..wanted };
        let found = shelf.world.find(ADA, &wanted);
        assert_eq!(found, oracle::found(&shelf.notes, &wanted));
        assert!(found.tags.iter().any(|(tag, _)| tag.len() > 20_000));
    }
}

#[tokio::test(start_paused = true)]
async fn while_it_is_built_those_who_ask_come_first() {
    let mut shelf = Shelf::new(10, 0).await;
    for number in 0..2500 {
        let author = AccountId::from_bytes([u8::try_from(3 + number / 500).unwrap(); 12]);
        shelf.world.insert(shelf.writer.note(author, number));
    }
    shelf.write(5);
    let covers = |shelf: &Shelf| shelf.world.index.search().snapshot.coverage.has_author(6);
    shelf.check();
    for _ in 0..2 {
        shelf.world.indexer.turn();
    }
    assert!(covers(&shelf) && !shelf.world.index.search().snapshot.coverage.has_author(1));
    shelf.check();
    shelf.settle().await;
}

/// The terms of all fields, and the tags that are counted, that begin with one of the author's keys.
fn terms_of(index: &Index, author: i64) -> usize {
    let keys = [false, true].map(|is_archived| Key::new(author, is_archived));
    let mut found = 0;
    for part in &index.search().snapshot.parts {
        let fields = Folder::new(Path::new("")).fields;
        for field in [fields.title, fields.content, fields.mark] {
            let terms = part.reader.inverted_index(field).unwrap();
            for key in &keys {
                postings::each_term(&terms, key.whole(), |_, _| found += 1).unwrap();
            }
        }
        let names = part.reader.fast_fields().str("tags").unwrap();
        let mut names = names.as_ref().map(|names| names.dictionary().stream().unwrap()).unwrap();
        while names.advance() {
            found += usize::from(keys.iter().any(|key| names.key().starts_with(key.whole().as_bytes())));
        }
    }
    found
}

#[tokio::test(start_paused = true)]
async fn after_a_purge_and_the_next_merge_no_term_of_the_author_is_left() {
    let mut shelf = Shelf::new(11, 60).await;
    for number in 0..60 {
        shelf.world.insert(shelf.writer.note(BEN, number));
    }
    shelf.settle().await;
    let bens = shelf.world.store.view(|notes| notes.pile(BEN, false)).unwrap().unwrap().author;
    assert!(terms_of(&shelf.world.index, bens) > 50);
    shelf.world.change(|notes| {
        notes.raise(BEN, Standing::new(Rung::Deleted))?;
        notes.some_notes(BEN, 1000)?.iter().try_for_each(|note| notes.remove(note))
    });
    shelf.settle().await;
    let begun = Duration::from_secs(1);
    for _ in 0..200 {
        tokio::time::advance(begun).await;
        if shelf.world.indexer.turn() == Next::Wait(None) {
            break;
        }
        // Merges have threads of their own.
        thread::yield_now();
        shelf.world.index.shared.bell().wait(Some(Duration::from_millis(20)));
    }
    assert_eq!(terms_of(&shelf.world.index, bens), 0);
    shelf.settle().await;
}

/// Whether an index is wrong in the end that was committed in the middle of many changes while it was built.
#[cfg(feature = "simulation")]
async fn is_wrong_in_the_middle(bug: Option<&'static str>) -> bool {
    use std::rc::Rc;

    use chassis::simulation::{Director, Disk, Step, Verdict, direct};

    struct Planted(Option<&'static str>);

    impl Director for Planted {
        fn before(&self, _: Step) -> Verdict {
            Verdict::Go
        }

        fn after(&self, _: Step) -> Verdict {
            Verdict::Go
        }

        fn disk(&self, _: &Path) -> Disk {
            Disk::default()
        }

        fn has_bug(&self, name: &str) -> bool {
            self.0 == Some(name)
        }
    }

    let mut shelf = Shelf::new(12, 5).await;
    for number in 0..1200 {
        shelf.world.insert(shelf.writer.note(BEN, number));
    }
    shelf.world.index.rebuild();
    assert_eq!(shelf.world.indexer.turn(), Next::Turn, "the first author is covered and the second is not");
    shelf.write(1500);
    direct(Some(Rc::new(Planted(bug))));
    tokio::time::advance(Duration::from_mins(1)).await;
    assert_eq!(shelf.world.indexer.turn(), Next::Turn, "there is more than a batch");
    direct(None);
    shelf.world.settle().await;
    shelf.world.index.is_wrong(&shelf.world.store).unwrap()
}

#[cfg(feature = "simulation")]
#[tokio::test(start_paused = true)]
async fn a_mark_ahead_of_what_was_taken_up_does_not_pass() {
    assert!(is_wrong_in_the_middle(Some("the mark is ahead of what was taken up")).await);
    assert!(!is_wrong_in_the_middle(None).await);
}

#[test]
fn a_note_is_found_and_a_deleted_one_is_not_in_the_very_next_search() {
    use crate::ranked::{Clause, Query, Scope};

    let (rounds, writer) = (size(500, 10_000), Writer::new(13));
    let World { index, indexer, store, dir, now } = World::new();
    drop((index, indexer));
    // This one runs by itself, as in the service.
    let index = Index::open(dir.path(), Arc::clone(&store));
    let find = |word: &str| {
        // A beginning, because a word that no note has any more would be taken for a typo.
        let choices =
            vec![Term::Words { scope: Scope::Anywhere, words: vec![word.to_owned()], is_prefix: true }];
        let query = Query { clauses: vec![Clause { is_excluded: false, choices }] };
        let search = index.search();
        let wanted = Wanted { query, is_archived: false, tag: None, page: Page::new(1, 1) };
        store.view(|notes| search.find(notes, ADA, &wanted)).unwrap().total
    };
    for round in 0..rounds {
        let word = format!("w{round}x");
        let mut note = writer.note(ADA, now.get());
        note.draft = Draft { content: text(&word), is_archived: false, ..note.draft };
        let written = note.clone();
        let is_new: Result<bool, StoreError> = store.change("test", move |notes| {
            notes.raise(ADA, Standing::new(Rung::Active))?;
            notes.insert(&written)
        });
        assert!(is_new.unwrap());
        assert_eq!(find(&word), 1, "in round {round}");
        if writer.one_in(3) {
            let removed: Result<(), StoreError> = store.change("test", move |notes| notes.remove(&note));
            removed.unwrap();
            assert_eq!(find(&word), 0, "in round {round}");
        }
    }
    println!("index: {rounds} notes found in the next search, and none after its deletion");
}
