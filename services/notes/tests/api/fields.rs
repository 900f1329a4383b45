//! What the fields of a body may be, and what is said when they are not.

use http::Method;
use serde_json::{Value, json};

use crate::world::{ADA, World};

/// Field and message of every error.
fn told(body: &Value) -> Vec<(&str, &str)> {
    let errors = body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors
        .iter()
        .map(|error| (error["field"].as_str().unwrap(), error["message"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn every_wrong_field_of_a_new_note_is_told_in_the_order_of_the_contract() {
    let world = World::new();
    let body = json!({
        "backgroundColor": 1, "isArchived": "no", "isPinned": null, "tags": ["a", 1], "content": null,
        "title": "t".repeat(101),
    });
    let answer = world.author(ADA).post("/notes", body).await;
    assert_eq!(answer.failure(), (400, "Title too long"));
    assert_eq!(
        told(&answer.body),
        [
            ("title", "Title too long"),
            ("content", "Content is required"),
            ("tags[1]", "Invalid input: expected string, received number"),
            ("isPinned", "Invalid input: expected boolean, received null"),
            ("isArchived", "Invalid input: expected boolean, received string"),
            ("backgroundColor", "Invalid input: expected string, received number"),
        ]
    );
}

#[tokio::test]
async fn every_wrong_field_of_a_patch_is_told_in_the_same_order() {
    let world = World::new();
    let ada = world.author(ADA);
    let path = ada.has_note(json!({"content": "c"})).await;
    let before = ada.get(&path).await;
    let body = json!({"tags": {"0": "a"}, "content": 5, "title": "", "isPinned": 1});
    let answer = ada.patch(&path, body).await;
    assert_eq!(
        told(&answer.body),
        [
            ("title", "Too small: expected string to have >=1 characters"),
            ("content", "Invalid input: expected string, received number"),
            ("tags", "Invalid input: expected array, received object"),
            ("isPinned", "Invalid input: expected boolean, received number"),
        ]
    );
    assert_eq!(ada.patch(&path, json!({"title": "t".repeat(101)})).await.failure(), (400, "Title too long"));
    assert_eq!(ada.get(&path).await.note(), before.note());
}

#[tokio::test]
async fn titles_are_measured_in_utf_16_units() {
    let world = World::new();
    let ada = world.author(ADA);
    for (title, status) in
        [("t".repeat(100), 201), ("🙂".repeat(50), 201), ("🙂".repeat(51), 400), (String::new(), 201)]
    {
        let answer = ada.post("/notes", json!({"title": title, "content": "x"})).await;
        assert_eq!(answer.status, status, "{title}");
    }
}

#[tokio::test]
async fn a_nul_is_refused_where_text_is_kept() {
    let world = World::new();
    let ada = world.author(ADA);
    let path = ada.has_note(json!({"content": "c"})).await;
    for (field, body) in [
        ("title", json!({"content": "x", "title": "a\0"})),
        ("content", json!({"content": "\0"})),
        ("tags[1]", json!({"content": "x", "tags": ["a", "b\0", "\0"]})),
        ("backgroundColor", json!({"content": "x", "backgroundColor": "\0"})),
    ] {
        let message = format!("{field} cannot contain a NUL character");
        for answer in [ada.post("/notes", body.clone()).await, ada.patch(&path, body.clone()).await] {
            assert_eq!(answer.status, 400);
            assert_eq!(told(&answer.body), [(field, message.as_str())]);
        }
    }
}

#[tokio::test]
async fn a_body_that_is_no_object_is_told_so() {
    let world = World::new();
    let ada = world.author(ADA);
    let path = ada.has_note(json!({"content": "c"})).await;
    for (method, path) in [(Method::POST, "/notes"), (Method::PATCH, path.as_str())] {
        let none = ada.ask(method.clone(), path, None).await;
        assert_eq!(none.failure(), (400, "Invalid input: expected object, received undefined"));
        let array = ada.ask(method, path, Some(json!([]))).await;
        assert_eq!(array.failure(), (400, "Invalid input: expected object, received array"));
    }
}
