//! Forgotten and changed passwords.

use std::time::Duration;

use auth::mail::Mail;
use chassis::task;
use serde_json::json;

use crate::stub::Told;
use crate::world::{World, send};

const ADA: &str = "ada@example.test";
const OLD: &str = "correct horse";
const NEW: &str = "battery staple";
const EXPIRED: (u16, &str) = (400, "Token is invalid or has expired");
const DEAD: (u16, &str) = (401, "Not authorized, invalid token");
const UNKNOWN: (u16, &str) = (401, "Invalid email or password");

/// The token in the link of a mail.
fn mailed(mail: &Mail) -> &str {
    mail.token.as_deref().unwrap()
}

#[tokio::test]
async fn a_mailed_token_sets_a_new_password_once_and_ends_every_session() {
    let world = World::new().await;
    let before = world.register(ADA, OLD).await.token(201);
    assert_eq!(world.forget_password("Ada@example.test").await.body["message"], "Token sent to email!");
    let mail = world.mail(1).await;
    assert_eq!(mail.link, Some(format!("http://localhost:5173/reset-password/{}", mailed(&mail))));
    assert_eq!(
        (mail.to.as_str(), mail.kind.as_str(), mail.sent_at.as_str()),
        (ADA, "reset", "2026-01-01T00:00:00.000Z")
    );
    world.log_in(ADA, OLD).await.token(200);

    let after = world.reset_password(mailed(&mail), NEW).await.token(200);
    assert_eq!(world.reset_password(mailed(&mail), "a third one").await.failure(), EXPIRED);
    assert_eq!(world.log_in(ADA, OLD).await.failure(), UNKNOWN);
    world.log_in(ADA, NEW).await.token(200);
    assert_eq!(world.change_password(&before, NEW, "a third one").await.failure(), DEAD);
    world.change_password(&after, NEW, "a third one").await.token(200);

    let ended = |epoch: u32| json!({"generation": 0, "rung": "active", "epoch": epoch});
    assert_eq!(world.user.bodies("/standing"), [ended(1), ended(2)], "heard before the answer");
    assert_eq!(world.notes.bodies("/standing"), [ended(0), ended(1), ended(2)]);
}

#[tokio::test]
async fn a_token_works_for_ten_minutes() {
    let world = World::new().await;
    world.register(ADA, OLD).await.token(201);
    world.forget_password(ADA).await;
    let mail = world.mail(1).await;
    world.wait(Duration::from_mins(10));
    assert_eq!(world.reset_password(mailed(&mail), NEW).await.failure(), EXPIRED);
    world.forget_password(ADA).await;
    let mail = world.mail(2).await;
    world.wait(Duration::from_millis(599_999));
    world.reset_password(mailed(&mail), NEW).await.token(200);
}

#[tokio::test]
async fn only_the_newest_token_works() {
    let world = World::new().await;
    world.register(ADA, OLD).await.token(201);
    world.forget_password(ADA).await;
    let first = world.mail(1).await;
    world.forget_password(ADA).await;
    let second = world.mail(2).await;
    assert_eq!(world.reset_password(mailed(&first), NEW).await.failure(), EXPIRED);
    world.reset_password(mailed(&second), NEW).await.token(200);
}

#[tokio::test]
async fn a_token_dies_with_a_password_change_a_deactivation_and_a_move() {
    let world = World::new().await;
    let token = world.register(ADA, OLD).await.token(201);
    world.forget_password(ADA).await;
    let mail = world.mail(1).await;
    let token = world.change_password(&token, OLD, NEW).await.token(200);
    assert_eq!(world.reset_password(mailed(&mail), OLD).await.failure(), EXPIRED);

    world.forget_password(ADA).await;
    let mail = world.mail(2).await;
    world.stands(&token, 0, "disabled").await;
    world.stands(&token, 1, "active").await;
    assert_eq!(world.reset_password(mailed(&mail), OLD).await.failure(), EXPIRED);

    world.forget_password(ADA).await;
    let mail = world.mail(3).await;
    let path = format!("/internal/accounts/{}/email", world.caller(&token).account);
    let moved = world.call("PUT", &path, json!({"email": "lovelace@example.test", "version": 1})).await;
    assert_eq!(moved.status, 200);
    assert_eq!(world.reset_password(mailed(&mail), OLD).await.failure(), EXPIRED);
    world.log_in("lovelace@example.test", NEW).await.token(200);
}

