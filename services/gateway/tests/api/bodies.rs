//! What a service hears of a client's body.

use axum::body::Body;
use serde_json::{Value, json};

use crate::world::{Answer, World};

const JSON: (&str, &str) = ("content-type", "application/json");

fn heard<'a>(answer: &'a Answer, header: &str) -> &'a Value {
    &answer.body["headers"][header]
}

#[tokio::test]
async fn a_body_arrives_with_what_describes_it() {
    let world = World::echoing().await;
    let sent = [JSON, ("content-encoding", "nope"), ("content-length", "7"), ("content-language", "de")];
    let answer = world.send("POST", "/api/notes", &sent, "{\"a\":1}").await;
    assert_eq!(answer.body["body"], "{\"a\":1}");
    assert_eq!(heard(&answer, "content-type"), &json!(["application/json"]));
    assert_eq!(heard(&answer, "content-encoding"), &json!(["nope"]));
    assert_eq!(heard(&answer, "content-length"), &json!(["7"]));
    assert_eq!(heard(&answer, "content-language"), &Value::Null);
}

#[tokio::test]
async fn a_body_in_chunks_arrives_whole_and_with_its_length() {
    let world = World::echoing().await;
    let answer = world.send("PATCH", "/api/notes/x", &[JSON, ("transfer-encoding", "chunked")], "{}").await;
    assert_eq!((&answer.body["body"], heard(&answer, "content-length")), (&json!("{}"), &json!(["2"])));
    assert_eq!(heard(&answer, "transfer-encoding"), &Value::Null);
}

#[tokio::test]
async fn no_body_and_an_empty_one_are_told_apart() {
    let world = World::echoing().await;
    let none = world.ask("POST", "/api/notes", &[JSON]).await;
    assert_eq!(heard(&none, "content-length"), &Value::Null);
    assert_eq!(heard(&none, "transfer-encoding"), &Value::Null);
    for empty in [("content-length", "0"), ("transfer-encoding", "chunked")] {
        let answer = world.ask("POST", "/api/notes", &[JSON, empty]).await;
        assert_eq!(heard(&answer, "content-length"), &json!(["0"]), "{empty:?}");
        assert_eq!(heard(&answer, "content-type"), &json!(["application/json"]));
    }
}

#[tokio::test]
async fn a_body_where_none_belongs_stays_at_the_door() {
    let world = World::echoing().await;
    for method in ["GET", "DELETE"] {
        let answer = world.send(method, "/api/notes/x", &[JSON, ("content-length", "2")], "{}").await;
        assert_eq!(answer.body["body"], "", "{method}");
        assert_eq!(heard(&answer, "content-length"), &Value::Null);
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_cut_one_byte_over_the_limit() {
    let world = World::echoing().await;
    for (sent, arrived, connection) in
        [(10_240, 10_240, ""), (10_241, 10_241, "close"), (50_000, 10_241, "close")]
    {
        let length = sent.to_string();
        let headers = [JSON, ("content-length", length.as_str())];
        let answer = world.send("POST", "/api/notes", &headers, Body::from("x".repeat(sent))).await;
        assert_eq!(answer.body["body"].as_str().unwrap().len(), arrived);
        assert_eq!(heard(&answer, "content-length"), &json!([arrived.to_string()]));
        assert_eq!(answer.header("connection"), connection, "{sent}");
    }
}
