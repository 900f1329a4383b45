//! Whether an answer's JSON is the recorded one.
//!
//! Equal means the same value, but for what every answer of Satchel has or lacks by contract: its additions to
//! the envelope and to `pagination`, and the version key that the original's database library put into users.

use serde_json::{Map, Value};

use super::names::Names;

/// Mongoose's version key; CONTRACT.md's users do not have it.
pub(super) const VERSION_KEY: &str = "__v";

/// What the first word of a place is.
const ROOT: &str = "answer";

/// Demands that `got` is `wanted`; the error names the first place where it is not.
pub(super) fn same(wanted: &Value, got: &Value, names: &Names) -> Result<(), String> {
    compare(ROOT, wanted, got, names)
}

fn compare(place: &str, wanted: &Value, got: &Value, names: &Names) -> Result<(), String> {
    match (wanted, got) {
        (Value::String(wanted), Value::String(got)) if names.fits(wanted, got) => Ok(()),
        (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => {
            let mut pairs = wanted.iter().zip(got).enumerate();
            pairs.try_for_each(|(at, (wanted, got))| compare(&format!("{place}[{at}]"), wanted, got, names))
        }
        (Value::Object(wanted), Value::Object(got)) => {
            for (name, wanted) in wanted.iter().filter(|(name, _)| *name != VERSION_KEY) {
                let got = got.get(name).ok_or_else(|| format!("{place}.{name} is missing"))?;
                compare(&format!("{place}.{name}"), wanted, got, names)?;
            }
            match got.keys().find(|name| !wanted.contains_key(*name) && !is_addition(place, wanted, name)) {
                Some(name) => Err(format!("{place}.{name} is too much")),
                None => Ok(()),
            }
        }
        _ if wanted == got => Ok(()),
        _ => Err(format!("{place} should be {wanted}, is {got}")),
    }
}

/// What CONTRACT.md adds to the original's answers (*Envelope*).
fn is_addition(place: &str, beside: &Map<String, Value>, name: &str) -> bool {
    match name {
        "requestId" | "errors" => {
            place == ROOT && beside.get("status").is_some_and(|status| status == "fail")
        }
        "limit" => place.ends_with(".pagination"),
        _ => false,
    }
}
