//! A bundle that somebody wrote by hand: nothing vouches that it says each thing only once.
//!
//! It is small, so what stands only once is kept in memory. Whether a value is a good one, the services say.

use std::collections::BTreeMap;

use chassis::email::Email;
use chassis::profile::Username;
use serde_json::Value;

use super::source::Records;
use crate::Failed;

/// What no two records of a service may have alike, as far as a file can tell.
const ALONE: [(&str, &str, &str); 7] = [
    ("auth", "account", "account"),
    ("auth", "account", "email"),
    ("auth", "tombstone", "account"),
    ("user", "profile", "account"),
    ("user", "profile", "username"),
    ("notes", "author", "account"),
    ("notes", "note", "id"),
];

/// Reads all of `records`; something that stands twice is a mistake.
pub(super) fn verify(records: &mut Records) -> Result<(), Failed> {
    let mut lines = BTreeMap::new();
    while let Some(found) = records.next()? {
        let (number, record) = (found.number, serde_json::from_slice::<Value>(found.text)?);
        let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
        for (service, kind, field) in ALONE {
            if (text("service"), text("kind")) != (service, kind) {
                continue;
            }
            let value = canonical(field, text(field));
            if let Some(first) = lines.insert((service, field, value), number) {
                let reason = format!("{field}: stands twice, first on line {first}");
                return Err(records.mistake(number, reason).into());
            }
        }
    }
    Ok(())
}

/// The form in which equal values are one.
fn canonical(field: &str, text: &str) -> String {
    match field {
        "email" => Email::parse(text).map_or_else(|| text.to_owned(), |email| email.to_string()),
        "username" => Username::parse(text).map_or_else(|_| text.to_owned(), |name| name.canonical()),
        _ => text.to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn verified(lines: &[Value]) -> Result<(), String> {
        let header = json!({"format": "satchel-bundle", "version": 1, "sealed": false});
        let lines = std::iter::once(&header).chain(lines).map(|line| line.to_string() + "\n");
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("b");
        std::fs::write(&path, lines.collect::<String>()).unwrap();
        verify(&mut Records::open(&path).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_stands_twice_is_told_with_both_places() {
        let line = |kind: &str, field: &str, value: &str| {
            let service = match kind {
                "account" | "tombstone" => "auth",
                "profile" => "user",
                _ => "notes",
            };
            let mut line = json!({"service": service, "kind": kind});
            line[field] = json!(value);
            line
        };
        let other = "01".repeat(12);
        for (kind, field, one, same) in [
            ("account", "email", "a@example.test", "A@Example.test"),
            ("profile", "username", "Straße", " STRASSE "),
            ("note", "id", "b1cb1816-7d85-457c-9f32-2a1422d00e17", "B1CB1816-7d85-457c-9f32-2a1422d00e17"),
        ] {
            let mut lines = [line(kind, field, one), line(kind, field, same)];
            if field != "id" {
                (lines[0]["account"], lines[1]["account"]) = (json!(other), json!("02".repeat(12)));
            }
            let told = verified(&lines).unwrap_err();
            assert!(told.ends_with(&format!("line 3: {field}: stands twice, first on line 2")), "{told}");
        }
        let both = [line("account", "account", &other), line("tombstone", "account", &other)];
        assert!(verified(&both).unwrap_err().contains("account: stands twice"));
        let each = [line("account", "account", &other), line("author", "account", &other)];
        assert_eq!(verified(&each), Ok(()));
    }
}
