//! Scenes about registering, logging in and passwords.

use std::time::Duration;

use jsonwebtoken::decode_header;
use serde_json::{Value, json};

use super::Scene;
use super::stage::{Stage, address, claims};
use crate::kit::{Request, mail, wait};

/// The scenarios of this file.
pub(super) const SCENES: [Scene; 4] = [
    ("register", register),
    ("login", login),
    ("password_reset", password_reset),
    ("update_password", update_password),
];

/// Mail is sent right after the answer.
const MAIL_MAX: Duration = Duration::from_secs(10);

fn register(stage: &mut Stage<'_>) {
    stage.until("token claims");
    let facts = token_claims(stage.world.secret(), &stage.token("alice"));
    stage.facts("token claims", &facts);
    stage.step_as("alice", "me of the new user");

    // Whom a listed difference keeps out registers with what is allowed.
    stage.until("me of full");
    stage.register_with(
        "full",
        &json!({"username": "fullRUN", "bio": "my bio", "avatar": "https://example.test/full.png"}),
    );
    stage.step_as("full", "me of full");
    stage.step_as("trim", "me of trim");
    stage.step_as("uni", "me of uni");
    for (name, title) in [
        ("ravatarnumber", "me after avatar number"),
        ("rusername300chars", "me after username 300 chars"),
        ("rusernameofblanks", "me after username of blanks"),
    ] {
        stage.until(title);
        stage.register(name);
        stage.step_as(name, title);
    }
    stage.step_as("rusernamewithmarkup", "me after username with markup");

    stage.register_with("pw100", &json!({"password": "p".repeat(100)}));
    stage.until("four at once, same email");
    let statuses = four_at_once(stage);
    stage.facts("four at once, same email", &statuses);
}

fn token_claims(secret: &str, token: &str) -> Value {
    let claims = claims(secret, token);
    let (issued, expires) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
    let account = claims["userId"].as_str().unwrap();
    let now = chassis::clock::Clock::system().now().as_seconds();
    let mut keys: Vec<&String> = claims.as_object().unwrap().keys().collect();
    keys.sort();
    json!({
        "header": decode_header(token).unwrap(),
        "payload keys": keys,
        "lifetime": expires - issued,
        "userId is 24 hex": account.len() == 24 && account.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "iat near now": (now - issued).abs() < 60,
    })
}

/// The statuses of four registrations of one e-mail, sent together, in rising order.
fn four_at_once(stage: &Stage<'_>) -> Value {
    let body = json!({"email": address("race"), "password": "password-1"});
    let request = Request::new("POST", "/api/auth/register").json(&body);
    let door = stage.world.doors().gateway;
    let mut statuses = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..4).map(|_| scope.spawn(|| request.send(door).status)).collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect::<Vec<_>>()
    });
    statuses.sort_unstable();
    statuses.into()
}

fn login(stage: &mut Stage<'_>) {
    stage.register("login");
    stage.step_as("login", "token works");
    stage.rest();
}

fn password_reset(stage: &mut Stage<'_>) {
    stage.register("reset");
    stage.register("smtp-reject");
    stage.until("forgot, mail refused");
    let first = reset_token(stage);
    stage.until("second token differs");
    let second = wait::poll(MAIL_MAX, || Some(reset_token(stage)).filter(|token| *token != first));
    stage.facts("second token differs", &second.is_ok().into());
    stage.names.bind("<reset-token-2>", &second.unwrap_or(first));
    stage.rest();
}

/// The token in the newest mail.
fn reset_token(stage: &Stage<'_>) -> String {
    let mail = mail::wait(stage.world.data(), &address("reset"));
    mail["token"].as_str().unwrap_or_else(|| panic!("no reset link: {mail}")).to_owned()
}

fn update_password(stage: &mut Stage<'_>) {
    stage.register("update");
    stage.rest_by(|title| (!title.starts_with("no token")).then_some("update"));
}
