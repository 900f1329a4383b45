//! An administrator moves an account to another e-mail; auth answers in all ways it can.

use http::StatusCode;
use serde_json::{Value, json};

use crate::world::{Answer, World};

const CLAIM: &str = "/internal/claims/new%40example%2Etest";
const RELEASE: &str = "/release";

async fn move_to(world: &World, id: &str, admin: &str, edit: Value) -> Answer {
    world.ask("PATCH", &format!("/users/{id}"), admin, edit).await
}

#[tokio::test]
async fn the_address_is_reserved_first_and_moved_with_the_other_fields_in_one_version() {
    let world = World::new().await;
    let (id, admin) = world.register_admin(1, "ada").await;
    let edit = json!({"email": "New@Example.test", "username": "eva", "role": "user"});
    let answer = move_to(&world, &id, &admin, edit).await;
    assert_eq!((answer.user("email"), answer.user("username")), (&json!("new@example.test"), &json!("eva")));
    let heard = world.auth.heard();
    let paths: Vec<_> = heard.iter().map(|(path, _)| path.as_str()).skip(1).collect();
    let (email, role) = (format!("/internal/accounts/{id}/email"), format!("/internal/accounts/{id}/role"));
    assert_eq!(paths, [CLAIM, &email, &role]);
    assert_eq!(world.auth.bodies(CLAIM)[0]["account"], json!(id));
    assert_eq!(world.auth.bodies("/email"), [json!({"email": "new@example.test", "version": 2})]);
    assert_eq!(world.auth.bodies("/role")[1], json!({"role": "user", "version": 2}));
}

#[tokio::test]
async fn a_taken_address_changes_nothing_and_is_given_back() {
    let world = World::new().await;
    let (id, admin) = world.register_admin(1, "ada").await;
    world.auth.answer(CLAIM, StatusCode::CONFLICT);
    let before = world.ask("GET", &format!("/users/{id}"), &admin, json!(null)).await;
    let answer = move_to(&world, &id, &admin, json!({"email": "new@example.test", "bio": "x"})).await;
    assert_eq!(answer.failure(), (409, "email already exists"));
    let after = world.ask("GET", &format!("/users/{id}"), &admin, json!(null)).await;
    assert_eq!(after.body, before.body);
    assert_eq!(world.auth.hears(RELEASE, 1).await, world.auth.bodies(CLAIM)[0]);
    assert_eq!(world.auth.bodies("/email"), [json!(null); 0]);
}

#[tokio::test]
async fn silence_about_an_address_changes_nothing_and_whatever_was_reserved_is_given_back() {
    let world = World::new().await;
    let (id, admin) = world.register_admin(1, "ada").await;
    world.auth.answer(CLAIM, StatusCode::INTERNAL_SERVER_ERROR);
    let answer = move_to(&world, &id, &admin, json!({"email": "new@example.test", "isActive": false})).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers[http::header::RETRY_AFTER], "1");
    let after = world.ask("GET", &format!("/users/{id}"), &admin, json!(null)).await;
    assert_eq!((after.user("email"), after.user("isActive")), (&json!("ada@example.test"), &json!(true)));
    assert_eq!(world.auth.hears(RELEASE, 1).await, world.auth.bodies(CLAIM)[0]);
}

#[tokio::test]
async fn a_taken_name_is_told_before_auth_is_asked() {
    let world = World::new().await;
    let (id, admin) = world.register_admin(1, "ada").await;
    world.register(2, "ben").await;
    let answer = move_to(&world, &id, &admin, json!({"email": "new@example.test", "username": "BEN"})).await;
    assert_eq!(answer.failure(), (409, "username already exists"));
    assert_eq!(world.auth.bodies(CLAIM), [json!(null); 0]);
}

#[tokio::test]
async fn ones_own_address_in_other_letters_is_no_move() {
    let world = World::new().await;
    let (id, admin) = world.register_admin(1, "ada").await;
    let answer = move_to(&world, &id, &admin, json!({"email": "ADA@example.test", "bio": "x"})).await;
    assert_eq!((answer.user("email"), answer.user("bio")), (&json!("ada@example.test"), &json!("x")));
    assert!(world.auth.heard().iter().all(|(path, _)| !path.starts_with("/internal/claims")));
}
