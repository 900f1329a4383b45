//! Who may call which route, and what is checked first.

use http::StatusCode;
use serde_json::{Value, json};

use crate::world::{World, account};

const PUBLIC: [(&str, &str); 7] = [
    ("GET", "/users/me"),
    ("PATCH", "/users/update-me"),
    ("DELETE", "/users/delete-me"),
    ("GET", "/users"),
    ("GET", "/users/0202020202020202020202020202020202020202"),
    ("PATCH", "/users/123"),
    ("DELETE", "/users/123"),
];
const INTERNAL: [(&str, &str); 6] = [
    ("PUT", "/internal/profiles/123"),
    ("PUT", "/internal/profiles/123/abort"),
    ("PUT", "/internal/accounts/123/standing"),
    ("PUT", "/internal/accounts/123/role"),
    ("POST", "/internal/fixtures"),
    ("POST", "/internal/fixtures/check"),
];
const GONE: &str = "User belonging to this token no longer exists.";

#[tokio::test]
async fn nobody_gets_anywhere_without_a_good_token_of_a_standing_account() {
    let world = World::new().await;
    let (id, _) = world.register_admin(1, "ada").await;
    let (_, inactive) = world.register_admin(2, "ben").await;
    world.ask("DELETE", "/users/delete-me", &inactive, json!(null)).await;
    world
        .call(
            "PUT",
            &format!("/internal/accounts/{id}/standing"),
            json!({"generation": 0, "rung": "active", "epoch": 1}),
        )
        .await;
    let cases = [
        ("garbage".to_owned(), "Not authorized, invalid token"),
        (world.token(&account(9), 0, 0), GONE),
        (inactive, GONE),
        (world.token(&id, 0, 0), "Not authorized, invalid token"),
    ];
    for (method, path) in PUBLIC {
        let without = world.send(method, path, &[], b"{".to_vec()).await;
        assert_eq!(without.failure(), (401, "Not authorized, no token"), "{method} {path}");
        for (token, message) in &cases {
            let answer = world.ask(method, path, token, json!([])).await;
            assert_eq!(answer.failure(), (401, *message), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn administration_is_refused_to_others_before_anything_is_read() {
    let world = World::new().await;
    let (_, ada) = world.register(1, "ada").await;
    let authorization = format!("Bearer {ada}");
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    for (method, path) in PUBLIC.iter().skip(3) {
        let huge = vec![b'x'; 20_000];
        let answer = world.send(method, path, &headers, huge).await;
        assert_eq!(
            answer.failure(),
            (403, "You do not have permission to perform this action"),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn a_body_is_measured_then_typed_then_parsed() {
    let world = World::new().await;
    let (_, ada) = world.register_admin(1, "ada").await;
    let authorization = format!("Bearer {ada}");
    for path in ["/users/update-me", "/users/123"] {
        let send = async |content_type: &str, body: Vec<u8>| {
            let headers = [("authorization", authorization.as_str()), ("content-type", content_type)];
            world.send("PATCH", path, &headers, body).await
        };
        assert_eq!(send("text/plain", vec![b'x'; 10_241]).await.failure(), (413, "request entity too large"));
        let untyped = send("text/plain", b"{".to_vec()).await;
        assert_eq!(untyped.failure(), (400, "Invalid input: expected object, received undefined"));
        let malformed = send("application/json", b"{".to_vec()).await;
        assert_eq!(malformed.failure(), (400, "Malformed JSON at line 1 column 1"));
    }
}

#[tokio::test]
async fn internal_routes_are_closed_to_people_and_strangers() {
    let world = World::new().await;
    let (_, admin) = world.register_admin(1, "ada").await;
    for (method, path) in INTERNAL {
        let answer = world.send(method, path, &[], b"{".to_vec()).await;
        assert_eq!(answer.failure(), (401, "Service credentials are required"), "{method} {path}");
        let answer = world.ask(method, path, &admin, json!({})).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
    }
}

#[tokio::test]
async fn literal_paths_win_and_a_wrong_method_is_told_the_right_ones() {
    let world = World::new().await;
    for (method, path, allowed) in [
        ("PATCH", "/users/me", "GET,HEAD"),
        ("GET", "/users/update-me", "PATCH"),
        ("POST", "/users", "GET,HEAD"),
        ("POST", "/users/1", "GET,HEAD,PATCH,DELETE"),
    ] {
        let answer = world.send(method, path, &[], Vec::new()).await;
        assert_eq!(answer.failure(), (405, "Method Not Allowed"), "{method} {path}");
        assert_eq!(answer.headers[http::header::ALLOW], allowed, "{method} {path}");
    }
    let unknown = world.send("GET", "/users/a/b?c=d", &[], Vec::new()).await;
    assert_eq!(unknown.failure(), (404, "Resource Not Found: /users/a/b?c=d"));
}

#[tokio::test]
async fn health_is_anyones_to_ask() {
    let world = World::new().await;
    let answer = world.send("GET", "/health", &[], Vec::new()).await;
    assert_eq!(answer.text, r#"{"status":"OK","service":"User Service"}"#);
    assert_eq!(world.send("HEAD", "/users/me", &[], Vec::new()).await.body, Value::Null);
}
