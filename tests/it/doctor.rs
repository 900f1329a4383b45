//! The doctor against real damage: one service wakes up with an older copy of its data.
//!
//! That is what a lost disk and a backup leave behind. The doctor must name every account that the services then
//! disagree about, repair what can be repaired, and find nothing the second time.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::kit::actor::PASSWORD;
use crate::kit::{Actor, Setup, World};

/// Passes after which everything must be repaired: a repair may uncover what it hid.
const PASSES_MAX: u32 = 3;

/// Where somebody's e-mail moves to after the copy is made.
const MOVED: &str = "moved@example.test";

/// The people whose accounts change after the copy is made.
struct People {
    admin: Actor,
    stays: Actor,
    leaves: Actor,
    returns: Actor,
    goes: Actor,
    forgets: Actor,
    moves: Actor,
}

impl People {
    /// Everyone writes a note, so that everyone is an author.
    fn arrive(world: &World) -> Self {
        let someone = || {
            let someone = world.someone();
            someone.note("Here.");
            someone
        };
        Self {
            admin: world.admin(),
            stays: someone(),
            leaves: someone(),
            returns: someone(),
            goes: someone(),
            forgets: someone(),
            moves: someone(),
        }
    }

    /// What the copy does not know.
    fn live(&self, world: &World) {
        let newcomer = world.register("newcomer");
        newcomer.note("New here.");
        let at = |actor: &Actor| actor.at(world.doors().gateway);
        at(&self.leaves).delete("/api/users/delete-me").expect(204);
        let admin = at(&self.admin);
        let returning = format!("/api/users/{}", at(&self.returns).id());
        for active in [false, true] {
            admin.patch(&returning, &json!({"isActive": active})).expect(200);
        }
        admin.delete(&format!("/api/users/{}", at(&self.goes).id())).expect(204);
        let moving = format!("/api/users/{}", at(&self.moves).id());
        admin.patch(&moving, &json!({"email": MOVED})).expect(200);
        let change = json!({"currentPassword": PASSWORD, "newPassword": "another good password"});
        at(&self.forgets).patch("/api/auth/update-password", &change).expect(200);
    }
}

/// How often each kind was found and how, over some passes of the doctor.
#[derive(Debug, Default)]
struct Found {
    kinds: BTreeMap<String, usize>,
    passes: u32,
}

impl Found {
    fn count(&mut self, findings: &[Value]) {
        for finding in findings {
            *self.kinds.entry(finding["kind"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
}

/// Life goes on after `service` was copied; then the copy takes the place of its data. Returns the stopped world.
fn with_an_older(service: &str) -> (World, People) {
    let place = Arc::new(TempDir::new().unwrap());
    let mut world = World::start_in(&Setup::ci(), Arc::clone(&place));
    let people = People::arrive(&world);
    world.stop();
    let (data, older) = (world.data().join(service), place.path().join("older"));
    copy(&data, &older);
    world = world.restart();
    people.live(&world);
    world.stop();
    world.satchel(&["doctor"]).expect(0);
    std::fs::remove_dir_all(&data).unwrap();
    copy(&older, &data);
    (world, people)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Has the doctor repair the stopped `world` until nothing is left.
fn repair(world: &World) -> Found {
    let looked = findings(world, &["doctor", "--json"], 2);
    assert!(looked.iter().all(|finding| finding["state"] != "repaired"), "nobody asked for it: {looked:?}");
    let mut found = Found::default();
    found.count(&looked);
    loop {
        found.passes += 1;
        assert!(found.passes <= PASSES_MAX, "{found:?}");
        let told = world.satchel(&["doctor", "--fix", "--json"]);
        let verdict: Value =
            serde_json::from_str(&told.stdout).unwrap_or_else(|error| panic!("{error}: {told:?}"));
        let findings = verdict["findings"].as_array().unwrap();
        if verdict["clean"] == true {
            assert_eq!(told.code, 0, "{told:?}");
            break;
        }
        let for_a_person = findings.iter().any(|finding| finding["state"] == "needsPerson");
        assert_eq!(told.code, if for_a_person { 2 } else { 1 }, "{told:?}");
        assert!(findings.iter().all(|finding| finding["state"] != "open"), "{told:?}");
        found.count(findings);
    }
    found
}

fn findings(world: &World, arguments: &[&str], code: i32) -> Vec<Value> {
    let told = world.satchel(arguments).expect(code);
    let verdict: Value =
        serde_json::from_str(&told.stdout).unwrap_or_else(|error| panic!("{error}: {told:?}"));
    verdict["findings"].as_array().unwrap().clone()
}

fn kinds(found: &Found) -> Vec<&str> {
    found.kinds.keys().map(String::as_str).collect()
}

#[test]
fn an_older_copy_of_user_is_brought_up_to_date() {
    let (world, people) = with_an_older("user");
    let found = repair(&world);
    println!("user put back: {found:?}");
    assert_eq!(
        kinds(&found),
        ["differingFacts", "differingStanding", "laggingProfile", "missingProfile", "undeletedProfile"]
    );

    let world = world.restart();
    let at = |actor: &Actor| actor.at(world.doors().gateway);
    at(&people.stays).get("/api/users/me").expect(200);
    at(&people.leaves).try_log_in(PASSWORD).fails(403, "This account has been deactivated.");
    at(&people.goes).try_log_in(PASSWORD).fails(401, "Invalid email or password");
    at(&people.returns).log_in(PASSWORD).get("/api/users/me").expect(200);
    let back = at(&people.forgets).log_in("another good password");
    back.get("/api/users/me").expect(200);
    has_moved(&at(&people.moves));
    at(&people.forgets).get("/api/users/me").fails(401, "Not authorized, invalid token");
}

#[test]
fn an_older_copy_of_auth_is_brought_up_to_date_and_what_is_lost_is_told() {
    let (world, people) = with_an_older("auth");
    let found = repair(&world);
    println!("auth put back: {found:?}");
    assert_eq!(
        kinds(&found),
        [
            "differingFacts",
            "differingStanding",
            "halfDeleted",
            "laggingAccount",
            "lostAccount",
            "unknownAuthor"
        ]
    );

    let world = world.restart();
    let at = |actor: &Actor| actor.at(world.doors().gateway);
    at(&people.leaves).try_log_in(PASSWORD).fails(403, "This account has been deactivated.");
    at(&people.goes).try_log_in(PASSWORD).fails(401, "Invalid email or password");
    for person in [&people.stays, &people.returns, &people.forgets] {
        let person = at(person).log_in(PASSWORD);
        person.get("/api/users/me").expect(200);
        person.get("/api/notes").expect(200);
    }
    has_moved(&at(&people.moves));
}

/// Demands that auth and user know the person by the later e-mail, and auth by no other.
fn has_moved(moved: &Actor) {
    moved.try_log_in(PASSWORD).fails(401, "Invalid email or password");
    let me = moved.called(MOVED).log_in(PASSWORD).get("/api/users/me").expect(200).json();
    assert_eq!(me["data"]["user"]["email"], MOVED);
}

#[test]
fn an_older_copy_of_notes_is_brought_up_to_date() {
    let (world, people) = with_an_older("notes");
    let found = repair(&world);
    println!("notes put back: {found:?}");
    assert_eq!(kinds(&found), ["laggingAuthor", "undeletedNotes"]);

    let world = world.restart();
    let at = |actor: &Actor| actor.at(world.doors().gateway);
    at(&people.stays).get("/api/notes").expect(200);
    at(&people.forgets).get("/api/notes").fails(401, "Not authorized, invalid token");
    at(&people.goes).get("/api/notes").fails(401, "User belonging to this token no longer exists.");
}
