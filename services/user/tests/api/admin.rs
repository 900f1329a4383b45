//! Administrators and everybody's profiles.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{World, account};

#[tokio::test]
async fn a_user_is_shown_with_whether_they_are_active() {
    let world = World::new().await;
    let (id, admin) = world.register_admin(1, "ada").await;
    let answer = world.ask("GET", &format!("/users/{id}"), &admin, json!(null)).await;
    let expected = format!(
        r#"{{"status":"success","data":{{"user":{{"_id":"{id}","email":"ada@example.test","username":"ada","bio":null,"avatar":null,"role":"admin","isActive":true,"createdAt":"2026-01-01T00:00:00.000Z","updatedAt":"2026-01-01T00:00:00.000Z"}}}}}}"#
    );
    assert_eq!(answer.text, expected);
    let capitals = world.ask("GET", &format!("/users/{}", "AB".repeat(12)), &admin, json!(null)).await;
    assert_eq!(capitals.failure(), (404, "No user found with that ID"));
    world.register(0xab, "ben").await;
    let capitals = world.ask("GET", &format!("/users/{}", "AB".repeat(12)), &admin, json!(null)).await;
    assert_eq!(capitals.user("_id"), &json!(account(0xab)));
}

#[tokio::test]
async fn all_are_listed_in_the_order_of_their_creation_with_exact_totals() {
    let world = World::new().await;
    let (_, admin) = world.register_admin(9, "ada").await;
    for (n, name) in [(5, "ben"), (7, "cleo"), (3, "dora")] {
        world.register(n, name).await;
    }
    let gone = world.token(&account(7), 0, 0);
    world.ask("DELETE", "/users/delete-me", &gone, json!(null)).await;
    let names = |answer: &Value| -> Vec<(String, bool)> {
        let users = answer["data"]["users"].as_array().unwrap().clone();
        users.iter().map(|u| (u["username"].as_str().unwrap().to_owned(), u["isActive"] == true)).collect()
    };
    let all = world.ask("GET", "/users/?page=&limit=", &admin, json!(null)).await.body;
    let expected = [("ada", true), ("ben", true), ("cleo", false), ("dora", true)];
    assert_eq!(names(&all), expected.map(|(name, active)| (name.to_owned(), active)));
    assert_eq!(all["data"]["pagination"], json!({"total": 4, "page": 1, "pages": 1, "limit": 10}));
    let second = world.ask("GET", "/users?page=2&limit=3", &admin, json!(null)).await.body;
    assert_eq!((names(&second), &second["results"]), (vec![("dora".to_owned(), true)], &json!(1)));
    assert_eq!(second["data"]["pagination"], json!({"total": 4, "page": 2, "pages": 2, "limit": 3}));
    world.ask("DELETE", &format!("/users/{}", account(5)), &admin, json!(null)).await;
    let after = world.ask("GET", "/users?limit=5000", &admin, json!(null)).await.body;
    assert_eq!(names(&after).len(), 3);
    assert_eq!(after["data"]["pagination"], json!({"total": 3, "page": 1, "pages": 1, "limit": 1000}));
    let odd = world.ask("GET", "/users?page=1&limit=0x3", &admin, json!(null)).await;
    assert_eq!(odd.failure(), (400, "limit must be a positive integer"));
}

#[tokio::test]
async fn an_id_is_checked_after_the_body_and_quoted_decoded() {
    let world = World::new().await;
    let (_, admin) = world.register_admin(1, "ada").await;
    for (path, id) in [
        ("/users/123", "123"),
        ("/users/abcdefghijkl", "abcdefghijkl"),
        ("/users/[object%20Object]", "[object Object]"),
        ("/users/%C3%BC", "ü"),
        ("/users/fffffffffffffffffffffffff", "fffffffffffffffffffffffff"),
    ] {
        for (method, body) in [("GET", json!(null)), ("PATCH", json!({"bio": "x"})), ("DELETE", json!(null))]
        {
            let answer = world.ask(method, path, &admin, body).await;
            assert_eq!(answer.failure(), (400, format!("Invalid _id: {id}").as_str()), "{method} {path}");
        }
        let body_first = world.ask("PATCH", path, &admin, json!({"bio": 1})).await;
        assert_eq!(body_first.failure(), (400, "Invalid bio: expected string, received number"));
    }
    for (method, body) in [("GET", json!(null)), ("PATCH", json!({})), ("DELETE", json!(null))] {
        let answer = world.ask(method, &format!("/users/{}", account(0xff)), &admin, body).await;
        assert_eq!(answer.failure(), (404, "No user found with that ID"), "{method}");
    }
}

#[tokio::test]
async fn a_wrong_field_of_a_patch_is_named() {
    let world = World::new().await;
    let (id, admin) = world.register_admin(1, "ada").await;
    for (edit, message) in [
        (json!({"username": 5}), "Invalid username: expected string, received number"),
        (json!({"username": "ab"}), "Username must be at least 3 characters"),
        (json!({"bio": {"a": 1}}), "Invalid bio: expected string, received object"),
        (json!({"avatar": "nope"}), "Avatar must be a valid URL"),
        (json!({"role": "queen"}), "Invalid role: expected user or admin"),
        (json!({"role": null}), "Invalid role: expected string, received null"),
        (json!({"isActive": "yes"}), "Invalid isActive: expected boolean, received string"),
        (json!({"email": "ada at home"}), "Invalid email format"),
        (json!({"email": null}), "Invalid email: expected string, received null"),
    ] {
        let answer = world.ask("PATCH", &format!("/users/{id}"), &admin, edit.clone()).await;
        assert_eq!(answer.failure(), (400, message), "{edit}");
        let field = answer.body["errors"][0]["field"].as_str().unwrap();
        assert!(message.to_lowercase().contains(&field.to_lowercase()), "{message}");
    }
    let strange = json!({"_id": account(2), "$set": {"bio": "x"}, "a.b": 1, "password": "x", "createdAt": 1});
    let before = world.ask("GET", &format!("/users/{id}"), &admin, json!(null)).await;
    let answer = world.ask("PATCH", &format!("/users/{id}"), &admin, strange).await;
    assert_eq!(answer.body, before.body);
}

