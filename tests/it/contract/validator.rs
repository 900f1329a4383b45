//! Entity tags: on every GET, and 304 for who has that state already.

use serde_json::json;

use crate::kit::{Actor, Answer, Request, World};

fn conditional(actor: &Actor, target: &str, tags: &str) -> Answer {
    actor.send(Request::new("GET", target).header("if-none-match", tags))
}

fn tag(answer: &Answer) -> String {
    answer.header("etag").unwrap_or_else(|| panic!("no ETag: {answer}")).to_owned()
}

#[test]
fn every_get_has_an_entity_tag_and_answers_304_to_who_knows_it() {
    let world = World::shared();
    let admin = world.admin();
    let note = admin.note("Known.");
    let user = format!("/api/users/{}", world.someone().id());
    let targets = [
        "/health",
        "/api/users/me",
        "/api/users?limit=1",
        &user,
        "/api/notes",
        &format!("/api/notes/{note}"),
    ];
    for target in targets {
        let fresh = admin.get(target).expect(200);
        let tag = tag(&fresh);
        for tags in [tag.as_str(), "*", tag.trim_start_matches("W/"), &format!("\"other\", {tag}")] {
            let known = conditional(&admin, target, tags).expect(304);
            assert!(known.body.is_empty(), "{known}");
            assert_eq!(known.header("etag"), Some(tag.as_str()), "{known}");
            assert_eq!(known.header("content-length"), None, "a 304 says nothing of a length: {known}");
        }
        assert_eq!(conditional(&admin, target, "\"other\"").expect(200).body, fresh.body);
        let head = admin.send(Request::new("HEAD", target)).expect(200);
        assert_eq!(head.header("etag"), Some(tag.as_str()), "{head}");
        assert_eq!(head.header("content-length"), Some(fresh.body.len().to_string().as_str()), "{head}");
    }
}

#[test]
fn a_change_makes_a_new_tag() {
    let world = World::shared();
    let user = world.someone();
    let target = format!("/api/notes/{}", user.note("Before."));
    let before = tag(&user.get(&target));
    user.patch(&target, &json!({"content": "After."})).expect(200);
    let after = conditional(&user, &target, &before).expect(200);
    assert_ne!(tag(&after), before);
}

#[test]
fn failures_and_writes_know_no_conditions() {
    let world = World::shared();
    let user = world.someone();
    conditional(&world.anon(), "/api/notes", "*").expect(401);
    conditional(&user, "/api/notes/nope", "*").expect(404);
    let write = Request::new("POST", "/api/notes").header("if-none-match", "*");
    user.send(write.json(&json!({"content": "x"}))).expect(201);
}
