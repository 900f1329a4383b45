//! Commits that fail: whoever waited hears it, nothing is done twice, and what reached the disk is found.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::Receiver;

use bson::Document;
use chassis::history::History;
use chassis::simulation::Disk;
use tempfile::TempDir;

use super::super::backend::Change;
use super::super::memory::Memory;
use super::*;

/// A database that keeps what is committed, and says that it did not while it lies.
struct Liar {
    memory: Memory,
    lies: Arc<AtomicBool>,
    is_open: AtomicBool,
    /// Whether it cannot be opened again.
    is_away: AtomicBool,
    /// How often that was tried.
    tries: AtomicU32,
}

impl Liar {
    fn new() -> Self {
        Self {
            memory: Memory::on(Disk::default()),
            lies: Arc::new(AtomicBool::new(true)),
            is_open: AtomicBool::new(true),
            is_away: AtomicBool::new(false),
            tries: AtomicU32::new(0),
        }
    }

    fn repent(&self) {
        self.lies.store(false, Ordering::Relaxed);
        self.is_away.store(false, Ordering::Relaxed);
    }
}

/// The writer's side of an engine over `liar`, with its witness in `dir`.
fn committer(liar: &Arc<Liar>, dir: &TempDir) -> Committer {
    Committer {
        backend: Arc::<Liar>::clone(liar),
        outbox: Arc::new(Outbox::new([])),
        history: History::START,
        witness: Witness::open(&dir.path().join("history")).unwrap(),
        clock: Clock::frozen(AT),
        service: "test",
        outbox_max: 3,
        reopens_at: None,
        full_since: None,
    }
}

struct Lie(Box<dyn Change>, Arc<AtomicBool>);

impl Backend for Liar {
    fn find(&self, collection: &str, id: &Bson) -> Result<Option<Document>, EngineError> {
        self.memory.find(collection, id)
    }

    fn scan(
        &self,
        collection: &str,
        each: &mut dyn FnMut(Document) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        self.memory.scan(collection, each)
    }

    fn begin(&self) -> Result<Box<dyn Change>, EngineError> {
        assert!(self.is_open.load(Ordering::Relaxed), "a change before it was opened again");
        if self.lies.load(Ordering::Relaxed) {
            self.is_open.store(false, Ordering::Relaxed);
        }
        Ok(Box::new(Lie(self.memory.begin()?, Arc::clone(&self.lies))))
    }

    fn has_room(&self) -> bool {
        true
    }

    fn reopen(&self) -> Result<(), EngineError> {
        self.tries.fetch_add(1, Ordering::Relaxed);
        if self.is_away.load(Ordering::Relaxed) {
            return Err(EngineError::Closed);
        }
        self.is_open.store(true, Ordering::Relaxed);
        Ok(())
    }
}

impl Change for Lie {
    fn find(&self, collection: &str, id: &Bson) -> Result<Option<Document>, EngineError> {
        self.0.find(collection, id)
    }

    fn insert(&self, collection: &str, document: Document) -> Result<(), EngineError> {
        self.0.insert(collection, document)
    }

    fn update(&self, collection: &str, id: &Bson, fields: Document) -> Result<bool, EngineError> {
        self.0.update(collection, id, fields)
    }

    fn remove(&self, collection: &str, id: &Bson) -> Result<bool, EngineError> {
        self.0.remove(collection, id)
    }

    fn commit(self: Box<Self>) -> Result<(), EngineError> {
        self.0.commit()?;
        if self.1.load(Ordering::Relaxed) { Err(EngineError::Closed) } else { Ok(()) }
    }
}

