//! The scene about tokens: good ones, and every way in which one can be bad.

use chassis::clock::Clock;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

use super::Scene;
use super::stage::Stage;

/// The scenarios of this file.
pub(super) const SCENES: [Scene; 1] = [("tokens", tokens)];

/// `{"alg":"none","typ":"JWT"}` in base64url.
const UNSIGNED: &str = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
const HOUR: i64 = 3600;

fn tokens(stage: &mut Stage<'_>) {
    stage.register("tokens");
    stage.register("other");
    stage.note("tokens", "tokens1");
    stage.names.bind("<jwt>", &stage.token("tokens"));
    while let Some(title) = stage.upcoming() {
        match authorization(stage, title.split(':').next().unwrap_or_default()) {
            Some(value) => stage.authorize(value),
            None => stage.speak_as_nobody(),
        }
        stage.step();
    }
}

/// The `Authorization` that a step's title begins with.
fn authorization(stage: &Stage<'_>, kind: &str) -> Option<String> {
    let (good, other) = (stage.token("tokens"), stage.token("other"));
    let parts: Vec<&str> = good.split('.').collect();
    let secret = stage.world.secret();
    let with = |changes: Value| Some(format!("Bearer {}", signed(secret, stage, &changes)));
    let now = Clock::system().now().as_seconds();
    match kind {
        "absent" | "cookie token" => None,
        "good token still works" => Some(format!("Bearer {good}")),
        "garbage" => Some("Bearer garbage".to_owned()),
        "three dots" => Some("Bearer ...".to_owned()),
        "Bearer alone" => Some("Bearer".to_owned()),
        "third word" => Some(format!("Bearer {good} third")),
        "Basic" => Some(format!("Basic {good}")),
        "Token scheme" => Some(format!("Token {good}")),
        "wrong secret" => Some(format!("Bearer {}", signed("another secret", stage, &json!({})))),
        "alg none" => Some(format!("Bearer {UNSIGNED}.{}.", parts[1])),
        "signature cut" => Some(format!("Bearer {}", &good[..good.len() - 4])),
        "payload changed" => {
            let payload = other.split('.').nth(1).unwrap_or_default();
            Some(format!("Bearer {}.{payload}.{}", parts[0], parts[2]))
        }
        "expired" => with(json!({"iat": now - 2 * HOUR, "exp": now - HOUR})),
        "expired 2 s ago" => with(json!({"iat": now - HOUR, "exp": now - 2})),
        "nbf ahead" => with(json!({"nbf": now + HOUR})),
        "iat ahead" => with(json!({"iat": now + HOUR, "exp": now + 2 * HOUR})),
        "role claim" | "role claim on an admin route" => with(json!({"role": "admin"})),
        "no userId claim" => with(json!({"userId": null})),
        other => panic!("no token is called {other}"),
    }
}

/// A token with the original's claims under `changes`; null takes one away.
fn signed(secret: &str, stage: &Stage<'_>, changes: &Value) -> String {
    let now = Clock::system().now().as_seconds();
    let mut claims = json!({"userId": stage.names.fill("<uid:tokens>"), "iat": now, "exp": now + 24 * HOUR});
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}
