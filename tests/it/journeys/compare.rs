//! Compares an answer with what a journey expects, and keeps what it captures.
//!
//! It knows `{{any}}`, `{{capture NAME}}` and `{{NAME}}`, and nothing of requests.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What a journey has captured so far, by name.
#[derive(Debug, Default)]
pub(super) struct Captured(BTreeMap<String, String>);

impl Captured {
    /// `text` with every `{{NAME}}` replaced by what was captured under that name.
    pub(super) fn fill(&self, text: &str) -> Result<String, String> {
        let (mut filled, mut rest) = (String::new(), text);
        while let Some((before, opened)) = rest.split_once("{{") {
            let (name, after) =
                opened.split_once("}}").ok_or_else(|| format!("`{{{{` is not closed: {text}"))?;
            let value =
                self.0.get(name).ok_or_else(|| format!("`{{{{{name}}}}}` was not captured before"))?;
            filled.push_str(before);
            filled.push_str(value);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// Adds what one step captured; a name is captured once.
    pub(super) fn keep(&mut self, found: BTreeMap<String, String>) -> Result<(), String> {
        for (name, value) in found {
            if self.0.insert(name.clone(), value).is_some() {
                return Err(format!("`{name}` is captured twice"));
            }
        }
        Ok(())
    }

    /// Demands that `got` equals `wanted`; `place` names it in the complaint. Captures go to `found`.
    pub(super) fn compare(
        &self,
        wanted: &Value,
        got: &Value,
        place: &str,
        found: &mut BTreeMap<String, String>,
    ) -> Result<(), String> {
        match (wanted, got) {
            (Value::String(text), _) if text == "{{any}}" => Ok(()),
            (Value::String(text), _) if capture(text).is_some() => {
                let value = captured(got).ok_or_else(|| different(place, wanted, got))?;
                found.insert(capture(text).unwrap_or_default().to_owned(), value);
                Ok(())
            }
            (Value::String(text), Value::String(other)) if self.fill(text)? == *other => Ok(()),
            (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => {
                let mut pairs = wanted.iter().zip(got).enumerate();
                pairs.try_for_each(|(at, (wanted, got))| {
                    self.compare(wanted, got, &format!("{place}[{at}]"), found)
                })
            }
            (Value::Object(wanted), Value::Object(got)) => {
                let names: BTreeSet<&String> = wanted.keys().chain(got.keys()).collect();
                names.into_iter().try_for_each(|name| {
                    let place = format!("{place}.{name}");
                    match (wanted.get(name), got.get(name)) {
                        (Some(wanted), Some(got)) => self.compare(wanted, got, &place, found),
                        (Some(wanted), None) => Err(format!("{place}: expected {wanted}, got nothing")),
                        (None, Some(got)) => Err(format!("{place}: expected nothing, got {got}")),
                        (None, None) => Ok(()),
                    }
                })
            }
            _ if wanted == got => Ok(()),
            _ => Err(different(place, wanted, got)),
        }
    }
}

fn different(place: &str, wanted: &Value, got: &Value) -> String {
    format!("{place}: expected {wanted}, got {got}")
}

/// The name in `{{capture NAME}}`.
fn capture(text: &str) -> Option<&str> {
    text.strip_prefix("{{capture ")?.strip_suffix("}}")
}

fn captured(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