/// A unit of work that counts in `n` how often it was done and sends a message each time.
fn counting() -> (Box<dyn Work>, Receiver<Result<(), EngineError>>) {
    let (answer, answered) = sync_channel(1);
    let work = |tx: &Tx| {
        let id = "counter".to_owned();
        match tx.find::<Counter>("counter", "counter")? {
            None => tx.insert("counter", &Counter { id, n: 1 })?,
            Some(Counter { n, .. }) => tx.replace("counter", &Counter { id, n: n + 1 })?,
        }
        let message = Message::new("notes", AccountId::from_bytes([1; 12]), "/x".into(), &Value::Null);
        tx.send(message).map(drop)
    };
    (Box::new(Task { verb: "count", work, outcome: None, answer }), answered)
}

#[test]
fn a_failed_commit_that_reached_the_disk_is_found_there_and_not_done_again() {
    let (dir, liar) = (TempDir::new().unwrap(), Arc::new(Liar::new()));
    let mut committer = committer(&liar, &dir);
    let outbox = Arc::clone(&committer.outbox);
    let ((first, one), (second, two), (third, three)) = (counting(), counting(), counting());
    committer.carry_out(vec![first, second]);
    for answered in [one, two] {
        assert!(matches!(answered.recv().unwrap(), Err(EngineError::Commit(_))));
    }
    assert_eq!((outbox.depth("notes"), committer.history.commits), (2, 1), "what is there is known");
    liar.repent();
    committer.carry_out(vec![third]);
    three.recv().unwrap().unwrap();
    assert_eq!((outbox.depth("notes"), committer.history.commits), (3, 2));
    let counter = liar.find("counter", &"counter".into()).unwrap().unwrap();
    assert_eq!(counter.get_i64("n").unwrap(), 3, "once for each");
}

#[test]
fn a_disk_that_stays_broken_is_tried_once_in_a_while_however_much_waits() {
    let (dir, liar) = (TempDir::new().unwrap(), Arc::new(Liar::new()));
    liar.is_away.store(true, Ordering::Relaxed);
    let mut committer = committer(&liar, &dir);
    let tries = || liar.tries.load(Ordering::Relaxed);
    let (first, one) = counting();
    committer.carry_out(vec![first]);
    assert!(matches!(one.recv().unwrap(), Err(EngineError::Commit(_))));
    assert_eq!(tries(), 1, "at once");

    let rest_is_over = Some(Instant::now());
    for expected in [2, 3] {
        committer.reopens_at = rest_is_over;
        let (batch, answers): (Vec<_>, Vec<_>) = (0..100).map(|_| counting()).unzip();
        committer.carry_out(batch);
        let closed = |answered: &Receiver<_>| matches!(answered.recv(), Ok(Err(EngineError::Closed)));
        assert!(answers.iter().all(closed));
        assert_eq!(tries(), expected, "once for a hundred");
    }

    liar.repent();
    committer.reopens_at = rest_is_over;
    let (last, answered) = counting();
    committer.carry_out(vec![last]);
    answered.recv().unwrap().unwrap();
    assert_eq!((tries(), committer.history.commits), (4, 2), "and goes on with what reached it");
}

#[test]
fn a_full_outbox_refuses_what_others_must_hear_of_until_something_is_delivered() {
    let (dir, liar) = (TempDir::new().unwrap(), Arc::new(Liar::new()));
    liar.repent();
    let mut committer = committer(&liar, &dir);
    let mut send = || {
        let (work, answered) = counting();
        committer.carry_out(vec![work]);
        answered.recv().unwrap()
    };
    for _ in 0..3 {
        send().unwrap();
    }
    assert!(matches!(send(), Err(EngineError::Busy(_))));
    let (outbox, (answer, answered)) = (Arc::clone(&committer.outbox), sync_channel(1));
    assert_eq!(outbox.total(), 3);
    let work = |tx: &Tx| tx.insert("counter", &Counter { id: "silent".to_owned(), n: 1 });
    committer.carry_out(vec![Box::new(Task { verb: "count", work, outcome: None, answer })]);
    answered.recv().unwrap().unwrap();
    outbox.removed(1);
    let (work, answered) = counting();
    committer.carry_out(vec![work]);
    answered.recv().unwrap().unwrap();
    assert_eq!(outbox.total(), 3);
}
