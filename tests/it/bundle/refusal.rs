//! What an import refuses because of what the world has, and what it takes that nobody exported.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Shelf, bundle};
use crate::kit::actor::PASSWORD;
use crate::kit::{Setup, World};

const ACCOUNT: &str = "0101010101010101010101aa";
const NOTE: &str = "b1cb1816-7d85-457c-9f32-2a1422d00e17";
const THEN: &str = "2026-01-05T08:00:00.000Z";

/// Something done to the records of a bundle.
type Change<'a> = Box<dyn Fn(&mut [Value; 4]) + 'a>;

/// A bundle by hand of somebody called `name` with a note.
fn by_hand(shelf: &Shelf, change: impl FnOnce(&mut [Value; 4])) -> PathBuf {
    let mut records = [
        json!({"service": "auth", "kind": "account", "account": ACCOUNT, "email": "Ada@example.test",
            "password": PASSWORD, "role": "admin", "createdAt": THEN}),
        json!({"service": "user", "kind": "profile", "account": ACCOUNT, "email": "ada@example.test",
            "username": "Ada", "role": "admin", "createdAt": THEN}),
        json!({"service": "notes", "kind": "author", "account": ACCOUNT}),
        json!({"service": "notes", "kind": "note", "id": NOTE, "author": ACCOUNT, "content": "By hand.",
            "createdAt": THEN}),
    ];
    change(&mut records);
    let mut text = json!({"format": "satchel-bundle", "version": 1, "sealed": false}).to_string() + "\n";
    for record in records {
        writeln!(text, "{record}").unwrap();
    }
    let file = shelf.file("by-hand");
    std::fs::write(&file, text).unwrap();
    file
}

#[test]
fn a_bundle_by_hand_is_imported_and_is_a_fixture() {
    let shelf = Shelf::new();
    let file = by_hand(&shelf, |_| {});
    let world = World::start(&Setup::ci());
    bundle("import", &file, world.data()).expect(0);
    let again = bundle("import", &file, world.data()).expect(0);
    assert!(again.stdout.contains("4 of them were there already, 0 are new"), "{again:?}");
    let ada = world.anon().called("ada@example.test").log_in(PASSWORD);
    assert_eq!(
        ada.get(&format!("/api/notes/{NOTE}")).expect(200).json()["data"]["note"]["content"],
        "By hand."
    );
    ada.get("/api/users").expect(200);
    assert_eq!(world.doctor().expect(0).stdout, "{\"clean\":true,\"findings\":[]}\n");

    let place = Arc::new(tempfile::tempdir().unwrap());
    let setup = Setup::ci().args(&["--fixtures", file.to_str().unwrap()]);
    let world = World::start_in(&setup, place);
    let ada = world.anon().called("ada@example.test").log_in(PASSWORD);
    ada.patch(&format!("/api/notes/{NOTE}"), &json!({"content": "Changed since."})).expect(200);
    let world = world.restart();
    let note = ada.at(world.doors().gateway).get(&format!("/api/notes/{NOTE}")).expect(200).json();
    assert_eq!(note["data"]["note"]["content"], "Changed since.");
}

#[test]
fn a_fixture_document_is_imported_into_a_new_world_and_a_running_one() {
    let shelf = Shelf::new();
    let small = crate::kit::world::repository().join("fixtures/small.json");
    let imported = bundle("import", &small, &shelf.file("new")).expect(0);
    assert!(imported.stdout.contains("4 users with 12 notes"), "{imported:?}");
    let world = World::start(&Setup::ci());
    bundle("import", &small, world.data()).expect(0);
    world.anon().called("ben@example.test").log_in("small-ben-2026").get("/api/notes").expect(200);
}

#[test]
fn what_does_not_fit_is_refused_with_its_line_before_anything_is_written() {
    let shelf = Shelf::new();
    let world = World::start(&Setup::ci());
    let (ben, admin) = (world.register("ben"), world.admin());
    let note = ben.note("Mine.");
    let gone = world.someone();
    let gone_id = gone.id();
    admin.delete(&format!("/api/users/{gone_id}")).expect(204);
    let before = shelf.exported(world.data(), "before");
    let set = |record: usize, field: &'static str, value: Value| -> Change<'_> {
        Box::new(move |records| records[record][field] = value.clone())
    };
    let cases: [(Change<'_>, &str); 11] = [
        (
            set(0, "email", json!("ben@example.test")),
            "line 2: auth: its e-mail belongs to another account here",
        ),
        (set(0, "account", json!(gone_id)), "line 2: auth: the account was erased here"),
        (set(0, "account", json!(ben.id())), "line 2: auth: the account is here and is different"),
        (set(1, "username", json!("BEN")), "line 3: user: its username belongs to another account here"),
        (set(1, "account", json!(ben.id())), "line 3: user: the profile is here and is different"),
        (set(3, "id", json!(note)), "line 5: notes: its id belongs to a note of another author here"),
        (set(3, "author", json!(gone_id)), "line 5: notes: its author was erased here"),
        (set(0, "password", json!("short")), "line 2: auth: password: Password must be at least 8"),
        (set(1, "avatar", json!("javascript:x")), "line 3: user: avatar: Avatar must be a valid URL"),
        (set(3, "content", json!(7)), "line 5: notes: content: Content is required"),
        (set(3, "colour", json!("red")), "line 5: notes: colour: Unknown field colour"),
    ];
    for (change, why) in cases {
        let file = by_hand(&shelf, |records| change(records));
        let refused = bundle("import", &file, world.data()).expect(1);
        assert!(refused.stderr.contains(why) && refused.stderr.lines().count() == 1, "{why}: {refused:?}");
    }
    assert_eq!(shelf.exported(world.data(), "after"), before);
    ben.note("And the world goes on.");
}

#[test]
fn an_export_that_cannot_be_written_says_why_and_closes_nothing() {
    let shelf = Shelf::new();
    let world = World::start(&Setup::ci());
    for (file, why) in [("nowhere/file", "No such file or directory"), (".", "is a folder")] {
        let refused = bundle("export", &shelf.file(file), world.data()).expect(1);
        assert!(refused.stderr.contains(why) && refused.stderr.lines().count() == 1, "{refused:?}");
    }
    world.someone().note("Still open.");
    let nowhere = bundle("export", &shelf.file("file"), &shelf.file("nowhere")).expect(1);
    assert!(nowhere.stderr.contains("there is no world in"), "{nowhere:?}");
    assert!(!shelf.file("file").exists());
}
