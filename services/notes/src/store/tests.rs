//! The store on a temporary directory, without a runtime.

mod bundle;
mod files;
mod group;
mod inbox;
mod model;

use chassis::clock::Timestamp;
use chassis::id::AccountId;
use chassis::page::Page;
use chassis::standing::{Rung, Standing};
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::listing::{Listed, Listing};
use crate::note::{Draft, Note, NoteId, Text, Title};

pub(in crate::store) const ADA: AccountId = AccountId::from_bytes([1; 12]);
pub(in crate::store) const BEN: AccountId = AccountId::from_bytes([2; 12]);

/// A store and the directory that it keeps its files in.
pub(in crate::store) struct World {
    pub(in crate::store) store: Store,
    dir: TempDir,
}

impl World {
    pub(in crate::store) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { store: Store::open(dir.path(), 4, false).unwrap(), dir }
    }

    pub(in crate::store) fn reopened(self) -> Self {
        let Self { store, dir } = self;
        drop(store);
        Self { store: Store::open(dir.path(), 4, false).unwrap(), dir }
    }

    /// A second connection to the database, for looks and harm that the store offers no way to.
    pub(in crate::store) fn raw(&self) -> Connection {
        Connection::open(self.dir.path().join("notes.db")).unwrap()
    }

    pub(in crate::store) fn insert(&self, note: Note) -> bool {
        let inserted = self.store.change("test", move |notes| {
            notes.raise(note.author, Standing::new(Rung::Active))?;
            notes.insert(&note)
        });
        inserted.unwrap_or_else(|error: StoreError| panic!("{error}"))
    }

    /// The page by whichever plan the store chooses, which is the one at hand if there is one.
    pub(in crate::store) fn page(&self, author: AccountId, listing: &Listing) -> Listed {
        let at_hand = self.at_hand(author, listing);
        let page: Result<_, StoreError> = self.store.list(author, listing, |_| Ok(()));
        let page = page.unwrap();
        assert_eq!(at_hand.as_ref().unwrap_or(&page), &page);
        page
    }

    /// The page from a copy that needs nothing done.
    pub(in crate::store) fn at_hand(&self, author: AccountId, listing: &Listing) -> Option<Listed> {
        let page: Result<_, StoreError> = self.store.list_at_hand(author, listing, |_| Ok(()));
        page.unwrap()
    }

    /// The page without any copy or index.
    pub(in crate::store) fn scanned(&self, author: AccountId, listing: &Listing) -> Listed {
        let page: Result<_, StoreError> = self.store.view(|notes| notes.page(author, listing));
        page.unwrap()
    }

    pub(in crate::store) fn change(
        &self,
        work: impl FnOnce(&Changes<'_>) -> Result<(), StoreError> + Send + 'static,
    ) {
        self.store.change("test", work).unwrap();
    }

    fn find(&self, note: &Note) -> Result<Option<Note>, StoreError> {
        self.store.view(|notes| notes.find(note.author, note.id))
    }
}

pub(in crate::store) fn text(text: &str) -> Text {
    Text::new(text.to_owned()).unwrap()
}

/// A note of `author` that is told from others by `number`.
pub(in crate::store) fn note(author: AccountId, number: u64) -> Note {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    let draft = Draft {
        title: Title::new(text(&format!("Note {number}"))).unwrap(),
        content: text("Grüße aus Köln"),
        tags: vec![text("b"), text("a"), text("b")],
        is_pinned: false,
        is_archived: false,
        background_color: Draft::default_background(),
    };
    Note::new(NoteId::from_bytes(id), author, draft, Timestamp::from_millis(1_000))
}

fn all() -> Listing {
    Listing { is_archived: false, tag: None, search: None, page: Page::new(1, 1000) }
}

#[test]
fn a_note_is_read_back_as_it_was_written_by_its_author_alone() {
    let world = World::new();
    let written = note(ADA, 1);
    assert!(world.insert(written.clone()));
    assert_eq!(world.find(&written).unwrap(), Some(written.clone()));
    assert_eq!(world.find(&Note { author: BEN, ..written }).unwrap(), None);
}

#[test]
fn an_id_is_given_once_and_the_first_note_keeps_it() {
    let world = World::new();
    let first = note(ADA, 1);
    world.insert(first.clone());
    assert!(!world.insert(Note { author: BEN, ..first.clone() }));
    assert_eq!(world.find(&first).unwrap(), Some(first));
    assert_eq!(world.page(BEN, &all()).total, 0);
}

#[test]
fn an_author_is_known_from_the_first_news_on_and_only_rises() {
    let world = World::new();
    let raise = |rung, epoch| {
        let news = Standing { generation: 0, rung, epoch };
        let standing: Result<_, StoreError> = world.store.change("test", move |notes| notes.raise(ADA, news));
        standing.unwrap()
    };
    let known = || {
        let standing: Result<_, StoreError> = world.store.view(|notes| notes.standing(ADA));
        standing.unwrap()
    };
    assert_eq!(known(), None);
    raise(Rung::Disabled, 1);
    raise(Rung::Active, 2);
    assert_eq!(known(), Some(Standing { generation: 0, rung: Rung::Disabled, epoch: 2 }));
}

