//! Where paths lead, and that nothing else gets through.

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn each_prefix_leads_to_its_service_and_the_rest_arrives_as_it_was_sent() {
    let world = World::echoing().await;
    for (method, public, service, target) in [
        ("POST", "/api/auth/login", "auth", "/auth/login"),
        ("POST", "/api/auth/login/", "auth", "/auth/login/"),
        ("GET", "/api/users?page=2&limit=%31", "user", "/users?page=2&limit=%31"),
        ("GET", "/api/notes", "notes", "/notes"),
        ("GET", "/api/notes/?search=a+b", "notes", "/notes/?search=a+b"),
        ("DELETE", "/api/notes/%33fa85f64", "notes", "/notes/%33fa85f64"),
        ("BREW", "/api/notes/x", "notes", "/notes/x"),
    ] {
        let answer = world.ask(method, public, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{public}");
        let seen = (&answer.body["service"], &answer.body["method"], &answer.body["target"]);
        assert_eq!(seen, (&json!(service), &json!(method), &json!(target)));
    }
}

#[tokio::test]
async fn unknown_paths_are_answered_at_the_door() {
    let world = World::echoing().await;
    for (target, quoted) in [
        ("/", "/"),
        ("/api/", "/api/"),
        ("/nope/?a=%20", "/nope/?a=%20"),
        ("/users/me", "/users/me"),
        ("/internal/accounts", "/internal/accounts"),
        ("/api//notes", "/api//notes"),
        ("/API/notes", "/API/notes"),
        ("http://host.example/api/notes", "/"),
        ("/api/users/%2e%2e/internal/x?y", "/users/%2e%2e/internal/x?y"),
        ("/api/notes//", "/notes//"),
        ("/api/auth/..\\internal", "/auth/..\\internal"),
    ] {
        let answer = world.ask("POST", target, &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{target}");
        assert_eq!(answer.message(), format!("Resource Not Found: {quoted}"));
    }
}

#[tokio::test]
async fn what_cannot_be_decoded_is_refused_whatever_the_path() {
    let world = World::echoing().await;
    for target in ["/api/notes/%zz", "/api/notes?search=%zz", "/nope?%ff=1", "/api/users?a=%"] {
        assert_eq!(world.ask("GET", target, &[]).await.status, StatusCode::BAD_REQUEST, "{target}");
    }
}

#[tokio::test]
async fn health_is_the_gateways_own() {
    let world = World::echoing().await;
    let answer = world.ask("GET", "/health", &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body, json!({"status": "OK", "service": "API Gateway"}));
    let known = answer.header("etag");
    assert_eq!(
        world.ask("GET", "/health", &[("if-none-match", known)]).await.status,
        StatusCode::NOT_MODIFIED
    );
    assert_eq!(world.ask("HEAD", "/health", &[]).await.status, StatusCode::OK);
    let answer = world.ask("POST", "/health", &[]).await;
    assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET,HEAD"));
}

#[tokio::test]
async fn preflights_are_answered_at_the_door() {
    let world = World::echoing().await;
    for target in ["/api/notes", "/nope", "/api/users/../x"] {
        let answer = world.ask("OPTIONS", target, &[("origin", "http://evil.example")]).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        assert_eq!(answer.header("access-control-allow-origin"), "http://localhost:5173");
    }
}

#[tokio::test]
async fn a_services_own_404_and_405_pass() {
    let missing = async || chassis::failure::Failure::no_route("/notes/nope");
    let world = World::before(Router::new().route("/notes", get("[]")).fallback(missing)).await;
    let answer = world.ask("PUT", "/api/notes", &[]).await;
    assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET,HEAD"));
    assert_eq!(answer.message(), "Method Not Allowed");
    assert_eq!(world.ask("GET", "/api/notes/nope", &[]).await.message(), "Resource Not Found: /notes/nope");
}
