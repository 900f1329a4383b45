//! Many writers, one commit: what each of them may rely on.

use std::sync::mpsc::Receiver;
use std::thread;

use super::*;

const THREADS: u64 = 12;
const NOTES_EACH: u64 = 50;

#[test]
fn writers_from_many_threads_lose_nothing_and_count_right() {
    let world = World::new();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let world = &world;
            scope.spawn(move || {
                let author = if thread % 2 == 0 { ADA } else { BEN };
                for number in 0..NOTES_EACH {
                    assert!(world.insert(note(author, thread * NOTES_EACH + number)));
                }
            });
        }
    });
    for author in [ADA, BEN] {
        let listed = world.page(author, &all());
        assert_eq!(listed.total, THREADS * NOTES_EACH / 2);
        assert_eq!(listed.notes.len() as u64, listed.total);
    }
}

#[test]
fn one_id_from_many_threads_is_given_to_one_of_them() {
    let world = World::new();
    let won = thread::scope(|scope| {
        let racers: Vec<_> = (0..8).map(|_| scope.spawn(|| world.insert(note(ADA, 1)))).collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).filter(|won| *won).count()
    });
    assert_eq!((won, world.page(ADA, &all()).total), (1, 1));
}

/// A connection for batches of this test's own making.
struct Batch {
    connection: Connection,
    jobs: Vec<Box<dyn Job>>,
    outcomes: Vec<Receiver<Result<bool, StoreError>>>,
    _dir: TempDir,
}

impl Batch {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let connection = file::writer(&dir.path().join("notes.db")).unwrap();
        Self { connection, jobs: Vec::new(), outcomes: Vec::new(), _dir: dir }
    }

    fn add<W>(&mut self, work: W)
    where
        W: FnOnce(&Changes<'_>) -> Result<bool, StoreError> + Send + 'static,
    {
        let (caller, outcome) = sync_channel(1);
        self.jobs.push(Box::new(Unit::new("test", work, caller)));
        self.outcomes.push(outcome);
    }

    fn add_insert(&mut self, number: u64) {
        self.add(move |notes| {
            notes.raise(ADA, Standing::new(Rung::Active))?;
            notes.insert(&note(ADA, number))
        });
    }

    fn carry_out(&mut self) -> Vec<Result<bool, StoreError>> {
        commit::carry_out(&self.connection, &Chores::default(), std::mem::take(&mut self.jobs));
        self.outcomes.drain(..).map(|outcome| outcome.recv().unwrap()).collect()
    }

    fn stored(&self) -> u32 {
        self.connection.query_row("SELECT count(*) FROM note", [], |row| row.get(0)).unwrap()
    }
}

#[test]
fn a_failed_request_takes_back_its_own_part_only() {
    let mut batch = Batch::new();
    batch.add_insert(1);
    batch.add(|notes| {
        notes.insert(&note(ADA, 2))?;
        Err(StoreError::Busy)
    });
    batch.add_insert(3);
    let outcomes = batch.carry_out();
    assert!(matches!(outcomes.as_slice(), [Ok(true), Err(StoreError::Busy), Ok(true)]), "{outcomes:?}");
    assert_eq!(batch.stored(), 2);
    let active: u32 = batch.connection.query_row("SELECT active FROM author", [], |row| row.get(0)).unwrap();
    assert_eq!(active, 2);
}

#[test]
fn when_the_commit_fails_every_caller_hears_of_it_and_nothing_stays() {
    let mut batch = Batch::new();
    // A constraint that SQLite looks at only when it commits.
    batch
        .connection
        .execute_batch(
            "PRAGMA foreign_keys = ON;
             CREATE TABLE parent (id INTEGER PRIMARY KEY);
             CREATE TABLE child (parent INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
             CREATE TRIGGER orphan AFTER INSERT ON note WHEN NEW.title = 'Note 2'
             BEGIN INSERT INTO child VALUES (7); END;",
        )
        .unwrap();
    for number in 1..=3 {
        batch.add_insert(number);
    }
    let outcomes = batch.carry_out();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(StoreError::Sqlite(_)))), "{outcomes:?}");
    assert_eq!(batch.stored(), 0);
    batch.add_insert(1);
    assert!(matches!(batch.carry_out().as_slice(), [Ok(true)]));
}

#[test]
fn a_full_disk_refuses_changes_until_there_is_space_again() {
    let mut batch = Batch::new();
    let pages: u32 = batch.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    let limit = |batch: &Batch, pages: u32| {
        batch.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
    };
    limit(&batch, pages + 2);
    let large =
        Note { draft: Draft { content: text(&"x".repeat(100_000)), ..note(ADA, 2).draft }, ..note(ADA, 2) };
    batch.add_insert(1);
    batch.add(move |notes| notes.insert(&large));
    batch.add_insert(3);
    let outcomes = batch.carry_out();
    assert!(matches!(outcomes.get(1), Some(Err(StoreError::Full(_) | StoreError::Undone))), "{outcomes:?}");
    let kept = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(batch.stored() as usize, kept);
    limit(&batch, pages + 1000);
    batch.add_insert(4);
    assert!(matches!(batch.carry_out().as_slice(), [Ok(true)]));
}