#[tokio::test]
async fn a_role_counts_from_the_next_request_and_reaches_auth() {
    let world = World::new().await;
    let ((_, admin), (ben_id, ben)) = (world.register_admin(1, "ada").await, world.register(2, "ben").await);
    let path = format!("/users/{ben_id}");
    assert_eq!(world.ask("GET", "/users", &ben, json!(null)).await.status, 403);
    assert_eq!(world.ask("PATCH", &path, &admin, json!({"role": "admin"})).await.user("role"), "admin");
    assert_eq!(world.ask("GET", "/users", &ben, json!(null)).await.status, 200);
    world.ask("PATCH", &path, &ben, json!({"role": "user"})).await;
    assert_eq!(world.ask("GET", "/users", &ben, json!(null)).await.status, 403);
    let mut told = world.auth.heard();
    told.retain(|(path, _)| path.contains(&ben_id));
    let path = format!("/internal/accounts/{ben_id}/role");
    let versions =
        [("admin", 1), ("user", 2)].map(|(role, version)| json!({"role": role, "version": version}));
    assert_eq!(told, versions.map(|body| (path.clone(), body)));
}

#[tokio::test]
async fn who_is_deactivated_can_be_changed_brought_back_and_needs_a_new_token() {
    let world = World::new().await;
    let ((_, admin), (ben_id, ben)) = (world.register_admin(1, "ada").await, world.register(2, "ben").await);
    let path = format!("/users/{ben_id}");
    let me = async |token: &str| world.ask("GET", "/users/me", token, json!(null)).await;
    let off = world.ask("PATCH", &path, &admin, json!({"isActive": false})).await;
    assert_eq!(off.user("isActive"), false);
    assert_eq!(me(&ben).await.failure(), (401, "User belonging to this token no longer exists."));
    assert_eq!(world.ask("PATCH", &path, &admin, json!({"bio": "away"})).await.user("bio"), "away");
    let on = world.ask("PATCH", &path, &admin, json!({"isActive": true, "bio": "back"})).await;
    assert_eq!((on.user("isActive"), on.user("bio")), (&json!(true), &json!("back")));
    assert_eq!(me(&ben).await.failure(), (401, "Not authorized, invalid token"));
    assert_eq!(me(&world.token(&ben_id, 1, 0)).await.status, 200);
    let standing = |generation: u32, rung: &str| json!({"generation": generation, "rung": rung, "epoch": 0});
    let told = [standing(0, "disabled"), standing(1, "active")];
    assert_eq!(world.auth.bodies("/standing"), told);
    assert_eq!(world.notes.bodies("/standing"), told);
}

#[tokio::test]
async fn an_administrator_may_change_their_own_account_too() {
    let world = World::new().await;
    let (id, admin) = world.register_admin(1, "ada").await;
    let answer =
        world.ask("PATCH", &format!("/users/{id}"), &admin, json!({"username": "eva", "role": "user"})).await;
    assert_eq!((answer.user("username"), answer.user("role")), (&json!("eva"), &json!("user")));
    assert_eq!(world.ask("GET", "/users", &admin, json!(null)).await.status, 403);
}

#[tokio::test]
async fn an_erased_account_is_gone_everywhere_and_its_name_is_free() {
    let world = World::new().await;
    let ((_, admin), (ben_id, ben)) = (world.register_admin(1, "ada").await, world.register(2, "ben").await);
    let path = format!("/users/{ben_id}");
    let erased = world.ask("DELETE", &path, &admin, json!(null)).await;
    assert_eq!((erased.status.as_u16(), erased.text.as_str()), (204, ""));
    let told = json!({"generation": 0, "rung": "deleted", "epoch": 0});
    assert_eq!(
        (world.auth.bodies("/standing"), world.notes.bodies("/standing")),
        (vec![told.clone()], vec![told])
    );
    assert_eq!(world.ask("DELETE", &path, &admin, json!(null)).await.status, 404);
    assert_eq!(world.auth.bodies("/standing").len(), 1, "a second delete sends nothing");
    let me = world.ask("GET", "/users/me", &ben, json!(null)).await;
    assert_eq!(me.failure(), (401, "User belonging to this token no longer exists."));
    world.register(3, "ben").await;
}

#[tokio::test]
async fn an_inactive_account_can_be_erased() {
    let world = World::new().await;
    let ((_, admin), (ben_id, ben)) = (world.register_admin(1, "ada").await, world.register(2, "ben").await);
    world.ask("DELETE", "/users/delete-me", &ben, json!(null)).await;
    assert_eq!(world.ask("DELETE", &format!("/users/{ben_id}"), &admin, json!(null)).await.status, 204);
}

#[tokio::test]
async fn a_patch_moves_the_time_of_the_last_change_and_an_empty_one_does_not() {
    let world = World::new().await;
    let (id, admin) = world.register_admin(1, "ada").await;
    world.wait(Duration::from_secs(5));
    let path = format!("/users/{id}");
    let empty = world.ask("PATCH", &path, &admin, json!({})).await;
    assert_eq!(empty.user("updatedAt"), "2026-01-01T00:00:00.000Z");
    let patched = world.ask("PATCH", &path, &admin, json!({"bio": "x"})).await;
    assert_eq!(patched.user("updatedAt"), "2026-01-01T00:00:05.000Z");
}
