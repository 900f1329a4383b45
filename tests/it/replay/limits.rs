//! Scenes about the budget of requests. Most of the hundred are not in the recording.

use serde_json::{Value, json};

use super::Scene;
use super::stage::Stage;

/// The scenarios of this file.
pub(super) const SCENES: [Scene; 3] = [
    ("rate_limit_notes", rate_limit_notes),
    ("rate_limit_auth", rate_limit_auth),
    ("rate_limit_users", rate_limit_users),
];

fn rate_limit_notes(stage: &mut Stage<'_>) {
    let ask = |stage: &mut Stage<'_>| stage.send("GET", "/api/notes", &Value::Null);
    stage.until("notes request 100");
    for _ in 3..=99 {
        ask(stage);
    }
    stage.until("notes request 102");
    ask(stage);
    stage.rest();
}

fn rate_limit_auth(stage: &mut Stage<'_>) {
    let ask = |stage: &mut Stage<'_>| stage.send("POST", "/api/auth/login", &json!({}));
    stage.until("auth request 1");
    ask(stage);
    stage.until("login when limited");
    for _ in 4..=100 {
        ask(stage);
    }
    stage.rest();
}

fn rate_limit_users(stage: &mut Stage<'_>) {
    let ask = |stage: &mut Stage<'_>| stage.send("GET", "/api/users/me", &Value::Null);
    ask(stage);
    stage.until("users request 98");
    for _ in 2..=97 {
        ask(stage);
    }
    stage.until("users request 100");
    ask(stage);
    stage.rest();
}
