//! The misfortunes of one seed, each drawn by itself: some seeds know one kind, some all.
//!
//! The rates are those of PROTOCOL.md §9. Four things differ, because turmoil moves bytes and not messages:
//!
//! - Loss is of whole requests and answers, each up to 30 %, and a lost answer may also be heard as a broken
//!   connection. Within a connection TCP would only repeat what is lost.
//! - Requests come late; an answer that does is one whose commit was slow, or whose request came late.
//! - Order changes where it can: between connections, by late requests, late copies and hosts that take turns at
//!   random.
//! - A link is cut or held once in a seed, as turmoil cannot do both to one.

use crate::chance::Chance;
use crate::stage::HOSTS;

/// How long the storm lasts at most; what is under way then comes to its end.
pub(crate) const STORM_MS: u32 = 25_000;

/// How far the calendar jumps at most: an hour.
const JUMP_MAX_MS: u32 = 3_600_000;

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
    /// Ends a cut or a hold.
    Open(&'static str, &'static str),
    /// The calendar jumps by so many milliseconds.
    Jump(i64),
    /// The disk of a service is full.
    Full(&'static str),
    /// It has space again.
    Space(&'static str),
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
            request_lost: rate(400, 300),
            answer_lost: rate(400, 300),
            reset: rate(400, 300),
            late: rate(400, 300),
            late_ms: chance.between(10, 3000),
            twice: rate(500, 500),
            io_error: rate(300, 10),
            slow: rate(300, 300),
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
        for (place, one) in HOSTS.into_iter().enumerate() {
            for other in HOSTS.into_iter().skip(place + 1) {
                let what = match chance.below(20) {
                    0..2 => What::Cut(one, other),
                    2..4 => What::Cut(other, one),
                    4..7 => What::Hold(one, other),
                    _ => continue,
                };
                self.span(chance, what, What::Open(one, other));
            }
        }
        for sign in [1, -1] {
            if chance.per_mille(250) {
                self.at(chance, What::Jump(sign * i64::from(chance.between(1, JUMP_MAX_MS))));
            }
        }
        for service in ["auth", "user", "notes"] {
            if chance.per_mille(150) {
                self.span(chance, What::Full(service), What::Space(service));
            }
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
