//! Bodies, and the fields that handlers read from them.

use chassis::body;
use chassis::field::Fields;
use serde_json::Value;

/// Levels of nesting that a body may have (CONTRACT.md, *Order of checks*).
const DEPTH_MAX: usize = 32;

/// A body: it becomes a value of bounded depth that is the same when it is written and read again, or a 400.
pub fn json(bytes: &[u8]) {
    let value = match body::parse(bytes) {
        Ok(value) => value,
        Err(failure) => return assert_eq!(failure.status(), 400),
    };
    assert!(value.is_object() || value.is_array());
    assert!(depth(&value) <= DEPTH_MAX);
    let again = body::parse(value.to_string().as_bytes());
    assert!(again.as_ref().is_ok_and(|again| are_alike(again, &value)), "{value} {again:?}");
    if let Ok(fields) = Fields::of(Some(value)) {
        read(fields);
    }
}

/// Reads what handlers read, in each way that there is.
fn read(mut fields: Fields) {
    let text = fields.optional_string("title");
    let title = fields.check("title", text.as_deref(), |title| (title.len() < 9).then_some(()).ok_or("long"));
    let numbers =
        (fields.optional_integer("page"), fields.optional_number("width"), fields.optional_count("n"));
    let others =
        (fields.nullable_string("bio"), fields.optional_boolean("isPinned"), fields.optional_strings("tags"));
    let content = fields.required_string("content", "Content is required");
    assert!(fields.finish().is_err() || content.is_some(), "{title:?} {numbers:?} {others:?}");
}

/// Whether both are the same, but for the last digits of fractions: no field has any.
fn are_alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.is_f64() && other.is_f64() || one == other,
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| are_alike(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let in_other = |(name, one)| other.get(name).is_some_and(|other| are_alike(one, other));
            one.len() == other.len() && one.iter().all(in_other)
        }
        _ => one == other,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}
