//! The faults that a test asks for, read strictly: whatever could not happen is told with its field.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::field::Fields;

/// Rules of a plan: each call is held against all of them, and no test reads more.
const RULES_MAX: usize = 64;
/// A caller has given up long before.
const LATENCY_MAX_MS: i64 = 60_000;
/// What JSON numbers of every language hold exactly; no call comes after so many.
const COUNT_MAX: i64 = (1 << 53) - 1;
const KINDS: &str = "kind must be status, latency, reset or dropAnswer";

/// What a test wants to go wrong between services.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) seed: u64,
    pub(super) rules: Vec<Rule>,
}

/// One fault and the calls that meet it.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// As the test wrote it.
    pub(super) written: Map<String, Value>,
    /// The plan's seed.
    pub(super) seed: u64,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) kind: Kind,
    pub(super) pick: Pick,
    /// Only calls whose path begins so.
    pub(super) path: String,
    /// Calls that it hits at most.
    pub(super) times: u64,
}

/// What happens to a call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Status(StatusCode),
    Latency(Duration),
    Reset,
    DropAnswer,
}

/// Which of the calls it happens to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pick {
    Every,
    /// That one, counted from 1, and those that follow it.
    From(u64),
    /// So many of them, by chance.
    Share(f64),
}

impl Plan {
    /// Reads a plan about the services `known`.
    ///
    /// # Errors
    /// 400 with every field that makes no sense.
    pub fn read(fields: Fields, known: &[&str]) -> Result<Self, Failure> {
        let mut fields = fields.naming_themselves();
        let seed = count(&mut fields, "seed", 0).unwrap_or_default();
        let rules = fields.optional_objects("faults", |inner| Rule::read(inner, known, seed));
        let rules = rules.or_else(|| fields.fail("faults", "faults must be an array of rules"));
        if rules.as_ref().is_some_and(|rules| rules.len() > RULES_MAX) {
            fields.fail::<()>("faults", format!("faults must be at most {RULES_MAX} rules"));
        }
        fields.finish_exactly()?;
        Ok(Self { seed, rules: rules.unwrap_or_default() })
    }
}

impl Rule {
    fn read(fields: &mut Fields, known: &[&str], seed: u64) -> Option<Self> {
        let written = fields.written().clone();
        let (from, to) = (service(fields, "from", known), service(fields, "to", known));
        if from.is_some() && from == to {
            fields.fail::<()>("to", "to must be another service than from");
        }
        let kind = kind(fields);
        let (pick, times) = pick(fields);
        let path = path(fields);
        Some(Self { written, seed, from: from?, to: to?, kind: kind?, pick, path, times })
    }

    /// Whether a call of `path` at the service `to` can meet it.
    pub(super) fn is_about(&self, to: &str, path: &str) -> bool {
        self.to == to && path.starts_with(&self.path)
    }
}

fn service(fields: &mut Fields, name: &'static str, known: &[&str]) -> Option<String> {
    let text = fields.optional_string(name).filter(|text| known.contains(&text.as_str()));
    text.or_else(|| fields.fail(name, format!("{name} must be a service: {}", known.join(", "))))
}

fn kind(fields: &mut Fields) -> Option<Kind> {
    match fields.required_string("kind", KINDS)?.as_str() {
        "status" => status(fields).map(Kind::Status),
        "latency" => latency(fields).map(Kind::Latency),
        "reset" => Some(Kind::Reset),
        "dropAnswer" => Some(Kind::DropAnswer),
        _ => fields.fail("kind", KINDS),
    }
}

/// An answer below 200 is only a prelude (RFC 9110 §15.2), and 204 and 304 have no body to tell the fault in.
fn status(fields: &mut Fields) -> Option<StatusCode> {
    let status = fields.optional_integer("status").and_then(|status| u16::try_from(status).ok());
    let status = status.filter(|status| (200..=599).contains(status) && ![204, 304].contains(status));
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    status.or_else(|| fields.fail("status", "status must be a number from 200 to 599, but for 204 and 304"))
}

fn latency(fields: &mut Fields) -> Option<Duration> {
    let millis = fields.optional_integer("latencyMs").filter(|millis| (1..=LATENCY_MAX_MS).contains(millis));
    let millis = millis.and_then(|millis| u64::try_from(millis).ok()).map(Duration::from_millis);
    millis.or_else(|| {
        fields.fail("latencyMs", format!("latencyMs must be a number from 1 to {LATENCY_MAX_MS}"))
    })
}

/// Which calls, and how many at most: `nth` alone means that one.
fn pick(fields: &mut Fields) -> (Pick, u64) {
    let nth = count(fields, "nth", 1);
    let times = count(fields, "times", 1);
    let share = fields.optional_number("probability").filter(|share| {
        let is_share = (0.0..=1.0).contains(share);
        if !is_share {
            fields.fail::<()>("probability", "probability must be a number from 0 to 1");
        }
        is_share
    });
    match (nth, share) {
        (Some(_), Some(_)) => {
            fields.fail::<()>("probability", "probability and nth exclude each other");
            (Pick::Every, 0)
        }
        (Some(nth), None) => (Pick::From(nth), times.unwrap_or(1)),
        (None, Some(share)) => (Pick::Share(share), times.unwrap_or(u64::MAX)),
        (None, None) => (Pick::Every, times.unwrap_or(u64::MAX)),
    }
}

/// The callee's own paths: the gateway takes `/api` off.
fn path(fields: &mut Fields) -> String {
    let path = fields.optional_string("path").unwrap_or_default();
    if !path.is_empty() && (!path.starts_with('/') || path.starts_with("/api/")) {
        let message = "path must begin as the called service's own paths do, such as /notes or /internal";
        fields.fail::<()>("path", message);
    }
    path
}

fn count(fields: &mut Fields, name: &'static str, min: i64) -> Option<u64> {
    let number = fields.optional_integer(name)?;
    match u64::try_from(number) {
        Ok(count) if (min..=COUNT_MAX).contains(&number) => Some(count),
        _ => fields.fail(name, format!("{name} must be a number from {min} to {COUNT_MAX}")),
    }
}