#[tokio::test]
async fn everyone_gets_the_same_answer_and_only_active_accounts_a_mail() {
    let world = World::new().await;
    world.register(ADA, OLD).await.token(201);
    let inactive = world.register("ben@example.test", OLD).await.token(201);
    world.stands(&inactive, 0, "disabled").await;
    for email in ["ben@example.test", "nobody@example.test", ADA] {
        let answer = world.forget_password(email).await;
        assert_eq!(
            (answer.status.as_u16(), answer.text.as_str()),
            (200, r#"{"status":"success","message":"Token sent to email!"}"#)
        );
    }
    // Requests are dealt with in order, so Ada's mail comes after the others would have.
    assert_eq!(world.mail(1).await.to, ADA);
    assert_eq!(world.mails().len(), 1);
}

#[tokio::test]
async fn tokens_that_were_never_mailed_are_refused() {
    let world = World::new().await;
    let hexadecimal = "a".repeat(64);
    for token in ["nope", "%00x", hexadecimal.as_str(), "..", "%2e%2e%2f"] {
        let answer = world.reset_password(token, NEW).await;
        assert_eq!(answer.status, 400, "{token}");
    }
    assert_eq!(world.reset_password(&hexadecimal, NEW).await.failure(), EXPIRED);
    let without = world.ask("PATCH", "/auth/reset-password/", json!({"password": NEW})).await;
    assert_eq!(without.failure(), (404, "Resource Not Found: /auth/reset-password/"));
}

#[tokio::test]
async fn of_sixteen_who_use_one_token_at_once_one_succeeds() {
    let world = World::new().await;
    world.register(ADA, OLD).await.token(201);
    world.forget_password(ADA).await;
    let path = format!("/auth/reset-password/{}", mailed(&world.mail(1).await));
    let all: Vec<_> = (0..16)
        .map(|n| {
            let (edge, path) = (world.edge.clone(), path.clone());
            let body = json!({"password": format!("password-{n}")}).to_string().into_bytes();
            let headers = [("content-type", "application/json")];
            task::spawn(
                "test",
                async move { send(&edge, "PATCH", &path, &headers, body).await.status.as_u16() },
            )
        })
        .collect();
    let mut statuses = Vec::new();
    for one in all {
        statuses.push(one.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (200, &[400; 15][..]));
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it() {
    let world = World::new().await;
    let token = world.register(ADA, OLD).await.token(201);
    let wrong = (401, "Incorrect current password");
    assert_eq!(world.change_password(&token, "", NEW).await.failure(), wrong);
    assert_eq!(world.change_password(&token, NEW, NEW).await.failure(), wrong);
    let next = world.change_password(&token, OLD, NEW).await.token(200);
    assert_eq!(world.caller(&next).session.epoch, 1);
    assert_eq!(world.change_password(&token, NEW, OLD).await.failure(), DEAD);
    world.log_in(ADA, NEW).await.token(200);
}

#[tokio::test]
async fn a_password_change_is_answered_within_a_second_when_others_are_away() {
    let world = World::new().await;
    let token = world.register(ADA, OLD).await.token(201);
    world.notes.hears("/standing", 1).await;
    world.notes.answer("/standing", &[Told::Silence, Told::Silence, Told::Silence]);
    let start = tokio::time::Instant::now();
    world.change_password(&token, OLD, NEW).await.token(200);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(world.user.bodies("/standing").len(), 1, "who is up has heard");
}

#[tokio::test]
async fn passwords_and_sessions_survive_a_restart() {
    let world = World::new().await;
    let token = world.register(ADA, OLD).await.token(201);
    let token = world.change_password(&token, OLD, NEW).await.token(200);
    let world = world.restart().await;
    world.log_in(ADA, NEW).await.token(200);
    world.forget_password(ADA).await;
    world.mail(1).await;
    world.change_password(&token, NEW, OLD).await.token(200);
}
