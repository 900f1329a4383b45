//! What bodies must look like, and what is said when they do not.

use serde_json::{Value, json};

use crate::world::World;

const EMAIL: (&str, &str) = ("email", "Email is required");
const FORMAT: (&str, &str) = ("email", "Invalid email format");
const PASSWORD: (&str, &str) = ("password", "Password is required");
const SHORT: (&str, &str) = ("password", "Password must be at least 8 characters");
const NEW: (&str, &str) = ("password", "New password is required");

async fn refuses(
    world: &World,
    (method, path): (&str, &str),
    token: &str,
    body: Value,
    expected: &[(&str, &str)],
) {
    let shown = body.to_string();
    let answer = world.ask_as(token, method, path, body).await;
    let errors: Vec<_> =
        expected.iter().map(|(field, message)| json!({"field": field, "message": message})).collect();
    assert_eq!(answer.failure(), (400, expected[0].1), "{path} {shown}");
    assert_eq!(answer.body["errors"], Value::Array(errors), "{path} {shown}");
}

#[tokio::test]
async fn registration_names_every_wrong_field_in_order() {
    let (world, route) = (World::new().await, ("POST", "/auth/register"));
    let good = |change: Value| {
        let mut body = json!({"email": "ada@example.test", "password": "12345678"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    };
    let cases = [
        (json!({}), vec![EMAIL, PASSWORD]),
        (json!({"email": null, "password": 7}), vec![EMAIL, PASSWORD]),
        (json!({"email": ["a@b.co"], "password": ""}), vec![EMAIL, SHORT]),
        (good(json!({"email": "a@b.co\u{0}"})), vec![FORMAT]),
        (good(json!({"password": "é".repeat(7)})), vec![SHORT]),
        (
            good(json!({"password": "x".repeat(257)})),
            vec![("password", "Password cannot exceed 256 characters")],
        ),
        (
            good(json!({"username": null})),
            vec![("username", "Invalid input: expected string, received null")],
        ),
        (
            good(json!({"username": " ab "})),
            vec![("username", "Too small: expected string to have >=3 characters")],
        ),
        (
            good(json!({"username": "u".repeat(65)})),
            vec![("username", "Username cannot exceed 64 characters")],
        ),
        (
            good(json!({"username": "a\u{0}bc"})),
            vec![("username", "Username cannot contain control characters")],
        ),
        (good(json!({"bio": {"a": 1}})), vec![("bio", "Invalid input: expected string, received object")]),
        (good(json!({"avatar": "javascript:alert(1)"})), vec![("avatar", "Avatar must be a valid URL")]),
        (
            json!({"email": "a", "password": "b", "username": "c", "bio": "d".repeat(251), "avatar": "e"}),
            vec![
                FORMAT,
                SHORT,
                ("username", "Too small: expected string to have >=3 characters"),
                ("bio", "Bio cannot exceed 250 characters"),
                ("avatar", "Avatar must be a valid URL"),
            ],
        ),
    ];
    for (body, expected) in cases {
        refuses(&world, route, "", body, &expected).await;
    }
    let nothing = good(json!({"bio": null, "avatar": null, "foo": 1}));
    world.ask("POST", "/auth/register", nothing).await.token(201);
    assert!(world.user.bodies("/profiles/")[0]["bio"].is_null());
}

#[tokio::test]
async fn the_other_routes_have_words_of_their_own() {
    let world = World::new().await;
    let token = world.register("ada@example.test", "12345678").await.token(201);
    let (login, forgot) = (("POST", "/auth/login"), ("POST", "/auth/forgot-password"));
    let (reset, update) = (("PATCH", "/auth/reset-password/nope"), ("PATCH", "/auth/update-password"));
    let (current, new) =
        (("currentPassword", "Current password is required"), ("newPassword", "New password is required"));
    let cases = [
        (login, json!({}), vec![EMAIL, PASSWORD]),
        (
            login,
            json!({"email": "a", "password": ""}),
            vec![("email", "Invalid email address"), ("password", "Password cannot be empty")],
        ),
        (forgot, json!({"email": 5}), vec![EMAIL]),
        (forgot, json!({"email": "clara"}), vec![FORMAT]),
        (reset, json!({}), vec![NEW]),
        (reset, json!({"password": "1234567"}), vec![("password", "Password must be 8+ chars")]),
        (update, json!({"currentPassword": null, "newPassword": 2}), vec![current, new]),
        (
            update,
            json!({"currentPassword": "x", "newPassword": "x"}),
            vec![("newPassword", "Password must be 8+ chars")],
        ),
        (
            update,
            json!({"currentPassword": "x", "newPassword": "x".repeat(257)}),
            vec![("newPassword", "Password cannot exceed 256 characters")],
        ),
    ];
    for (route, body, expected) in cases {
        refuses(&world, route, &token, body, &expected).await;
    }
}

#[tokio::test]
async fn a_stricter_world_asks_for_longer_passwords_in_its_messages_too() {
    let world = World::with(|config| auth::Config { password_min: 15, ..config }).await;
    let body = json!({"email": "ada@example.test", "password": "x".repeat(14)});
    let message = "Password must be at least 15 characters";
    refuses(&world, ("POST", "/auth/register"), "", body, &[("password", message)]).await;
    let token = world.register("ada@example.test", &"x".repeat(15)).await.token(201);
    let body = json!({"currentPassword": "x".repeat(15), "newPassword": "y".repeat(14)});
    let route = ("PATCH", "/auth/update-password");
    refuses(&world, route, &token, body, &[("newPassword", "Password must be 15+ chars")]).await;
    let body = json!({"password": "y".repeat(14)});
    refuses(
        &world,
        ("PATCH", "/auth/reset-password/x"),
        "",
        body,
        &[("password", "Password must be 15+ chars")],
    )
    .await;
}

#[tokio::test]
async fn bodies_that_are_no_objects_are_named() {
    let world = World::new().await;
    let none = world.send("POST", "/auth/login", &[], Vec::new()).await;
    assert_eq!(none.failure(), (400, "Invalid input: expected object, received undefined"));
    let array = world.ask("POST", "/auth/login", json!([])).await;
    assert_eq!(array.failure(), (400, "Invalid input: expected object, received array"));
}
