//! Scenes about notes: one by one, listed and searched.

use std::time::Duration;

use chassis::clock::Clock;
use serde_json::{Value, json};

use super::Scene;
use super::stage::{Stage, note_id};
use crate::kit::{Answer, wait};

/// The scenarios of this file.
pub(super) const SCENES: [Scene; 3] =
    [("notes_crud", notes_crud), ("notes_list", notes_list), ("notes_search", notes_search)];

/// A millisecond passes sooner.
const TICK_MAX: Duration = Duration::from_secs(1);
const MIN: &str = "/api/notes/<note:min>";

/// The texts that were searched, by title. What was found by which words is recorded, the texts are not.
const SEARCHED: [(&str, &str); 21] = [
    ("Title Only Word", "zzz"),
    ("amp", "a&b"),
    ("back", r"back\slash"),
    ("back2", "backslash"),
    ("dquote", "say \"hi\""),
    ("greek", "ΣΊΣΥΦΟΣ"),
    ("nfd", "re\u{301}cit: e\u{301}cole"),
    ("nl", "one\ntwo"),
    ("pct", "100% sure"),
    ("pct2", "1000 percent"),
    ("plus", "a+b"),
    ("quote", "it's"),
    ("regex", ".*[d]"),
    ("semi", "a; drop"),
    ("star", "2 * 3"),
    ("tab", "one\ttwo"),
    ("tr", "İSTANBUL istanbul ısı"),
    ("under", "snake_case"),
    ("under2", "snakeXcase"),
    ("uni", "東京 🙂"),
    ("uni2", "Straße, strasse"),
];

fn notes_crud(stage: &mut Stage<'_>) {
    stage.register("crud2");
    stage.register("crud");
    stage.speak_as("crud");
    stage.names.bind("<chosen-uuid>", "5a5a5a5a-1111-4222-8333-444444444444");
    stage.names.bind("<chosen-uuid-2>", "5a5a5a5a-1111-4222-8333-555555555555");
    let created = stage.send("POST", "/api/notes", &json!({"content": "hello"})).expect(201);
    stage.names.bind("<note:min>", &note_id(&created));
    let created = note(&created);
    stage.facts("form of a note", &form(stage, &created));

    let full = stage.step();
    stage.names.bind("<note:full>", &note_id(&full));
    stage.until("create chosen id");
    let chosen = note_id(&stage.step());
    stage.step_as("crud2", "create chosen id again by another user");

    patch_times(stage, &created);
    stage.until("patch check: title empty");
    let plain = json!({"content": "", "tags": [], "isPinned": false, "isArchived": false});
    stage.send("PATCH", MIN, &plain).expect(200);
    stage.until("read by the former author");
    stage.send("PATCH", MIN, &json!({"author": "<uid:crud2>"})).expect(200);
    stage.step_as("crud2", "read by the new author");
    // The note that was to have the chosen id has one of its own.
    stage.names.bind("<chosen-uuid>", &chosen);
    stage.rest();
}

fn form(stage: &Stage<'_>, note: &Value) -> Value {
    let fits = |kind: &str, field: &str| stage.names.fits(kind, note[field].as_str().unwrap_or_default());
    json!({
        "id is uuid v4": fits("<uuid>", "id"),
        "createdAt form": fits("<ts>", "createdAt"),
        "createdAt equals updatedAt": note["createdAt"] == note["updatedAt"],
    })
}

/// When the note that was `created` changes, and when it does not.
fn patch_times(stage: &mut Stage<'_>, created: &Value) {
    stage.until("patch title");
    let patched = note(&stage.step());
    let later = patched["updatedAt"].as_str() > created["updatedAt"].as_str();
    let kept = patched["createdAt"] == created["createdAt"];
    stage.facts("patch moves updatedAt only", &json!({"createdAt kept": kept, "updatedAt later": later}));
    let untouched = note(&stage.send("PATCH", MIN, &json!({})).expect(200));
    let moved = untouched["updatedAt"] != patched["updatedAt"];
    stage.facts("empty patch moves updatedAt", &moved.into());
}

/// The note in an answer.
fn note(answer: &Answer) -> Value {
    answer.json()["data"]["note"].clone()
}

fn notes_list(stage: &mut Stage<'_>) {
    stage.register("other");
    stage.speak_as("other");
    stage.send("POST", "/api/notes", &json!({"title": "foreign", "content": "foreign apple"})).expect(201);
    stage.register("list");
    stage.speak_as("list");
    stage.until("?limit=3&page=99");
    for number in 1..=12 {
        let created = stage.send("POST", "/api/notes", &listed_note(number)).expect(201);
        stage.names.bind(&format!("<note:n{number:02}>"), &note_id(&created));
        tick();
    }
    let pinned = json!({"isPinned": true});
    for (name, change) in [("n04", &json!({"title": "n04 touched"})), ("n05", &pinned), ("n01", &pinned)] {
        stage.send("PATCH", &format!("/api/notes/<note:{name}>"), change).expect(200);
        tick();
    }
    stage.rest();
}

/// Every odd one is about apples, every third one says so, the second and the third are put away.
fn listed_note(number: u32) -> Value {
    let (parity, content) =
        if number.is_multiple_of(2) { ("even", "pear and more") } else { ("odd", "apple and more") };
    let tags = if number.is_multiple_of(3) { json!([parity, "three"]) } else { json!([parity]) };
    json!({"title": format!("n{number:02}"), "content": content, "tags": tags, "isArchived": number == 2 || number == 3})
}

/// Two changes in one millisecond would be in no order that a test could know.
fn tick() {
    let now = || Clock::system().now();
    let before = now();
    wait::until("the clock moves on", TICK_MAX, || now() > before);
}

fn notes_search(stage: &mut Stage<'_>) {
    stage.register("search");
    stage.speak_as("search");
    for (title, content) in SEARCHED {
        stage.send("POST", "/api/notes", &json!({"title": title, "content": content})).expect(201);
    }
    stage.rest();
}
