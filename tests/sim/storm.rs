//! Brings the misfortunes of a mix upon a stage, and takes them away again.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use chassis::simulation::{Step, Verdict};

use crate::chance::Chance;
use crate::director::{Plan, Side, ms};
use crate::mix::{Mix, What};
use crate::network::{Fate, Weather};
use crate::stage::Stage;

/// Commits of a start.
const RECOVERY: [&str; 3] = ["abort_orphans", "abandon_orphans", "unpark"];
/// Crashes of starts in one run: more would keep a service from ever coming up.
const RECOVERY_CRASHES_MAX: u32 = 4;

/// A storm over a stage.
pub(crate) struct Storm {
    mix: Mix,
    chance: Chance,
    /// Services whose disk is full.
    full: Rc<RefCell<BTreeSet<&'static str>>>,
    /// Events that are over.
    over: usize,
}

impl Storm {
    /// Begins with the rates; events come with [`Self::pass`].
    pub(crate) fn begin(seed: u64, mix: &Mix, stage: &Stage) -> Self {
        let full = Rc::new(RefCell::new(BTreeSet::new()));
        stage.network.set_weather(weather(Chance::of(seed, "weather"), mix));
        stage.director.set_plan(plan(Chance::of(seed, "disks"), mix.clone(), Rc::clone(&full)));
        Self { mix: mix.clone(), chance: Chance::of(seed, "storm"), full, over: 0 }
    }

    /// Lets happen what is due after `elapsed_ms`.
    pub(crate) fn pass(&mut self, stage: &mut Stage, elapsed_ms: u64) {
        if self.mix.one_process && !stage.is_up() {
            stage.crash_all();
        }
        while let Some(event) =
            self.mix.events.get(self.over).filter(|one| u64::from(one.at_ms) <= elapsed_ms)
        {
            self.over += 1;
            stage.trace.note(format_args!("{:?}", event.what));
            match event.what {
                What::Crash(host) => stage.crash(host, u64::from(self.chance.between(20, 3000))),
                What::Cut(from, to) => stage.cut(from, to),
                What::Hold(one, other) => stage.hold(one, other),
                What::Open(one, other) => stage.open_link(one, other),
                What::Jump(by_ms) => stage.skew_ms += by_ms,
                What::Full(service) => drop(self.full.borrow_mut().insert(service)),
                What::Space(service) => drop(self.full.borrow_mut().remove(service)),
            }
        }
    }
}

/// Takes every misfortune away; what is down starts.
pub(crate) fn end(stage: &mut Stage) {
    stage.trace.note("the storm is over");
    stage.calm();
    stage.join_up();
    stage.start_all();
}

fn weather(chance: Chance, mix: &Mix) -> Weather {
    let Mix { request_lost, answer_lost, reset, late, late_ms, twice, .. } = *mix;
    Box::new(move |exchange| {
        let fates = [
            (request_lost, Fate::RequestLost),
            (answer_lost, Fate::AnswerLost),
            (reset, Fate::Reset),
            (late, Fate::Late(ms(chance.below(late_ms + 1)))),
        ];
        if let Some((_, fate)) = fates.into_iter().find(|(rate, _)| chance.per_mille(*rate)) {
            return fate;
        }
        // A client's request comes once: TCP sees to that. Messages come at least once.
        if exchange.is_internal() && chance.per_mille(twice) {
            return Fate::Twice(ms(chance.below(3001)));
        }
        Fate::Arrives
    })
}

fn plan(chance: Chance, mix: Mix, full: Rc<RefCell<BTreeSet<&'static str>>>) -> Plan {
    let (mut commits, mut recovery_crashes) = (0, 0);
    Box::new(move |side, step: Step| {
        if full.borrow().contains(step.service) && side == Side::Before {
            return Verdict::NoSpace;
        }
        if RECOVERY.contains(&step.verb)
            && recovery_crashes < RECOVERY_CRASHES_MAX
            && chance.per_mille(mix.dies_in_recovery / 2)
        {
            recovery_crashes += 1;
            return Verdict::Crash;
        }
        commits += u32::from(side == Side::Before);
        let is_fatal = mix.fatal_commits.contains(&(commits, side == Side::After));
        match side {
            _ if is_fatal => Verdict::Crash,
            Side::Before if chance.per_mille(mix.io_error) => Verdict::Fail,
            Side::After if chance.per_mille(mix.slow) => Verdict::Delay(ms(chance.below(mix.slow_ms + 1))),
            Side::Before | Side::After => Verdict::Go,
        }
    })
}
