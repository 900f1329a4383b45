//! That the fixtures of the repository are documents that Satchel would take.
//!
//! A light copy of the rules in fixtures/README.md, so that a slip of the pen is told before anything is built;
//! the rules themselves are the services'.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::rule::{Breach, holds};
use crate::tree::Tree;

const DOCUMENTS: [&str; 2] = ["fixtures/demo.json", "fixtures/small.json"];
/// What the public routes take at most, so that every note here could have been written by a person.
const BODY_MAX: usize = 10_240;
const REMEDY: &str = "fixtures/README.md has the format: mend the fixture";

/// What is wrong with a document, gathered on a walk through it.
struct Check {
    place: String,
    seen: BTreeSet<(&'static str, String)>,
    breaches: Vec<Breach>,
}

impl Check {
    fn document(place: &str, text: &str) -> Vec<Breach> {
        let mut check = Self { place: place.to_owned(), seen: BTreeSet::new(), breaches: Vec::new() };
        match serde_json::from_str::<Value>(text) {
            Ok(document) => check.root(&document),
            Err(error) => check.must(false, place, &format!("is JSON: {error}")),
        }
        check.breaches
    }

    fn must(&mut self, holds: bool, at: &str, rule: &str) {
        if !holds {
            self.breaches.push(Breach::new(&self.place, format!("{at}: must hold that it {rule}"), REMEDY));
        }
    }

    fn once(&mut self, kind: &'static str, value: &str, at: &str) {
        let is_new = self.seen.insert((kind, value.to_lowercase()));
        self.must(is_new, at, &format!("has a {kind} that no other has"));
    }

    fn root(&mut self, document: &Value) {
        self.must(document.get("format") == Some(&"satchel-fixture".into()), "format", "is satchel-fixture");
        self.must(document.get("version") == Some(&1.into()), "version", "is 1");
        let users = document.get("users").and_then(Value::as_array);
        self.must(users.is_some(), "users", "is an array");
        for (index, user) in users.into_iter().flatten().enumerate() {
            self.user(user, &format!("users[{index}]"));
        }
    }

    fn user(&mut self, user: &Value, at: &str) {
        let (id, email, username) = (text(user, "_id"), text(user, "email"), text(user, "username"));
        self.must(id.len() == 24 && is_lower_hex(id), at, "has an _id of 24 lower-case hex digits");
        self.once("_id", id, at);
        let is_address = email.split('@').filter(|part| !part.is_empty()).count() == 2;
        self.must(is_address && email.is_ascii(), at, "has an e-mail address in lower case");
        self.once("e-mail", email, at);
        self.must((8..=256).contains(&units(text(user, "password"))), at, "has a password of 8 to 256 units");
        let is_name = (3..=64).contains(&units(username)) && username.trim() == username;
        self.must(is_name && !username.contains(char::is_control), at, "has a username of 3 to 64 units");
        self.once("username", username, at);
        self.must(["admin", "user"].contains(&text(user, "role")), at, "has the role admin or user");
        self.must(units(text(user, "bio")) <= 250, at, "has a bio of at most 250 units");
        let avatar = text(user, "avatar");
        let is_url = ["https://", "http://"].iter().any(|scheme| avatar.starts_with(scheme));
        self.must(avatar.is_empty() || is_url, at, "has a web address as its avatar");
        self.must(user.get("isActive").is_some_and(Value::is_boolean), at, "is active or not");
        self.must(is_time(text(user, "createdAt")), at, "has a time of creation");
        for (index, note) in user.get("notes").and_then(Value::as_array).into_iter().flatten().enumerate() {
            self.note(note, text(user, "createdAt"), &format!("{at}.notes[{index}]"));
        }
    }

    fn note(&mut self, note: &Value, born: &str, at: &str) {
        let (id, created, updated) = (text(note, "id"), text(note, "createdAt"), text(note, "updatedAt"));
        self.must(is_uuid_v4(id), at, "has an id that is a UUID of version 4 in lower case");
        self.once("id", id, at);
        self.must((1..=100).contains(&units(text(note, "title"))), at, "has a title of 1 to 100 units");
        let content = note.get("content").and_then(Value::as_str);
        self.must(content.is_some_and(|text| !text.contains('\0')), at, "has a text without NUL");
        let tags = note.get("tags").and_then(Value::as_array);
        self.must(
            tags.is_some_and(|tags| tags.iter().all(Value::is_string)),
            at,
            "has tags that are strings",
        );
        for flag in ["isPinned", "isArchived"] {
            self.must(
                note.get(flag).is_some_and(Value::is_boolean),
                at,
                &format!("has {flag} true or false"),
            );
        }
        let colour = text(note, "backgroundColor").strip_prefix('#').unwrap_or_default();
        self.must(colour.len() == 6 && is_lower_hex(colour), at, "has a colour like #rrggbb");
        self.must(is_time(created) && is_time(updated), at, "has both times");
        self.must(
            born <= created && created <= updated,
            at,
            "was made after its author and before it changed",
        );
        self.must(note.to_string().len() <= BODY_MAX, at, &format!("fits into a body of {BODY_MAX} bytes"));
    }
}

fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Lengths count UTF-16 units, as everywhere in the API.
fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// RFC 3339 in UTC with milliseconds, by its form alone.
fn is_time(text: &str) -> bool {
    let digits_as_zero = |c: char| if c.is_ascii_digit() { '0' } else { c };
    text.chars().map(digits_as_zero).eq("0000-00-00T00:00:00.000Z".chars())
}

fn is_uuid_v4(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let starts = |at: usize, digits: &[char]| groups.get(at).is_some_and(|group| group.starts_with(digits));
    lengths == [8, 4, 4, 4, 12]
        && groups.iter().all(|group| is_lower_hex(group))
        && starts(2, &['4'])
        && starts(3, &['8', '9', 'a', 'b'])
}

#[test]
fn the_fixtures_keep_to_their_format() {
    let tree = Tree::read();
    let breaches: Vec<_> = DOCUMENTS.iter().flat_map(|path| Check::document(path, tree.text(path))).collect();
    holds("a fixture is a document within the limits of the contract, every id in it unique", breaches);
}

#[cfg(test)]
mod tests;
