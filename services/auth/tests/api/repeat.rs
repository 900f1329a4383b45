//! A registration with a key of the client's choice, asked for again.

use chassis::task;
use http::StatusCode;
use serde_json::{Value, json};

use crate::stub::Told;
use crate::world::{Answer, World, send};

const ADA: &str = "ada@example.test";
const PASSWORD: &str = "correct horse";
const OPEN: (u16, &str) = (503, "This registration is still under way, please try again");
const REUSED: (u16, &str) = (422, "This Idempotency-Key was used for another registration");

fn body() -> Value {
    json!({"email": ADA, "password": PASSWORD, "username": "ada", "bio": "hi"})
}

async fn register(world: &World, key: &str, body: Value) -> Answer {
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    world.send("POST", "/auth/register", &headers, body.to_string().into_bytes()).await
}

#[tokio::test]
async fn the_same_registration_is_answered_alike_under_its_key() {
    let world = World::new().await;
    let first = register(&world, "key 1", body()).await;
    let account = world.caller(&first.token(201)).account;
    for typed in
        [body(), json!({"bio": "hi", "username": " ada ", "password": PASSWORD, "email": "ADA@example.test"})]
    {
        let again = register(&world, "key 1", typed).await;
        assert_eq!(world.caller(&again.token(201)).account, account);
        assert_eq!(again.body.as_object().unwrap().len(), first.body.as_object().unwrap().len());
    }
    let world = world.restart().await;
    let after = register(&world, "key 1", body()).await.token(201);
    assert_eq!(world.caller(&after).account, account);
    assert_eq!(world.user.bodies("/profiles/").len(), 1);
    assert_eq!(register(&world, "key 2", body()).await.failure(), (409, "email already exists"));
    assert_eq!(world.register(ADA, PASSWORD).await.failure(), (409, "email already exists"));
}

#[tokio::test]
async fn a_key_names_one_registration_only() {
    let world = World::new().await;
    register(&world, "key-1", body()).await.token(201);
    for (field, value) in
        [("email", "eva@example.test"), ("password", "another horse"), ("username", "eva"), ("bio", "ho")]
    {
        let mut other = body();
        other[field] = value.into();
        assert_eq!(register(&world, "key-1", other).await.failure(), REUSED, "{field}");
    }
    let without = json!({"email": ADA, "password": PASSWORD});
    assert_eq!(register(&world, "key-1", without).await.failure(), REUSED);
    assert_eq!(world.user.bodies("/profiles/").len(), 1);
}

#[tokio::test]
async fn a_key_is_one_word_of_printable_characters() {
    let world = World::new().await;
    let malformed = (400, "Idempotency-Key must be 1 to 64 printable characters");
    for key in ["", "a\tb", &"x".repeat(65)] {
        assert_eq!(register(&world, key, body()).await.failure(), malformed, "{key:?}");
    }
    let headers = [("content-type", "application/json"), ("idempotency-key", "a"), ("idempotency-key", "b")];
    let twice = world.send("POST", "/auth/register", &headers, body().to_string().into_bytes()).await;
    assert_eq!(twice.failure(), malformed);
    register(&world, &"x".repeat(64), body()).await.token(201);
}

#[tokio::test]
async fn while_a_registration_is_under_way_its_key_is_answered_later() {
    let world = World::new().await;
    world.user.answer("/profiles/", &[Told::Held]);
    let (edge, typed) = (world.edge.clone(), body().to_string().into_bytes());
    let headers = [("content-type", "application/json"), ("idempotency-key", "key-1")];
    let client =
        task::spawn("test", async move { send(&edge, "POST", "/auth/register", &headers, typed).await });
    world.user.hears("/profiles/", 1).await;
    let again = register(&world, "key-1", body()).await;
    assert_eq!((again.failure(), &again.headers["retry-after"]), (OPEN, &"1".parse().unwrap()));
    world.user.go_on();
    client.await.unwrap().token(201);
    register(&world, "key-1", body()).await.token(201);
}

#[tokio::test]
async fn a_registration_that_did_not_happen_frees_its_key() {
    let world = World::new().await;
    let told = |status| Told::Status(StatusCode::from_u16(status).unwrap());
    world.user.answer("/profiles/", &[told(409)]);
    assert_eq!(register(&world, "key-1", body()).await.failure(), (409, "username already exists"));
    world.user.answer("/profiles/", &[told(503), told(503), told(503)]);
    assert_eq!(register(&world, "key-1", body()).await.status, 503);
    let mut other = body();
    other["username"] = "eva".into();
    loop {
        let answer = register(&world, "key-1", other.clone()).await;
        if answer.status == 201 {
            break;
        }
        assert_eq!(answer.failure(), REUSED);
        // A refusal waits for nothing, so the relay would not have its turn.
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_key_opens_no_account_that_left() {
    let world = World::new().await;
    let token = register(&world, "key-1", body()).await.token(201);
    world.stands(&token, 0, "disabled").await;
    let disabled = register(&world, "key-1", body()).await;
    assert_eq!(disabled.failure(), (403, "This account has been deactivated."));
    world.stands(&token, 0, "deleted").await;
    let anew = register(&world, "key-1", body()).await.token(201);
    assert_ne!(world.caller(&anew).account, world.caller(&token).account);
}

#[tokio::test]
async fn of_eight_with_one_key_at_once_all_that_succeed_have_one_account() {
    let world = World::new().await;
    let all: Vec<_> = (0..8)
        .map(|_| {
            let (edge, typed) = (world.edge.clone(), body().to_string().into_bytes());
            let headers = [("content-type", "application/json"), ("idempotency-key", "key-1")];
            task::spawn("test", async move { send(&edge, "POST", "/auth/register", &headers, typed).await })
        })
        .collect();
    let mut accounts = Vec::new();
    for one in all {
        let answer = one.await.unwrap();
        match answer.status.as_u16() {
            201 => accounts.push(world.caller(&answer.token(201)).account),
            _ => assert_eq!(answer.failure(), OPEN),
        }
    }
    accounts.dedup();
    assert_eq!(accounts.len(), 1);
}
