//! One note: begun, read, changed, removed, and by whom.

use std::time::Duration;

use serde_json::json;

use crate::world::{ADA, BEN, World};

const NOT_FOUND: (u16, &str) = (404, "Note not found or access denied");
const ABSENT: &str = "/notes/00000000-0000-4000-8000-000000000000";

#[tokio::test]
async fn a_note_needs_only_its_content() {
    let world = World::new();
    let answer = world.author(ADA).post("/notes", json!({"content": ""})).await;
    assert_eq!(answer.status, 201);
    let id = answer.note()["id"].as_str().unwrap();
    let expected = format!(
        r##"{{"status":"success","data":{{"note":{{"id":"{id}","title":"Untitled","content":"","author":"{ADA}","tags":[],"isPinned":false,"isArchived":false,"backgroundColor":"#ffffff","createdAt":"2027-01-15T08:00:00.000Z","updatedAt":"2027-01-15T08:00:00.000Z"}}}}}}"##
    );
    assert_eq!(answer.body, serde_json::from_str::<serde_json::Value>(&expected).unwrap());
}

#[tokio::test]
async fn a_note_is_kept_to_the_letter() {
    let world = World::new();
    let ada = world.author(ADA);
    let body = json!({
        "title": "  <b>T</b> ", "content": "línea\r\n\t🙂 ' OR 1=1 --", "tags": ["b", "a", "b", ""],
        "isPinned": true, "isArchived": true, "backgroundColor": "red",
    });
    let path = ada.has_note(body.clone()).await;
    let read = ada.get(&path).await;
    for (field, value) in body.as_object().unwrap() {
        assert_eq!(&read.note()[field], value, "{field}");
    }
}

#[tokio::test]
async fn the_server_chooses_id_author_and_times() {
    let world = World::new();
    let body = json!({
        "content": "x", "id": "b1cb1816-7d85-457c-9f32-2a1422d00e17", "author": BEN,
        "createdAt": "2000-01-01T00:00:00.000Z", "foo": 1,
    });
    let answer = world.author(ADA).post("/notes", body).await;
    let note = answer.note();
    assert_ne!(note["id"], "b1cb1816-7d85-457c-9f32-2a1422d00e17");
    assert_eq!((&note["author"], &note["createdAt"]), (&json!(ADA), &json!("2027-01-15T08:00:00.000Z")));
}

#[tokio::test]
async fn a_patch_changes_its_fields_and_the_time() {
    let world = World::new();
    let ada = world.author(ADA);
    let path = ada.has_note(json!({"content": "c", "tags": ["a"]})).await;
    world.clock.advance(Duration::from_secs(1));
    let answer = ada.patch(&path, json!({"title": "new", "tags": [], "id": "x", "author": BEN})).await;
    let note = answer.note();
    assert_eq!((&note["title"], &note["content"], &note["tags"]), (&json!("new"), &json!("c"), &json!([])));
    assert_eq!((&note["createdAt"], &note["author"]), (&json!("2027-01-15T08:00:00.000Z"), &json!(ADA)));
    assert_eq!(note["updatedAt"], "2027-01-15T08:00:01.000Z");
    assert_eq!(ada.get(&path).await.note(), note);
}

#[tokio::test]
async fn an_empty_patch_changes_nothing() {
    let world = World::new();
    let ada = world.author(ADA);
    let path = ada.has_note(json!({"content": "c"})).await;
    let before = ada.get(&path).await;
    world.clock.advance(Duration::from_secs(1));
    for empty in [json!({}), json!({"foo": 1})] {
        assert_eq!(ada.patch(&path, empty).await.note(), before.note());
    }
}

