//! People and their own profile.

use std::time::Duration;

use http::header;
use serde_json::json;

use crate::world::World;

const ME: &str = "/users/me";
const UPDATE: &str = "/users/update-me";

#[tokio::test]
async fn a_profile_is_shown_with_its_fields_in_the_contracts_order() {
    let world = World::new().await;
    let (id, ada) = world.register(1, "ada").await;
    let answer = world.ask("GET", ME, &ada, json!(null)).await;
    let expected = format!(
        r#"{{"status":"success","data":{{"user":{{"_id":"{id}","email":"ada@example.test","username":"ada","bio":null,"avatar":null,"role":"user","createdAt":"2026-01-01T00:00:00.000Z","updatedAt":"2026-01-01T00:00:00.000Z"}}}}}}"#
    );
    assert_eq!(answer.text, expected);
    let (bearer, tag) = (format!("Bearer {ada}"), answer.headers[header::ETAG].to_str().unwrap());
    let headers = [("authorization", bearer.as_str()), ("if-none-match", tag)];
    assert_eq!(world.send("GET", ME, &headers, Vec::new()).await.status, 304);
}

#[tokio::test]
async fn what_is_sent_changes_and_what_is_not_stays() {
    let world = World::new().await;
    let (_, ada) = world.register(1, "ada").await;
    world.wait(Duration::from_secs(1));
    let edit = json!({"username": "  Ada L ", "bio": "  x  ", "avatar": "https://example.test/a.png", "role": "admin"});
    let answer = world.ask("PATCH", UPDATE, &ada, edit).await;
    assert_eq!(answer.user("username"), "Ada L");
    assert_eq!(answer.user("bio"), "  x  ");
    assert_eq!(answer.user("role"), "user");
    assert_eq!(answer.user("createdAt"), "2026-01-01T00:00:00.000Z");
    assert_eq!(answer.user("updatedAt"), "2026-01-01T00:00:01.000Z");
    world.wait(Duration::from_secs(1));
    let answer = world.ask("PATCH", UPDATE, &ada, json!({"bio": null})).await;
    assert_eq!((answer.user("bio"), answer.user("username")), (&json!(null), &json!("Ada L")));
    assert_eq!(answer.user("avatar"), "https://example.test/a.png");
    let kept = world.ask("GET", ME, &ada, json!(null)).await;
    assert_eq!(kept.body, answer.body);
}

#[tokio::test]
async fn an_empty_edit_is_fine_and_changes_nothing() {
    let world = World::new().await;
    let (_, ada) = world.register(1, "ada").await;
    world.wait(Duration::from_secs(1));
    let answer = world.ask("PATCH", UPDATE, &ada, json!({"unknown": 1})).await;
    assert_eq!(answer.user("updatedAt"), "2026-01-01T00:00:00.000Z");
}

#[tokio::test]
async fn every_wrong_field_is_told_in_the_contracts_order() {
    let world = World::new().await;
    let (_, ada) = world.register(1, "ada").await;
    let wrong = json!({"avatar": "nope", "bio": "b".repeat(251), "username": "ab"});
    let answer = world.ask("PATCH", UPDATE, &ada, wrong).await;
    let short = "Username must be at least 3 characters";
    assert_eq!(answer.failure(), (400, short));
    assert_eq!(
        answer.body["errors"],
        json!([
            {"field": "username", "message": short},
            {"field": "bio", "message": "Bio cannot exceed 250 characters"},
            {"field": "avatar", "message": "Avatar must be a valid URL"},
        ])
    );
}

#[tokio::test]
async fn each_field_has_its_own_rule_and_words() {
    let world = World::new().await;
    let (_, ada) = world.register(1, "ada").await;
    let avatar = "Avatar must be a valid URL";
    for (edit, message) in [
        (json!({"username": "    "}), "Username must be at least 3 characters"),
        (json!({"username": "u".repeat(65)}), "Username cannot exceed 64 characters"),
        (json!({"username": "a\u{0}bc"}), "Username cannot contain control characters"),
        (json!({"username": null}), "Invalid input: expected string, received null"),
        (json!({"bio": []}), "Invalid input: expected string, received array"),
        (json!({"bio": "🙂".repeat(126)}), "Bio cannot exceed 250 characters"),
        (json!({"bio": "a\u{0}"}), "Bio cannot contain NUL characters"),
        (json!({"avatar": 5}), "Invalid input: expected string, received number"),
        (json!({"avatar": ""}), avatar),
        (json!({"avatar": "javascript:alert(1)"}), avatar),
        (json!({"password": "x", "avatar": "nope"}), avatar),
        (json!({"password": null}), "Password updates are not handled by User Service"),
        (json!({"bio": "b", "passwordConfirm": "x"}), "Password updates are not handled by User Service"),
        (json!([]), "Invalid input: expected object, received array"),
        (json!(null), "Invalid input: expected object, received undefined"),
    ] {
        let answer = world.ask("PATCH", UPDATE, &ada, edit.clone()).await;
        assert_eq!(answer.failure(), (400, message), "{edit}");
    }
    let profile = world.ask("GET", ME, &ada, json!(null)).await;
    assert_eq!((profile.user("username"), profile.user("bio")), (&json!("ada"), &json!(null)));
}

#[tokio::test]
async fn a_name_belongs_to_one_in_whatever_case_and_is_ones_own_in_any() {
    let world = World::new().await;
    let ((_, ada), (_, ben)) = (world.register(1, "ada").await, world.register(2, "ben").await);
    for name in ["ada", "ADA", " aDa "] {
        let answer = world.ask("PATCH", UPDATE, &ben, json!({"username": name})).await;
        assert_eq!(answer.failure(), (409, "username already exists"), "{name}");
    }
    assert_eq!(world.ask("PATCH", UPDATE, &ada, json!({"username": "Ada"})).await.user("username"), "Ada");
    world.ask("PATCH", UPDATE, &ada, json!({"username": "Augusta"})).await;
    assert_eq!(world.ask("PATCH", UPDATE, &ben, json!({"username": "ADA"})).await.user("username"), "ADA");
}

#[tokio::test]
async fn who_leaves_is_a_stranger_at_once_and_the_others_know() {
    let world = World::new().await;
    let (_, ada) = world.register(1, "ada").await;
    let answer = world.ask("DELETE", "/users/delete-me", &ada, json!(null)).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (204, ""));
    let told = json!({"generation": 0, "rung": "disabled", "epoch": 0});
    assert_eq!(
        (world.auth.bodies("/standing"), world.notes.bodies("/standing")),
        (vec![told.clone()], vec![told])
    );
    for (method, path) in [("GET", ME), ("PATCH", UPDATE), ("DELETE", "/users/delete-me")] {
        let answer = world.ask(method, path, &ada, json!({"bio": "x"})).await;
        assert_eq!(
            answer.failure(),
            (401, "User belonging to this token no longer exists."),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn leaving_does_not_wait_for_a_service_that_fails_and_tells_it_later() {
    let world = World::new().await;
    let (_, ada) = world.register(1, "ada").await;
    world.notes.answer("/standing", http::StatusCode::SERVICE_UNAVAILABLE);
    let answer = world.ask("DELETE", "/users/delete-me", &ada, json!(null)).await;
    assert_eq!(answer.status, 204);
    let tries = world.notes.bodies("/standing").len();
    world.notes.answer("/standing", http::StatusCode::OK);
    world.notes.hears("/standing", tries + 1).await;
}
