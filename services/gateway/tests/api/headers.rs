//! What a service hears of a client's headers.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_service_hears_only_the_headers_it_needs() {
    let world = World::echoing().await;
    let sent = [
        ("authorization", "Bearer t"),
        ("accept", "application/json"),
        ("if-none-match", "\"a\""),
        ("if-none-match", "\"b\""),
        ("idempotency-key", "key-1"),
        ("x-request-id", "req-1"),
        ("cookie", "a=b"),
        ("host", "evil.example"),
        ("origin", "http://localhost:5173"),
        ("user-agent", "test"),
        ("forwarded", "for=198.51.100.7"),
        ("x-forwarded-for", "198.51.100.7"),
        ("x-forwarded-host", "evil.example"),
        ("x-real-ip", "198.51.100.7"),
        ("x-user-id", "aaaaaaaaaaaaaaaaaaaaaaaa"),
        ("x-original-url", "/internal/accounts"),
        ("x-rewrite-url", "/internal/accounts"),
        ("x-http-method-override", "DELETE"),
        ("connection", "upgrade"),
        ("upgrade", "h2c"),
        ("te", "trailers"),
        ("accept-encoding", "gzip"),
        ("content-type", "application/json"),
    ];
    let answer = world.ask("GET", "/api/notes", &sent).await;
    let mut heard = answer.body["headers"].clone();
    let host = heard.as_object_mut().unwrap().remove("host").unwrap();
    assert!(host[0].as_str().unwrap().starts_with("127.0.0.1:"), "{host}");
    let expected = json!({
        "authorization": ["Bearer t"], "accept": ["application/json"], "if-none-match": ["\"a\"", "\"b\""],
        "idempotency-key": ["key-1"], "x-request-id": ["req-1"],
    });
    assert_eq!(heard, expected);
}

#[tokio::test]
async fn auth_hears_from_the_gateway_who_asks_and_nobody_hears_it_from_the_client() {
    let world = World::echoing().await;
    for (target, count) in [("/api/auth/login", 1), ("/api/users/me", 0), ("/api/notes", 0)] {
        let answer = world.ask("GET", target, &[("satchel-client", "forged")]).await;
        let heard = answer.body["headers"]["satchel-client"].as_array().cloned().unwrap_or_default();
        assert_eq!(heard.len(), count, "{target}");
        assert!(!heard.contains(&json!("forged")), "{target}");
    }
}

#[tokio::test]
async fn a_service_hears_the_id_that_the_client_is_told() {
    let world = World::echoing().await;
    let answer = world.ask("GET", "/api/notes", &[("x-request-id", "not well formed")]).await;
    let id = answer.header("x-request-id");
    assert_eq!(id.len(), 24);
    assert_eq!(answer.body["headers"]["x-request-id"], json!([id]));
}

#[tokio::test]
async fn a_service_hears_nothing_that_was_meant_for_the_gateway_alone() {
    let world = World::echoing().await;
    let sent = [
        ("authorization", "Bearer t"),
        ("accept", "application/json"),
        ("idempotency-key", "key-1"),
        ("connection", "close, Authorization"),
        ("connection", "accept"),
    ];
    let heard = &world.ask("GET", "/api/notes", &sent).await.body["headers"];
    assert_eq!(heard["idempotency-key"], json!(["key-1"]));
    assert!(heard.get("authorization").is_none() && heard.get("accept").is_none(), "{heard}");
}