#[tokio::test]
async fn a_deleted_note_is_gone() {
    let world = World::new();
    let ada = world.author(ADA);
    let path = ada.has_note(json!({"content": "c"})).await;
    let answer = ada.delete(&path).await;
    assert_eq!((answer.status.as_u16(), answer.body), (204, serde_json::Value::Null));
    for gone in [ada.delete(&path).await, ada.get(&path).await, ada.patch(&path, json!({"title": "x"})).await]
    {
        assert_eq!(gone.failure(), NOT_FOUND);
    }
    assert_eq!(ada.get("/notes").await.total(), 0);
}

#[tokio::test]
async fn absent_foreign_and_malformed_ids_are_told_alike() {
    let world = World::new();
    let foreign = world.author(BEN).has_note(json!({"content": "c"})).await;
    let ada = world.author(ADA);
    for path in [
        ABSENT,
        &foreign,
        "/notes/123",
        "/notes/%C3%BC",
        "/notes/'%20or%201=1--",
        "/notes/a190d9a9551b5d3780443007",
    ] {
        assert_eq!(ada.get(path).await.failure(), NOT_FOUND, "{path}");
        assert_eq!(ada.patch(path, json!({"title": "x"})).await.failure(), NOT_FOUND, "{path}");
        assert_eq!(ada.delete(path).await.failure(), NOT_FOUND, "{path}");
    }
    assert_eq!(world.author(BEN).get(&foreign).await.status, 200);
}

#[tokio::test]
async fn a_wrong_field_is_told_before_an_absent_note() {
    let world = World::new();
    let answer = world.author(ADA).patch(ABSENT, json!({"title": ""})).await;
    assert_eq!(answer.failure(), (400, "Too small: expected string to have >=1 characters"));
}

#[tokio::test]
async fn no_route_of_authors_answers_without_a_token() {
    let world = World::new();
    let stranger = world.stranger();
    for answer in [
        stranger.get("/notes").await,
        stranger.post("/notes", json!({"content": "x"})).await,
        stranger.get(ABSENT).await,
        stranger.patch(ABSENT, json!({})).await,
        stranger.delete(ABSENT).await,
    ] {
        assert_eq!(answer.failure(), (401, "Not authorized, no token"));
    }
}

#[tokio::test]
async fn a_known_state_is_not_sent_again() {
    let world = World::new();
    let ada = world.author(ADA);
    let path = ada.has_note(json!({"content": "c"})).await;
    let first = ada.get(&path).await;
    assert_eq!(first.headers["etag"], ada.get(&path).await.headers["etag"]);
    ada.patch(&path, json!({"content": "d"})).await;
    assert_ne!(first.headers["etag"], ada.get(&path).await.headers["etag"]);
}

#[tokio::test]
async fn health_names_the_service() {
    let world = World::new();
    let answer = world.stranger().get("/health/").await;
    assert_eq!(
        (answer.status.as_u16(), answer.body),
        (200, json!({"status": "OK", "service": "Notes Service"}))
    );
}

#[tokio::test]
async fn a_note_grows_by_its_parts_up_to_20_kib_in_all() {
    let world = World::new();
    let ada = world.author(ADA);
    let path = ada.has_note(json!({"content": "x".repeat(10_000)})).await;
    assert_eq!(ada.patch(&path, json!({"tags": ["y".repeat(10_150)]})).await.status, 200);
    let grown = ada.patch(&path, json!({"backgroundColor": "z".repeat(500)})).await;
    assert_eq!(grown.failure(), (413, "A note cannot exceed 20480 bytes"));
    assert_eq!(ada.patch(&path, json!({"backgroundColor": "z".repeat(300)})).await.status, 200);
    // Control characters are written in six bytes.
    let shorter = ada.patch(&path, json!({"content": "\u{1}".repeat(1_695)})).await;
    assert_eq!(shorter.failure(), (413, "A note cannot exceed 20480 bytes"));
    assert_eq!(ada.patch(&path, json!({"content": "x".repeat(9_000), "title": "t"})).await.status, 200);
    let foreign = world.author(ADA).get(&path).await;
    assert_eq!(foreign.note()["tags"][0].as_str().map(str::len), Some(10_150));
}
