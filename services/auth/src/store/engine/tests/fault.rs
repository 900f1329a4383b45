//! Commits that fail: whoever waited hears it, nothing is done twice, and what reached the disk is found.

use std::sync::atomic::{AtomicBool, Ordering};
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

    fn reopen(&self) -> Result<(), EngineError> {
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
    let (dir, lies) = (TempDir::new().unwrap(), Arc::new(AtomicBool::new(true)));
    let (memory, is_open) = (Memory::on(Disk::default()), AtomicBool::new(true));
    let backend: Arc<dyn Backend> = Arc::new(Liar { memory, lies: Arc::clone(&lies), is_open });
    let outbox = Arc::new(Outbox::new([]));
    let mut committer = Committer {
        backend: Arc::clone(&backend),
        outbox: Arc::clone(&outbox),
        history: History::START,
        witness: Witness::open(&dir.path().join("history")).unwrap(),
        clock: Clock::frozen(AT),
        service: "test",
        is_broken: false,
    };
    let ((first, one), (second, two), (third, three)) = (counting(), counting(), counting());
    committer.carry_out(vec![first, second]);
    for answered in [one, two] {
        assert!(matches!(answered.recv().unwrap(), Err(EngineError::Commit(_))));
    }
    assert_eq!((outbox.depth("notes"), committer.history.commits), (2, 1), "what is there is known");
    lies.store(false, Ordering::Relaxed);
    committer.carry_out(vec![third]);
    three.recv().unwrap().unwrap();
    assert_eq!((outbox.depth("notes"), committer.history.commits), (3, 2));
    let counter = backend.find("counter", &"counter".into()).unwrap().unwrap();
    assert_eq!(counter.get_i64("n").unwrap(), 3, "once for each");
}
