//! The misfortunes of one seed, each drawn by itself: some seeds know one kind, some all.

use crate::chance::Chance;
use crate::stage::HOSTS;

/// How long the storm lasts at most; what is under way then comes to its end.
pub(crate) const STORM_MS: u32 = 25_000;

/// What one seed suffers. Rates are in thousandths.
#[derive(Clone, Debug)]
pub(crate) struct Mix {
    pub(crate) people: u32,
    pub(crate) operations: u32,
    pub(crate) pause_ms: u32,
    pub(crate) request_lost: u32,
    pub(crate) answer_lost: u32,
    pub(crate) reset: u32,
    pub(crate) late: u32,
    pub(crate) late_ms: u32,
    pub(crate) twice: u32,
    pub(crate) io_error: u32,
    pub(crate) slow: u32,
    pub(crate) slow_ms: u32,
    /// Whether services die together, as in the single binary.
    pub(crate) one_process: bool,
    pub(crate) dies_in_recovery: u32,
    /// Numbers of commits at which a service dies, before or after.
    pub(crate) fatal_commits: Vec<(u32, bool)>,
    pub(crate) events: Vec<Event>,
}

/// Something that happens at a moment of the storm.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) at_ms: u32,
    pub(crate) what: What,
}

/// What happens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    Crash(&'static str),
    Cut(&'static str, &'static str),
    Hold(&'static str, &'static str),
    /// Ends every cut and hold.
    JoinUp,
    /// The calendar jumps.
    Jump(i32),
    /// The disk of a service is full.
    Full(&'static str),
    /// All disks have space.
    Space,
}

impl Mix {
    /// The misfortunes of `seed`.
    pub(crate) fn draw(seed: u64) -> Self {
        let chance = Chance::of(seed, "mix");
        let rate = |often: u32, most: u32| if chance.per_mille(often) { chance.between(1, most) } else { 0 };
        let mut mix = Self {
            people: chance.between(1, 20),
            operations: chance.between(50, 400),
            pause_ms: chance.between(10, 400),
            request_lost: rate(400, 150),
            answer_lost: rate(400, 150),
            reset: rate(400, 150),
            late: rate(400, 200),
            late_ms: chance.between(10, 3000),
            twice: rate(500, 500),
            io_error: rate(300, 10),
            slow: rate(300, 100),
            slow_ms: chance.between(10, 2000),
            one_process: chance.per_mille(400),
            dies_in_recovery: if chance.per_mille(300) { 400 } else { 0 },
            fatal_commits: Vec::new(),
            events: Vec::new(),
        };
        mix.draw_crashes(&chance);
        mix.draw_events(&chance);
        mix.events.sort_by_key(|event| event.at_ms);
        mix
    }

    fn draw_crashes(&mut self, chance: &Chance) {
        if chance.per_mille(600) {
            for _ in 0..chance.between(1, 5) {
                if chance.per_mille(500) {
                    self.fatal_commits.push((chance.between(1, 300), chance.per_mille(500)));
                } else {
                    self.at(chance, What::Crash(chance.pick(&HOSTS)));
                }
            }
        }
    }

    fn draw_events(&mut self, chance: &Chance) {
        let pair = || {
            let one = chance.below(4);
            let other = (one + chance.between(1, 3)) % 4;
            (HOSTS[one as usize], HOSTS[other as usize])
        };
        // turmoil cannot hold and cut one link at a time.
        let (one, other) = pair();
        match chance.below(10) {
            0..3 => self.span(chance, What::Cut(one, other), What::JoinUp),
            3..5 => self.span(chance, What::Hold(one, other), What::JoinUp),
            _ => {}
        }
        if chance.per_mille(250) {
            self.at(chance, What::Jump(3_600_000));
        }
        if chance.per_mille(250) {
            self.at(chance, What::Jump(-3_600_000));
        }
        if chance.per_mille(250) {
            self.span(chance, What::Full(chance.pick(&["auth", "user", "notes"])), What::Space);
        }
    }

    fn at(&mut self, chance: &Chance, what: What) -> u32 {
        let at_ms = chance.below(STORM_MS / 2);
        self.events.push(Event { at_ms, what });
        at_ms
    }

    fn span(&mut self, chance: &Chance, begin: What, end: What) {
        let at_ms = self.at(chance, begin) + chance.between(100, 6000);
        self.events.push(Event { at_ms, what: end });
    }
}
