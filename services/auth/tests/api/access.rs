//! Who may call which route, and what is checked first.

use chassis::clock::Clock;
use chassis::internal::{Key, Signer};
use serde_json::json;

use crate::world::World;

const INTERNAL: [(&str, &str); 8] = [
    ("GET", "/internal/accounts?email=a@b.co"),
    ("PUT", "/internal/accounts/123/standing"),
    ("PUT", "/internal/accounts/123/role"),
    ("PUT", "/internal/accounts/123/email"),
    ("PUT", "/internal/claims/nobody"),
    ("PUT", "/internal/claims/nobody/release"),
    ("POST", "/internal/fixtures"),
    ("POST", "/internal/fixtures/check"),
];

#[tokio::test]
async fn internal_routes_ask_for_a_credential_before_they_read_anything() {
    let world = World::new().await;
    let person = world.register("ada@example.test", "correct horse").await.token(201);
    let key = Key::derive(&world.config.secret);
    let for_another = Signer::new("user", &key, world.config.clock.clone()).authorization("notes");
    let stale = Signer::new("user", &key, Clock::frozen(chassis::clock::Timestamp::from_millis(0)));
    let huge = vec![b'x'; 100_000];
    for (method, path) in INTERNAL {
        for credential in
            [String::new(), format!("Bearer {person}"), for_another.clone(), stale.authorization("auth")]
        {
            let answer = world.send(method, path, &[("authorization", &credential)], huge.clone()).await;
            assert_eq!(answer.failure(), (401, "Service credentials are required"), "{method} {path}");
        }
        assert_ne!(world.call(method, path, json!({})).await.status, 401, "{method} {path}");
    }
}

#[tokio::test]
async fn a_password_change_asks_for_a_token_before_the_body() {
    let world = World::new().await;
    let gone = world.register("ada@example.test", "correct horse").await.token(201);
    world.stands(&gone, 0, "deleted").await;
    let inactive = world.register("ben@example.test", "correct horse").await.token(201);
    world.stands(&inactive, 0, "disabled").await;
    let none = world.send("PATCH", "/auth/update-password", &[], b"{".to_vec()).await;
    assert_eq!(none.failure(), (401, "Not authorized, no token"));
    let bad = world.ask_as("garbage", "PATCH", "/auth/update-password", json!([])).await;
    assert_eq!(bad.failure(), (401, "Not authorized, invalid token"));
    for token in [gone, inactive] {
        let answer = world.change_password(&token, "correct horse", "another horse").await;
        assert_eq!(answer.failure(), (401, "User belonging to this token no longer exists."));
    }
}

#[tokio::test]
async fn health_is_anyones_and_unknown_routes_are_nobodys() {
    let world = World::new().await;
    for path in ["/health", "/health/"] {
        let answer = world.send("GET", path, &[], Vec::new()).await;
        assert_eq!(answer.text, r#"{"status":"OK","service":"Auth Service"}"#);
    }
    let wrong = world.send("GET", "/auth/login", &[], Vec::new()).await;
    assert_eq!(
        (wrong.failure(), wrong.headers["allow"].to_str().unwrap()),
        ((405, "Method Not Allowed"), "POST")
    );
    let unknown = world.send("GET", "/auth/nope?a=1", &[], Vec::new()).await;
    assert_eq!(unknown.failure(), (404, "Resource Not Found: /auth/nope?a=1"));
}
