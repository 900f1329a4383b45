//! Faults on the way from one service to another, asked for by a test: an answer made up, late or lost.
//!
//! Each service has its own [`Faults`], with the rules for calls that it makes. The same rules, seed and order of
//! calls give the same faults. What a call is about is not known here but for its path.

mod plan;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::plan::Plan;
use self::plan::{Kind, Pick, Rule};
use crate::entropy::{Entropy, Stream};

/// The faults that one service's calls meet; clones share them.
#[derive(Clone, Debug)]
pub struct Faults {
    from: &'static str,
    rules: Arc<Mutex<Vec<Live>>>,
}

/// A rule at work.
#[derive(Debug)]
struct Live {
    /// Where it stands in its plan.
    place: usize,
    rule: Rule,
    calls: u64,
    hits: u64,
    chance: Stream,
}

/// What a rule has done so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Where the rule stands in its plan.
    pub place: usize,
    /// The seed of the plan.
    pub seed: u64,
    /// The rule as it was written.
    pub rule: Map<String, Value>,
    /// Calls that it could have hit.
    pub calls: u64,
    /// Calls that it did hit.
    pub hits: u64,
}

/// What one call meets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Met {
    /// How much later it is sent.
    pub(crate) latency: Duration,
    /// How its answer is lost.
    pub(crate) loss: Option<Loss>,
}

/// How a call loses its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The callee never hears of it; a made-up answer comes back.
    Answered(MadeUp),
    /// The callee never hears of it; the connection breaks.
    Reset,
    /// The callee does it and answers; the connection breaks before that arrives.
    Dropped,
}

/// An answer that no service gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MadeUp(StatusCode);

impl MadeUp {
    /// The answer, in the envelope of failures.
    pub(crate) fn answer(self) -> Response<Full<Bytes>> {
        let body = r#"{"status":"fail","message":"A fault that was asked for"}"#;
        let mut response = Response::new(Full::from(body));
        *response.status_mut() = self.0;
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        response
    }
}

impl Faults {
    /// No faults yet for what the service `from` asks others.
    pub fn of(from: &'static str) -> Self {
        Self { from, rules: Arc::default() }
    }

    /// From now on those of `plan` that are about this service's calls, and no others; counting begins anew.
    pub fn set(&self, plan: Plan) {
        let seed = plan.seed;
        let ours = plan.rules.into_iter().enumerate().filter(|(_, rule)| rule.from == self.from);
        *self.rules() = ours.map(|(place, rule)| Live::new(place, rule, seed)).collect();
    }

    /// From now on none.
    pub fn clear(&self) {
        self.rules().clear();
    }

    /// What each rule has done so far.
    pub fn tallies(&self) -> Vec<Tally> {
        self.rules().iter().map(Live::tally).collect()
    }

    /// What a call of `path` at the service `to` meets. Latencies add up; the first rule that loses an answer
    /// decides how.
    pub(crate) fn meet(&self, to: &str, path: &str) -> Met {
        let mut met = Met::default();
        for live in self.rules().iter_mut().filter(|live| live.rule.is_about(to, path)) {
            if !live.hits_this_call() {
                continue;
            }
            match live.rule.kind {
                Kind::Latency(span) => met.latency += span,
                Kind::Status(status) => met.loss = met.loss.or(Some(Loss::Answered(MadeUp(status)))),
                Kind::Reset => met.loss = met.loss.or(Some(Loss::Reset)),
                Kind::DropAnswer => met.loss = met.loss.or(Some(Loss::Dropped)),
            }
        }
        met
    }

    fn rules(&self) -> MutexGuard<'_, Vec<Live>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Live {
    fn new(place: usize, rule: Rule, seed: u64) -> Self {
        let chance = Entropy::seeded(seed).stream("fault", &place.to_string());
        Self { place, rule, calls: 0, hits: 0, chance }
    }

    fn hits_this_call(&mut self) -> bool {
        self.calls += 1;
        let is_picked = match self.rule.pick {
            Pick::Every => true,
            Pick::From(nth) => self.calls >= nth,
            Pick::Share(share) => f64::from(self.chance.below(u32::MAX)) < share * f64::from(u32::MAX),
        };
        let is_hit = is_picked && self.hits < self.rule.times;
        self.hits += u64::from(is_hit);
        is_hit
    }

    fn tally(&self) -> Tally {
        let (seed, rule) = (self.rule.seed, self.rule.written.clone());
        Tally { place: self.place, seed, rule, calls: self.calls, hits: self.hits }
    }
}

#[cfg(test)]
mod tests;
