//! What searches and the indexer share: the snapshot, and what searches want of the indexer.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::Trouble;
use super::snapshot::Snapshot;
use crate::store::Bell;

/// Authors who wait to be taken up first while the index is built: more would only be a queue like all others.
const ASKED_MAX: usize = 64;

pub(super) struct Shared {
    bell: Arc<Bell>,
    snapshot: RwLock<Arc<Snapshot>>,
    asked: Mutex<VecDeque<i64>>,
    must_hurry: AtomicBool,
    must_rebuild: AtomicBool,
    is_ending: AtomicBool,
    builds: AtomicU64,
}

impl Shared {
    pub(super) fn new(bell: Arc<Bell>) -> Self {
        Self {
            bell,
            snapshot: RwLock::default(),
            asked: Mutex::default(),
            must_hurry: AtomicBool::new(false),
            must_rebuild: AtomicBool::new(false),
            is_ending: AtomicBool::new(false),
            builds: AtomicU64::new(0),
        }
    }

    pub(super) fn bell(&self) -> &Bell {
        &self.bell
    }

    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn publish(&self, snapshot: Snapshot) {
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
    }

    /// An author's notes are being read for want of an index: they come first.
    pub(super) fn ask_for(&self, author: i64) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.len() < ASKED_MAX && !asked.contains(&author) {
            asked.push_back(author);
        }
    }

    pub(super) fn next_asked(&self) -> Option<i64> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Searches read many notes because they are newer than the index.
    pub(super) fn hurry(&self) {
        if !self.must_hurry.swap(true, Ordering::SeqCst) {
            self.bell.call();
        }
    }

    pub(super) fn must_hurry(&self) -> bool {
        self.must_hurry.load(Ordering::SeqCst)
    }

    /// What was hurried for is done.
    pub(super) fn calm_down(&self) {
        self.must_hurry.store(false, Ordering::SeqCst);
    }

    /// The index was caught: nobody asks it again before it is built anew.
    pub(super) fn distrust(&self, trouble: &Trouble) {
        tracing::error!(error = trouble as &dyn std::error::Error, "the search index is damaged");
        self.order_rebuild();
    }

    pub(super) fn order_rebuild(&self) {
        self.publish(Snapshot::default());
        self.must_rebuild.store(true, Ordering::SeqCst);
        self.bell.call();
    }

    pub(super) fn take_rebuild(&self) -> bool {
        self.must_rebuild.swap(false, Ordering::SeqCst)
    }

    pub(super) fn end(&self) {
        self.is_ending.store(true, Ordering::SeqCst);
        self.bell.call();
    }

    pub(super) fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::SeqCst)
    }

    pub(super) fn count_build(&self) {
        self.builds.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn builds(&self) -> u64 {
        self.builds.load(Ordering::Relaxed)
    }
}
