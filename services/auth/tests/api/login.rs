//! Logging in: who has the password gets in, and everyone else learns nothing.

use std::net::IpAddr;
use std::time::Duration;

use auth::Tolerance;
use chassis::internal::{Key, Signer};
use chassis::task;
use serde_json::json;

use crate::world::{Answer, World, send};

const ADA: &str = "ada@example.test";
const PASSWORD: &str = "correct horse";
const UNKNOWN: (u16, &str) = (401, "Invalid email or password");

/// What someone can see of an answer, its request id aside.
fn seen(mut answer: Answer) -> (u16, Vec<(String, String)>, serde_json::Value) {
    answer.headers.remove("x-request-id");
    answer.body["requestId"] = json!(null);
    let headers =
        answer.headers.iter().map(|(n, v)| (n.to_string(), v.to_str().unwrap().to_owned())).collect();
    (answer.status.as_u16(), headers, answer.body)
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_email_look_the_same() {
    let world = World::new().await;
    world.register(ADA, PASSWORD).await.token(201);
    let gone = world.register("gone@example.test", PASSWORD).await.token(201);
    world.stands(&gone, 0, "deleted").await;
    let wrong = seen(world.log_in(ADA, "wrong").await);
    assert_eq!(wrong.0, 401);
    for (email, password) in [("eve@example.test", PASSWORD), ("gone@example.test", PASSWORD)] {
        assert_eq!(seen(world.log_in(email, password).await), wrong, "{email}");
    }
}

#[tokio::test]
async fn the_email_may_be_written_in_any_case_and_the_password_must_be_whole() {
    let world = World::new().await;
    let long = format!("{}x", "p".repeat(100));
    world.register(ADA, &long).await.token(201);
    world.log_in("ADA@example.TEST", &long).await.token(200);
    for wrong in ["p".repeat(100), "p".repeat(72), format!("{}X", "p".repeat(100))] {
        assert_eq!(world.log_in(ADA, &wrong).await.failure(), UNKNOWN);
    }
}

#[tokio::test]
async fn only_the_owner_of_a_deactivated_account_hears_that_it_is() {
    let world = World::new().await;
    let token = world.register(ADA, PASSWORD).await.token(201);
    world.stands(&token, 0, "disabled").await;
    assert_eq!(world.log_in(ADA, PASSWORD).await.failure(), (403, "This account has been deactivated."));
    assert_eq!(world.log_in(ADA, "wrong").await.failure(), UNKNOWN);
    world.stands(&token, 1, "active").await;
    let back = world.log_in(ADA, PASSWORD).await.token(200);
    assert_eq!(world.caller(&back).session.generation, 1);
    assert!(world.change_password(&token, PASSWORD, "another horse").await.failure().0 == 401);
}

#[tokio::test]
async fn a_token_lives_as_long_as_configured() {
    let lifetime = auth::TokenLifetime::parse("2h").unwrap();
    let world = World::with(|config| auth::Config { token_lifetime: lifetime, ..config }).await;
    let token = world.register(ADA, PASSWORD).await.token(201);
    world.wait(Duration::from_secs(2 * 3600 - 1));
    assert_eq!(
        world.change_password(&token, "wrong", "another horse").await.failure().1,
        "Incorrect current password"
    );
    world.wait(Duration::from_secs(1));
    let dead = (401, "Not authorized, invalid token");
    assert_eq!(world.change_password(&token, "wrong", "another horse").await.failure(), dead);
}

#[tokio::test]
async fn a_log_in_after_the_cost_of_hashes_changed_ends_no_session() {
    let mut world = World::new().await;
    let token = world.register(ADA, PASSWORD).await.token(201);
    world.config.hash_cost = auth::HashCost::Shipping;
    let world = world.restart().await;
    for _ in 0..2 {
        world.log_in(ADA, PASSWORD).await.token(200);
    }
    world.change_password(&token, PASSWORD, "another horse").await.token(200);
}

/// A log-in that the gateway hands on for the client at `address`.
async fn log_in_from(world: &World, address: &str, email: &str, password: &str) -> Answer {
    let client = address.parse::<IpAddr>().unwrap().into();
    let signer = Signer::new("gateway", &Key::derive(&world.config.secret), world.config.clock.clone());
    let note = signer.vouch("auth", client).unwrap();
    let headers = [("content-type", "application/json"), ("satchel-client", note.as_str())];
    let body = json!({"email": email, "password": password}).to_string().into_bytes();
    world.send("POST", "/auth/login", &headers, body).await
}

async fn patient(tolerance: Tolerance) -> World {
    let world = World::with(|config| auth::Config { tolerance: Some(tolerance), ..config }).await;
    world.register(ADA, PASSWORD).await.token(201);
    world
}

#[tokio::test]
async fn who_fails_too_often_is_refused_alike_whether_the_account_exists_or_not() {
    let tolerance = Tolerance { per_client: 3, per_account: 100, per_stranger: 1, window_s: 900 };
    let world = patient(tolerance).await;
    let mut refused = Vec::new();
    for email in [ADA, "nobody@example.test"] {
        for _ in 0..3 {
            assert_eq!(log_in_from(&world, "192.0.2.1", email, "wrong").await.failure(), UNKNOWN);
        }
        let answer = log_in_from(&world, "192.0.2.1", email, PASSWORD).await;
        assert_eq!(answer.headers["retry-after"], "900");
        refused.push(seen(answer));
    }
    assert_eq!(refused[0], refused[1]);
    let message = "Too many requests from this IP, please try again in 15 minutes!";
    assert_eq!((refused[0].0, refused[0].2["message"].as_str()), (429, Some(message)));
    log_in_from(&world, "192.0.2.2", ADA, PASSWORD).await.token(200);
    world.wait(Duration::from_millis(899_999));
    assert_eq!(log_in_from(&world, "192.0.2.1", ADA, PASSWORD).await.status, 429);
    world.wait(Duration::from_millis(1));
    log_in_from(&world, "192.0.2.1", ADA, PASSWORD).await.token(200);
}

#[tokio::test]
async fn strangers_lock_nobody_out_and_are_borne_less_together() {
    let tolerance = Tolerance { per_client: 4, per_account: 8, per_stranger: 1, window_s: 900 };
    let world = patient(tolerance).await;
    log_in_from(&world, "192.0.2.1", ADA, PASSWORD).await.token(200);
    let mut looked_at = 0;
    for number in 1..=50 {
        for _ in 0..5 {
            let address = format!("198.51.100.{number}");
            looked_at += u32::from(log_in_from(&world, &address, ADA, "wrong").await.status == 401);
        }
    }
    assert_eq!(looked_at, 4 + 4 + 48);
    for _ in 0..3 {
        assert_eq!(log_in_from(&world, "192.0.2.1", ADA, "wrong").await.failure(), UNKNOWN, "at home");
    }
    log_in_from(&world, "192.0.2.1", ADA, PASSWORD).await.token(200);
    log_in_from(&world, "203.0.113.1", ADA, PASSWORD).await.token(200);
}

#[tokio::test]
async fn many_guesses_at_once_get_no_more_than_one_after_the_other() {
    let tolerance = Tolerance { per_client: 5, per_account: 100, per_stranger: 1, window_s: 900 };
    let world = patient(tolerance).await;
    let body = json!({"email": ADA, "password": "wrong"}).to_string();
    let all: Vec<_> = (0..40)
        .map(|_| {
            let (edge, body) = (world.edge.clone(), body.clone().into_bytes());
            let headers = [("content-type", "application/json")];
            task::spawn("test", async move { send(&edge, "POST", "/auth/login", &headers, body).await })
        })
        .collect();
    let mut looked_at = 0;
    for one in all {
        looked_at += u32::from(one.await.unwrap().status == 401);
    }
    assert_eq!(looked_at, 5);
}

#[tokio::test]
async fn a_flood_of_log_ins_is_shed_and_leaves_the_door_open() {
    let world = World::with(|config| auth::Config { hash_cost: auth::HashCost::Shipping, ..config }).await;
    let token = world.register(ADA, PASSWORD).await.token(201);
    let body = json!({"email": ADA, "password": "wrong"}).to_string();
    let flood: Vec<_> = (0..200)
        .map(|_| {
            let (edge, body) = (world.edge.clone(), body.clone().into_bytes());
            let headers = [("content-type", "application/json")];
            task::spawn("test", async move { send(&edge, "POST", "/auth/login", &headers, body).await })
        })
        .collect();
    let mut refused = 0;
    for (n, one) in flood.into_iter().enumerate() {
        if n % 4 == 0 {
            one.abort();
        }
        let Ok(answer) = one.await else { continue };
        match answer.status.as_u16() {
            401 => {}
            503 => {
                assert_eq!(answer.headers["retry-after"], "1");
                refused += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert!(refused > 0, "200 at once are more than may wait");
    world.log_in(ADA, PASSWORD).await.token(200);
    world.change_password(&token, PASSWORD, "another horse").await.token(200);
}

#[tokio::test]
async fn who_has_a_token_may_not_guess_on_at_the_change_of_a_password() {
    let tolerance = Tolerance { per_client: 3, per_account: 100, per_stranger: 1, window_s: 900 };
    let world = patient(tolerance).await;
    let token = world.log_in(ADA, PASSWORD).await.token(200);
    for _ in 0..3 {
        assert_eq!(world.change_password(&token, "a wrong guess", "a fine new one").await.status, 401);
    }
    assert_eq!(world.change_password(&token, PASSWORD, "a fine new one").await.status, 429);
    assert_eq!(world.log_in(ADA, PASSWORD).await.status, 429, "one budget");
    world.wait(Duration::from_mins(15));
    world.change_password(&token, PASSWORD, "a fine new one").await.token(200);
}

#[tokio::test]
async fn who_repeats_a_registration_may_not_guess_on_there() {
    let tolerance = Tolerance { per_client: 3, per_account: 100, per_stranger: 1, window_s: 900 };
    let world = patient(tolerance).await;
    let again = async |password: &str| {
        let headers = [("content-type", "application/json"), ("idempotency-key", "a key of somebody")];
        let body = json!({"email": "ben@example.test", "password": password}).to_string().into_bytes();
        world.send("POST", "/auth/register", &headers, body).await.status
    };
    assert_eq!(again(PASSWORD).await, 201);
    for _ in 0..3 {
        assert_eq!(again("a wrong guess").await, 422);
    }
    assert_eq!(again(PASSWORD).await, 429);
}