#[test]
fn changes_are_numbered_and_the_oldest_go() {
    let world = World::new();
    let removed = note(ADA, 1);
    world.insert(removed.clone());
    world.insert(note(ADA, 2));
    world
        .store
        .change("test", move |notes| notes.remove(&removed))
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
    let raw = world.raw();
    let log = || -> Vec<(i64, i64, u8)> {
        let mut rows = raw.prepare("SELECT seq, note, kind FROM change ORDER BY seq").unwrap();
        rows.query_map([], |row| row.try_into()).unwrap().map(Result::unwrap).collect()
    };
    let author = 1 << 32;
    assert_eq!(log(), [(1, author + 1, 1), (2, author + 2, 1), (3, author + 1, 2)]);
    raw.execute("INSERT INTO change VALUES (100001, 0, 1, 0)", []).unwrap();
    world.insert(note(ADA, 3));
    assert_eq!(log(), [(3, author + 1, 2), (100_001, 0, 1), (100_002, author + 3, 1)]);
}

#[test]
fn a_number_is_not_given_again_after_a_removal() {
    let world = World::new();
    for number in 1..=2 {
        let short_lived = note(ADA, number);
        world.insert(short_lived.clone());
        world
            .store
            .change("test", move |notes| notes.remove(&short_lived))
            .unwrap_or_else(|error: StoreError| panic!("{error}"));
    }
    world.insert(note(ADA, 3));
    let number: i64 = world.raw().query_row("SELECT number FROM note", [], |row| row.get(0)).unwrap();
    assert_eq!(number, (1 << 32) + 3);
}

#[test]
fn a_value_that_no_one_wrote_is_corrupt_and_not_served() {
    let world = World::new();
    let written = note(ADA, 1);
    world.insert(written.clone());
    for (column, value) in [("tags", "no array"), ("title", &"t".repeat(101))] {
        let sql = format!("UPDATE note SET {column} = ?1");
        world.raw().execute(&sql, [value]).unwrap();
        let error = world.find(&written).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { table: "note", .. }), "{error:?}");
    }
}

#[test]
fn a_row_that_is_not_as_it_was_written_is_not_served_though_each_value_makes_sense() {
    let world = World::new();
    let (hurt, whole) = (note(ADA, 1), note(ADA, 2));
    world.insert(hurt.clone());
    world.insert(whole.clone());
    world.raw().execute("UPDATE note SET content = 'y' WHERE number = (1 << 32) + 1", []).unwrap();
    let error = world.find(&hurt).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { table: "note", what: "sum", .. }), "{error:?}");
    assert_eq!(world.store.view(|notes| notes.damaged_notes(9)).unwrap(), [hurt.id]);
    assert_eq!(world.find(&whole).unwrap(), Some(whole));
}

#[test]
fn notes_from_before_there_were_sums_get_theirs() {
    let world = World::new();
    world.insert(note(ADA, 1));
    let before = "ALTER TABLE note DROP COLUMN sum; DROP TABLE history; PRAGMA user_version = 6";
    world.raw().execute_batch(before).unwrap();
    std::fs::remove_file(world.dir.path().join("history")).unwrap();
    let world = world.reopened();
    assert_eq!(world.find(&note(ADA, 1)).unwrap(), Some(note(ADA, 1)));
    assert_eq!(world.store.view(|notes| notes.damaged_notes(9)).unwrap(), []);
}

#[test]
fn lists_are_stretches_of_an_index() {
    let world = World::new();
    let plan = |sql: &str| -> String {
        let raw = world.raw();
        let mut rows = raw.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let lines = rows.query_map([], |row| row.get::<_, String>(3)).unwrap();
        lines.map(Result::unwrap).collect::<Vec<_>>().join("; ")
    };
    let order = "ORDER BY pinned DESC, updated DESC, id LIMIT 10 OFFSET 10";
    for (sql, index) in [
        (
            format!("SELECT number FROM note WHERE author = 1 AND archived = 0 {order}"),
            "SEARCH note USING COVERING INDEX note_in_order (author=? AND archived=?)",
        ),
        (
            format!("SELECT title FROM note WHERE author = 1 AND archived = 0 {order}"),
            "SEARCH note USING COVERING INDEX note_in_order (author=? AND archived=?)",
        ),
        (
            format!("SELECT note FROM tag WHERE author = 1 AND archived = 0 AND tag = 'a' {order}"),
            "SEARCH tag USING PRIMARY KEY (author=? AND archived=? AND tag=?)",
        ),
        (
            "SELECT title FROM note WHERE number >= 1 << 32 AND number < 2 << 32 AND archived = 0".to_owned(),
            "SEARCH note USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
        ),
        (
            "SELECT account FROM author WHERE rung = 3 AND active + archived + filled > 0".to_owned(),
            "SCAN author USING INDEX author_to_purge",
        ),
    ] {
        assert_eq!(plan(&sql), index, "{sql}");
    }
}
