//! `fixtures/differences.toml`: where Satchel answers otherwise than the original did, and why.
//!
//! It knows what is to come instead, not whether it comes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::recording::Recording;
use crate::kit::world::repository;

/// The whole list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listed {
    #[serde(rename = "difference")]
    pub(super) differences: Vec<Difference>,
    #[serde(rename = "not_reconstructed")]
    pub(super) gaps: Vec<Gap>,
}

/// Steps that are answered otherwise, all in the same way and for the same reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Difference {
    pub(super) because: String,
    pub(super) steps: Vec<String>,
    /// None for what was derived.
    pub(super) status: Option<u16>,
    /// The message of a failure.
    pub(super) message: Option<String>,
    /// A whole body, or view, or facts.
    #[serde(default, deserialize_with = "json")]
    pub(super) answer: Option<Value>,
    /// What to lay over the recorded body, view or facts.
    #[serde(default, deserialize_with = "json")]
    pub(super) change: Option<Value>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
}

/// Steps whose requests the recording does not tell.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Gap {
    pub(super) because: String,
    pub(super) steps: Vec<String>,
}

/// TOML has no null, so bodies are JSON texts.
fn json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    let text = String::deserialize(deserializer)?;
    serde_json::from_str(&text).map(Some).map_err(serde::de::Error::custom)
}

impl Listed {
    pub(super) fn read() -> Self {
        let text = std::fs::read_to_string(repository().join("fixtures/differences.toml")).unwrap();
        toml::from_str(&text).unwrap_or_else(|error| panic!("fixtures/differences.toml: {error}"))
    }

    /// How the step is answered otherwise.
    pub(super) fn difference(&self, step: &str) -> Option<&Difference> {
        self.differences.iter().find(|listed| listed.steps.iter().any(|name| names(name, step)))
    }

    /// Whether the step cannot be replayed.
    pub(super) fn is_gap(&self, step: &str) -> bool {
        self.gaps.iter().any(|listed| listed.steps.iter().any(|name| names(name, step)))
    }

    /// How many steps are listed in all.
    pub(super) fn counts(&self) -> (usize, usize) {
        let differences = self.differences.iter().map(|listed| listed.steps.len()).sum();
        (differences, self.gaps.iter().map(|listed| listed.steps.len()).sum())
    }

    /// What is wrong with the list itself.
    pub(super) fn mistakes(&self, recording: &Recording) -> Vec<String> {
        let reasons = self.differences.iter().map(|listed| &listed.because);
        let unreasoned = reasons.chain(self.gaps.iter().map(|listed| &listed.because)).any(String::is_empty);
        let mut mistakes: Vec<String> =
            unreasoned.then(|| "an entry has no reason".to_owned()).into_iter().collect();
        let steps = self.differences.iter().map(|listed| &listed.steps);
        let mut seen = BTreeSet::new();
        for name in steps.chain(self.gaps.iter().map(|listed| &listed.steps)).flatten() {
            match recording.steps.iter().filter(|step| names(name, &step.name)).count() {
                1 => {}
                count => mistakes.push(format!("{count} steps are called `{name}`")),
            }
            if !seen.insert(name) {
                mistakes.push(format!("listed twice: `{name}`"));
            }
        }
        mistakes
    }
}

/// A name may be cut off by a `…`: one of the recording has five thousand letters.
fn names(listed: &str, step: &str) -> bool {
    match listed.strip_suffix("…") {
        Some(beginning) => step.starts_with(beginning),
        None => listed == step,
    }
}
