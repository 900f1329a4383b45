//! What a step must be answered with: as recorded, or as listed instead.
//!
//! It compares what came back. It neither sends nor decides which of the two holds.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::listed::Difference;
use super::names::Names;
use super::recording::Step;
use super::same::same;
use super::view::{Exchange, view};
use crate::kit::Answer;

/// What came of a step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Seen<'a> {
    /// The answer to a request, and the request's body.
    Answer(&'a Answer, &'a Value),
    /// What the scenario derived.
    Facts(&'a Value),
}

/// What must come of a step.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    status: Option<u16>,
    headers: BTreeMap<String, String>,
    shape: Shape,
}

/// How much of a body is told.
#[derive(Clone, Debug)]
enum Shape {
    Anything,
    Body(Value),
    /// The parts of a body, or facts.
    View(Value),
}

impl Expected {
    /// As the original did.
    pub(super) fn recorded(step: &Step) -> Self {
        let view = step.view.as_ref().or(step.facts.as_ref());
        let shape = match (&step.body, view) {
            (Some(body), _) => Shape::Body(body.clone()),
            (None, Some(view)) => Shape::View(view.clone()),
            (None, None) => Shape::Anything,
        };
        Self { status: step.status, headers: step.headers.clone(), shape }
    }

    /// As listed. Of the recorded headers nothing is demanded.
    pub(super) fn listed(difference: &Difference, step: &Step) -> Self {
        let recorded = Self::recorded(step).shape;
        let shape = match (&difference.message, &difference.answer, &difference.change) {
            (Some(message), ..) => Shape::Body(json!({"status": "fail", "message": message})),
            (None, Some(answer), _) => recorded.with(|whole| *whole = answer.clone()),
            (None, None, Some(change)) => recorded.with(|whole| lay_over(whole, change)),
            (None, None, None) => Shape::Anything,
        };
        Self { status: difference.status, headers: difference.headers.clone(), shape }
    }

    /// Why `seen` is not this; the first reason found.
    pub(super) fn mismatch(&self, seen: Seen<'_>, names: &Names) -> Option<String> {
        match seen {
            Seen::Facts(facts) => match &self.shape {
                Shape::View(wanted) => same(wanted, facts, names).err(),
                Shape::Anything | Shape::Body(_) => Some("was not derived".to_owned()),
            },
            Seen::Answer(answer, sent) => self.check(answer, sent, names).err(),
        }
    }

    fn check(&self, answer: &Answer, sent: &Value, names: &Names) -> Result<(), String> {
        if self.status != Some(answer.status) {
            return Err("the status is another".to_owned());
        }
        for (name, wanted) in &self.headers {
            let got = answer.header(name).ok_or_else(|| format!("the header {name} is missing"))?;
            if !names.fits(wanted, got) {
                return Err(format!("the header {name} should be {wanted}, is {got}"));
            }
        }
        let body =
            || serde_json::from_slice(&answer.body).map_err(|error| format!("the body is no JSON: {error}"));
        match &self.shape {
            Shape::Anything => Ok(()),
            Shape::Body(wanted) => same(wanted, &body()?, names),
            Shape::View(wanted) => {
                same(wanted, &view(wanted, Exchange { sent, body: &body()?, names }), names)
            }
        }
    }
}

impl Shape {
    fn with(self, change: impl FnOnce(&mut Value)) -> Self {
        match self {
            Self::View(mut view) => {
                change(&mut view);
                Self::View(view)
            }
            Self::Body(mut body) => {
                change(&mut body);
                Self::Body(body)
            }
            Self::Anything => {
                let mut body = Value::Null;
                change(&mut body);
                Self::Body(body)
            }
        }
    }
}

/// Replaces in `whole` what `change` has; objects are laid over each other key by key.
fn lay_over(whole: &mut Value, change: &Value) {
    match (whole, change) {
        (Value::Object(whole), Value::Object(change)) => {
            for (name, change) in change {
                lay_over(whole.entry(name.as_str()).or_insert(Value::Null), change);
            }
        }
        (whole, change) => *whole = change.clone(),
    }
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let status = self.status.map_or_else(|| "facts".to_owned(), |status| status.to_string());
        match &self.shape {
            Shape::Anything => write!(f, "{status}"),
            Shape::Body(body) => write!(f, "{status} {:?} {body}", self.headers),
            Shape::View(view) => write!(f, "{status} {:?} (in parts) {view}", self.headers),
        }
    }
}

impl std::fmt::Display for Seen<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Answer(answer, _) => write!(f, "{} {}", answer.status, answer.text()),
            Self::Facts(facts) => write!(f, "facts {facts}"),
        }
    }
}
