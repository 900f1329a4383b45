//! A world on one thread in simulated time: what a proof needs in the place of threads, disks and bad luck.
//!
//! Compiled with the feature `simulation` only; a shipped binary has none of it. A [`Director`] is installed for
//! the thread; while it is there, blocking work and writers run where they are called, databases of documents
//! live on [`Disk`]s, and the director is asked before and after each commit what becomes of it. It decides
//! nothing itself and knows no service.

use std::cell::{Cell, RefCell};
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

pub mod copies;
mod disk;

pub use disk::{Change, Disk, Lie};

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
    /// Before a commit: it fails for want of space. After one: as `Go`.
    NoSpace,
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

/// What a caller has to bear once the blocking work around its commits returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    /// The service died: nobody hears of anything any more.
    Crash,
    /// It hears this much later.
    Delay(Duration),
}

thread_local! {
    static DIRECTOR: RefCell<Option<Rc<dyn Director>>> = const { RefCell::new(None) };
    static BLOW: Cell<Option<Blow>> = const { Cell::new(None) };
}

/// Installs `director` for this thread, or takes the last one away, with what it still had in store.
pub fn direct(director: Option<Rc<dyn Director>>) {
    DIRECTOR.with_borrow_mut(|installed| *installed = director);
    BLOW.set(None);
}

/// The director of this thread, if it simulates.
pub fn director() -> Option<Rc<dyn Director>> {
    DIRECTOR.with_borrow(Clone::clone)
}

/// Whether the planted bug `name` is on; always false outside of a simulation.
pub fn has_bug(name: &str) -> bool {
    director().is_some_and(|director| director.has_bug(name))
}

/// Asks what becomes of `step` before it commits; an error means that nothing of it may be kept. A service that
/// died commits nothing more until [`take_blow`] has buried it.
pub fn before(step: Step) -> io::Result<()> {
    let Some(director) = director() else { return Ok(()) };
    if BLOW.get() == Some(Blow::Crash) {
        return Err(io::Error::other("the service is dead"));
    }
    match director.before(step) {
        Verdict::Go => Ok(()),
        Verdict::Fail => Err(io::Error::other("the disk failed")),
        Verdict::NoSpace => Err(io::ErrorKind::StorageFull.into()),
        Verdict::Crash => {
            BLOW.set(Some(Blow::Crash));
            Err(io::Error::other("the service died"))
        }
        Verdict::Delay(late) => {
            delay(late);
            Ok(())
        }
    }
}

/// Tells that `step` has committed, and keeps what follows for [`take_blow`].
pub fn after(step: Step) {
    match director().map(|director| director.after(step)) {
        Some(Verdict::Crash) => BLOW.set(Some(Blow::Crash)),
        Some(Verdict::Delay(late)) => delay(late),
        Some(Verdict::Go | Verdict::Fail | Verdict::NoSpace) | None => {}
    }
}

/// What the commits of the work that just returned brought upon their caller; asked by `blocking::run`.
pub fn take_blow() -> Option<Blow> {
    BLOW.take()
}

fn delay(late: Duration) {
    match BLOW.get() {
        Some(Blow::Crash) => {}
        Some(Blow::Delay(sooner)) => BLOW.set(Some(Blow::Delay(sooner + late))),
        None => BLOW.set(Some(Blow::Delay(late))),
    }
}

/// Does `work` in a world whose databases live on `disk` and where nothing bad happens.
pub fn on_disk<T>(disk: &Disk, work: impl FnOnce() -> T) -> T {
    direct(Some(Rc::new(Calm(disk.clone()))));
    let done = work();
    direct(None);
    done
}

/// A director who lets everything pass.
struct Calm(Disk);

impl Director for Calm {
    fn before(&self, _: Step) -> Verdict {
        Verdict::Go
    }

    fn after(&self, _: Step) -> Verdict {
        Verdict::Go
    }

    fn disk(&self, _: &Path) -> Disk {
        self.0.clone()
    }

    fn has_bug(&self, _: &str) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Step = Step { service: "auth", verb: "confirm" };

    /// Answers with these verdicts, before and after.
    struct Bad(Verdict, Verdict);

    impl Director for Bad {
        fn before(&self, _: Step) -> Verdict {
            self.0
        }

        fn after(&self, _: Step) -> Verdict {
            self.1
        }

        fn disk(&self, _: &Path) -> Disk {
            Disk::default()
        }

        fn has_bug(&self, name: &str) -> bool {
            name == "planted"
        }
    }

    fn suffer(first: Verdict, second: Verdict) -> (bool, Option<Blow>) {
        direct(Some(Rc::new(Bad(first, second))));
        let kept = before(STEP).map(|()| after(STEP)).is_ok();
        let blow = take_blow();
        direct(None);
        (kept, blow)
    }

    #[test]
    fn a_verdict_decides_whether_a_step_is_kept_and_what_its_caller_bears() {
        let (second, two) = (Duration::from_secs(1), Duration::from_secs(2));
        assert_eq!(suffer(Verdict::Go, Verdict::Fail), (true, None));
        assert_eq!(suffer(Verdict::Fail, Verdict::Go), (false, None));
        assert_eq!(suffer(Verdict::NoSpace, Verdict::NoSpace), (false, None));
        assert_eq!(suffer(Verdict::Go, Verdict::NoSpace), (true, None));
        assert_eq!(suffer(Verdict::Crash, Verdict::Go), (false, Some(Blow::Crash)));
        assert_eq!(suffer(Verdict::Go, Verdict::Crash), (true, Some(Blow::Crash)));
        let delayed = suffer(Verdict::Delay(second), Verdict::Delay(second));
        assert_eq!(delayed, (true, Some(Blow::Delay(two))));
    }

    #[test]
    fn the_dead_commit_nothing_until_they_are_buried() {
        direct(Some(Rc::new(Bad(Verdict::Go, Verdict::Crash))));
        before(STEP).unwrap();
        after(STEP);
        assert!(before(STEP).is_err());
        assert_eq!(take_blow(), Some(Blow::Crash));
        assert!(before(STEP).is_ok());
        direct(None);
    }

    #[test]
    fn without_a_director_everything_passes() {
        assert!(before(STEP).is_ok() && !has_bug("planted"));
        after(STEP);
        assert_eq!(take_blow(), None);
        direct(Some(Rc::new(Bad(Verdict::Go, Verdict::Go))));
        assert!(has_bug("planted"));
        direct(None);
    }
}
