//! Decides what becomes of each commit, keeps the disks, and knows who died.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use chassis::simulation::{self, Disk, Lie, Step, Verdict};

use crate::trace::Trace;

/// On which side of a commit the director is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Before,
    After,
}

/// Decides the verdict on a commit.
pub(crate) type Plan = Box<dyn FnMut(Side, Step) -> Verdict>;

/// The director of one run.
pub(crate) struct Director {
    plan: RefCell<Plan>,
    /// Services that died and are not buried yet: they commit nothing more.
    dead: RefCell<BTreeSet<&'static str>>,
    disks: RefCell<BTreeMap<&'static str, Disk>>,
    bug: Option<&'static str>,
    /// Disks before their last commit, for a bug that loses it.
    durable: RefCell<BTreeMap<&'static str, Disk>>,
    commits: Cell<u64>,
    trace: Trace,
}

impl Director {
    /// A director who lets everything pass, installed for this thread.
    pub(crate) fn install(bug: Option<&'static str>, trace: Trace) -> Rc<Self> {
        let director = Rc::new(Self {
            plan: RefCell::new(Box::new(|_, _| Verdict::Go)),
            dead: RefCell::default(),
            disks: RefCell::new(["auth", "user"].map(|service| (service, Disk::default())).into()),
            bug,
            durable: RefCell::default(),
            commits: Cell::new(0),
            trace,
        });
        director.plant();
        simulation::direct(Some(Rc::<Self>::clone(&director)));
        director
    }

    /// The bugs that a deceiving disk stands for.
    fn plant(&self) {
        let lie = match self.bug {
            Some("a tombstone is not kept") => ("user", Lie::ForgetsPuts("tombstone")),
            Some("an e-mail claim is not released") => ("auth", Lie::ForgetsRemovals("email_claim")),
            Some("a delivered message is not removed") => ("auth", Lie::ForgetsRemovals("outbox")),
            Some("a receipt is kept outside of the transaction") => ("user", Lie::KeepsPutsAtOnce("inbox")),
            _ => return,
        };
        self.disk_of(lie.0).lie(lie.1);
    }

    /// Lets the commit of `step` be reported and not kept, when that is the bug.
    fn deceive(&self, step: Step) {
        let is_forgotten = match self.bug {
            Some("a token comes before the pivot") => step.verb == "confirm",
            Some("a recovery is reported and not committed") => step.verb == "abort_orphans",
            _ => false,
        };
        if is_forgotten {
            self.disk_of(step.service).forget_next();
        }
        if self.bug == Some("a commit is reported before it is durable") && step.service != "notes" {
            self.durable.borrow_mut().insert(step.service, self.disk_of(step.service).copy());
        }
    }

    /// What was not durable is gone when `service` dies, if it was reported too early.
    pub(crate) fn lose(&self, service: &'static str) {
        if let Some(disk) = self.durable.borrow_mut().remove(service) {
            self.disks.borrow_mut().insert(service, disk);
        }
    }

    /// Changes the plan.
    pub(crate) fn set_plan(&self, plan: Plan) {
        *self.plan.borrow_mut() = plan;
    }

    /// Lets `service` die where it stands.
    pub(crate) fn kill(&self, service: &'static str) {
        self.dead.borrow_mut().insert(service);
    }

    /// The services that died since this was asked last.
    pub(crate) fn take_dead(&self) -> BTreeSet<&'static str> {
        self.dead.take()
    }

    /// The disk of `service`, which is auth or user.
    pub(crate) fn disk_of(&self, service: &str) -> Disk {
        self.disks.borrow()[service].clone()
    }

    /// Commits so far.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.get()
    }

    fn ask(&self, side: Side, step: Step) -> Verdict {
        if self.dead.borrow().contains(step.service) {
            return Verdict::Crash;
        }
        let verdict = (self.plan.borrow_mut())(side, step);
        if side == Side::After || verdict != Verdict::Go {
            self.trace.note(format_args!("{}.{} {side:?} {verdict:?}", step.service, step.verb));
        }
        if verdict == Verdict::Crash {
            self.kill(step.service);
        }
        verdict
    }
}

impl simulation::Director for Director {
    fn before(&self, step: Step) -> Verdict {
        let verdict = self.ask(Side::Before, step);
        if matches!(verdict, Verdict::Go | Verdict::Delay(_)) {
            self.deceive(step);
        }
        verdict
    }

    fn after(&self, step: Step) -> Verdict {
        self.commits.set(self.commits.get() + 1);
        self.ask(Side::After, step)
    }

    fn disk(&self, path: &Path) -> Disk {
        let service = ["auth", "user"].into_iter().find(|name| path.iter().any(|part| part == *name));
        self.disk_of(service.unwrap_or("auth"))
    }

    fn has_bug(&self, name: &str) -> bool {
        self.bug == Some(name)
    }
}

/// Milliseconds as a span.
pub(crate) fn ms(count: u32) -> Duration {
    Duration::from_millis(count.into())
}
