//! Bodies, and the fields that handlers read from them.

use chassis::body;
use chassis::failure::Failure;
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
    let written = value.to_string();
    let again = body::parse(written.as_bytes()).map(|again| again.to_string());
    assert_eq!(again.as_deref().map_err(Failure::message), Ok(written.as_str()));
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

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}
