//! One seed from its first account to the last question: a calm beginning, a storm, and five seconds to recover.

use std::cell::RefCell;
use std::rc::Rc;

use chassis::secret::Secret;
use chassis::token::Verifier;
use futures_util::future::join_all;

use crate::admin::Admin;
use crate::audit::audit;
use crate::books::{self, Books};
use crate::chance::Chance;
use crate::client::Client;
use crate::ledger::Ledger;
use crate::mix::{Mix, STORM_MS};
use crate::oracle;
use crate::person::{Crowd, Person};
use crate::site::SECRET;
use crate::stage::Stage;
use crate::storm::{self, Storm};
use crate::watch::Watch;

/// PROMISES.md A1: everything is in order that long after the last misfortune.
const RECOVERY_MAX_MS: u64 = 5_000;
/// What no phase needs; a run that does is stuck.
const PHASE_MAX_MS: u64 = 120_000;

/// What one run came to.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) violation: Option<String>,
    pub(crate) trace: Vec<String>,
    pub(crate) commits: u64,
    pub(crate) done: u32,
    pub(crate) refused: u32,
    pub(crate) unknown: u32,
    /// Simulated milliseconds from the last misfortune until everything was in order.
    pub(crate) recovery_ms: u64,
}

/// A stage with people who remember.
pub(crate) struct Run {
    pub(crate) stage: Stage,
    pub(crate) ledger: Rc<RefCell<Ledger>>,
    watch: Watch,
}

/// Runs `seed`, with a planted bug or none.
pub(crate) fn seed(seed: u64, bug: Option<&'static str>) -> Report {
    let mut run = Run::open(seed, bug);
    let mix = Mix::draw(seed);
    run.stage.trace.note(format_args!("{mix:?}"));
    let admin = run.appoint();
    run.populate(seed, &mix, &admin);
    let mut storm = Storm::begin(seed, &mix, &run.stage);
    run.until_done(|stage, ledger, elapsed_ms| {
        storm.pass(stage, elapsed_ms);
        ledger.borrow_mut().closing |= elapsed_ms > u64::from(STORM_MS);
    });
    storm::end(&mut run.stage);
    let recovery_ms = run.recover();
    run.report(recovery_ms)
}

impl Run {
    /// A world without people.
    pub(crate) fn open(seed: u64, bug: Option<&'static str>) -> Self {
        Self { stage: Stage::open(seed, bug), ledger: Rc::default(), watch: Watch::default() }
    }

    /// A way for people on the host `name` to the services.
    pub(crate) fn crowd(&self, name: &'static str) -> Crowd {
        Crowd {
            client: Client::on(name, &self.stage.network, &self.stage.clock),
            ledger: Rc::clone(&self.ledger),
            verifier: Verifier::new(&Secret::new(SECRET.to_owned()), self.stage.clock.clone()),
            mailbox: self.stage.data_dir("auth").join("mailbox"),
        }
    }

    /// Makes the administrator, in good weather.
    pub(crate) fn appoint(&mut self) -> Admin {
        let (made, crowd) = (Rc::new(RefCell::new(None)), self.crowd("founder"));
        let kept = Rc::clone(&made);
        self.stage.join("founder", async move {
            // The services take a moment to listen.
            tokio::time::sleep(crate::director::ms(50)).await;
            *kept.borrow_mut() = Some(Admin::appoint(crowd).await);
        });
        self.until_done(|_, _, _| {});
        let admin: Admin = made.take().expect("an administrator");
        admin.on(self.crowd("people"))
    }

    fn populate(&mut self, seed: u64, mix: &Mix, admin: &Admin) {
        let each = mix.operations / (mix.people + 1) + 1;
        let crowd = self.crowd("people");
        let person = |number| {
            let chance = Chance::of(seed, &format!("person {number}"));
            Person::new(crowd.clone(), number, chance).live(each, mix.pause_ms)
        };
        let people = join_all((1..=mix.people).map(person));
        let rule = admin.clone().rule(Chance::of(seed, "admin"), each + mix.operations / 10, mix.pause_ms);
        self.stage.join("people", async move {
            futures_util::future::join(people, rule).await;
        });
    }

    /// Lets time pass until all people are done; `each` is called at every tick with the time that has passed.
    pub(crate) fn until_done(&mut self, mut each: impl FnMut(&mut Stage, &RefCell<Ledger>, u64)) {
        let start = self.stage.now_ms();
        loop {
            let is_done = self.stage.step();
            let elapsed_ms = self.stage.now_ms() - start;
            each(&mut self.stage, &self.ledger, elapsed_ms);
            self.look();
            if is_done || self.has_failed() {
                return;
            }
            if elapsed_ms > PHASE_MAX_MS {
                return self.ledger.borrow_mut().violate("people wait for ever".to_owned());
            }
        }
    }

    /// What must hold at every step.
    fn look(&mut self) {
        if self.watch.is_due(self.stage.director.commits())
            && let Some(wrong) = self.watch.look(&self.books())
        {
            self.ledger.borrow_mut().violate(wrong);
        }
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.ledger.borrow().violation.is_some()
    }

    pub(crate) fn books(&self) -> Books {
        Books::read(&self.stage.director.disk_of("auth"), &self.stage.director.disk_of("user"))
    }

    /// Waits for everything to be in order and asks all questions; gives the time that the first took.
    pub(crate) fn recover(&mut self) -> u64 {
        let recovery_ms = self.settle();
        if !self.has_failed() {
            let (crowd, books) = (self.crowd("auditor"), self.books());
            if let Some(broken) = oracle::broken_word(&books, &self.ledger.borrow()) {
                self.ledger.borrow_mut().violate(broken);
                return recovery_ms;
            }
            self.stage.join("auditor", audit(crowd, books));
            self.until_done(|_, _, _| {});
            self.settle();
        }
        recovery_ms
    }

    /// Waits for everything to be in order.
    pub(crate) fn rest(&mut self) {
        self.settle();
    }

    /// Waits until the databases agree; a violation when that takes longer than promised.
    fn settle(&mut self) -> u64 {
        while !self.has_failed() && (!self.stage.is_up() || self.stage.network.is_busy()) {
            self.stage.step();
            self.look();
        }
        let start = self.stage.now_ms();
        while !self.has_failed() {
            let elapsed_ms = self.stage.now_ms() - start;
            let Some(wrong) = self.disagreement() else { return elapsed_ms };
            if elapsed_ms > RECOVERY_MAX_MS {
                self.ledger.borrow_mut().violate(format!("after {elapsed_ms} ms: {wrong}"));
            }
            for _ in 0..10 {
                self.stage.step();
            }
            self.look();
        }
        self.stage.now_ms() - start
    }

    fn disagreement(&self) -> Option<String> {
        let books = self.books();
        if let Some(unrest) = books.unrest() {
            return Some(format!("I9: {unrest}"));
        }
        oracle::disagreement(&books, &books::authors(&self.stage.data_dir("notes")))
    }

    /// What the run came to.
    pub(crate) fn report(self, recovery_ms: u64) -> Report {
        chassis::simulation::direct(None);
        let ledger = self.ledger.borrow();
        Report {
            violation: ledger.violation.clone(),
            trace: self.stage.trace.lines(),
            commits: self.stage.director.commits(),
            done: ledger.done,
            refused: ledger.refused,
            unknown: ledger.unknown,
            recovery_ms,
        }
    }
}
