//! A world on one thread in simulated time: what a proof needs in the place of threads, disks and bad luck.
//!
//! Compiled with the feature `simulation` only; a shipped binary has none of it. A [`Director`] is installed for
//! the thread; while it is there, blocking work and writers run where they are called, databases of documents
//! live on [`Disk`]s, and the director is asked before and after each commit what becomes of it. It decides
//! nothing itself and knows no service.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

mod disk;

pub use disk::Disk;

/// A commit of a store, as the director sees it: the service and the store's verb, such as `("auth", "confirm")`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// The service's name.
    pub service: &'static str,
    /// The store's verb.
    pub verb: &'static str,
}

/// What becomes of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing special.
    Go,
    /// Before a commit: it fails as a broken disk would make it fail. After one: as `Go`.
    Fail,
    /// The service dies here: before a commit nothing of it is kept, after one all of it; nobody is answered.
    Crash,
    /// The caller hears of it this much later.
    Delay(Duration),
}

/// Decides what happens to the services of this thread.
pub trait Director {
    /// Asked before `step` commits.
    fn before(&self, step: Step) -> Verdict;
    /// Told after `step` committed.
    fn after(&self, step: Step) -> Verdict;
    /// The disk that stands for the folder `path`; the same one after a crash.
    fn disk(&self, path: &Path) -> Disk;
    /// Whether the planted bug of this name is on in this run.
    fn has_bug(&self, name: &str) -> bool;
}

thread_local! {
    static DIRECTOR: RefCell<Option<Rc<dyn Director>>> = const { RefCell::new(None) };
}

/// Installs `director` for this thread, or takes the last one away.
pub fn direct(director: Option<Rc<dyn Director>>) {
    DIRECTOR.with_borrow_mut(|installed| *installed = director);
}

/// The director of this thread, if it simulates.
pub fn director() -> Option<Rc<dyn Director>> {
    DIRECTOR.with_borrow(Clone::clone)
}

/// Whether the planted bug `name` is on; always false outside of a simulation.
pub fn has_bug(name: &str) -> bool {
    director().is_some_and(|director| director.has_bug(name))
}
