//! What other services and the operator have done.

use http::StatusCode;
use serde_json::{Value, json};

use crate::world::{World, account};

fn profile(saga: &str, email: &str, username: Option<&str>) -> Value {
    json!({"saga": saga, "email": email, "username": username, "bio": null, "avatar": null})
}

fn path(n: u8) -> String {
    format!("/internal/profiles/{}", account(n))
}

#[tokio::test]
async fn a_registration_may_ask_again_and_another_meets_what_is_taken() {
    let world = World::new().await;
    let ada = profile("s1", "ada@example.test", Some("ada"));
    for _ in 0..3 {
        let answer = world.call("PUT", &path(1), ada.clone()).await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, r#"{"status":"success"}"#));
    }
    let taken = world.call("PUT", &path(2), profile("s2", "a@example.test", Some("ADA"))).await;
    assert_eq!(taken.failure(), (409, "username already exists"));
    let other = world.call("PUT", &path(1), profile("s3", "ada@example.test", Some("eva"))).await;
    assert_eq!(other.failure(), (409, "account already exists"));
}

#[tokio::test]
async fn a_key_is_good_for_one_message_only() {
    let world = World::new().await;
    let put = async |body: Value| world.call_under("s1", "PUT", &path(1), body).await;
    for _ in 0..2 {
        assert_eq!(put(profile("s1", "ada@example.test", Some("ada"))).await.status, StatusCode::OK);
    }
    let other = put(profile("s1", "ada@example.test", Some("eva"))).await;
    assert_eq!(other.failure(), (422, "Idempotency-Key was used for another message"));
}

#[tokio::test]
async fn who_chose_no_name_gets_the_local_part_and_four_digits() {
    let world = World::new().await;
    for n in 1..=3 {
        let answer = world.call("PUT", &path(n), profile(&n.to_string(), "a@example.test", None)).await;
        assert_eq!(answer.status, StatusCode::OK);
        let me = world.ask("GET", "/users/me", &world.token(&account(n), 0, 0), json!(null)).await;
        let digits = me.user("username").as_str().unwrap().strip_prefix("a_").unwrap().to_owned();
        assert!(digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_digit()), "{digits}");
    }
}

#[tokio::test]
async fn an_aborted_registration_is_gone_and_cannot_come_back() {
    let world = World::new().await;
    let ada = profile("s1", "ada@example.test", Some("ada"));
    world.call("PUT", &path(1), ada.clone()).await;
    for (n, saga) in [(1, "s1"), (1, "s1"), (2, "s2")] {
        let answer = world.call("PUT", &format!("{}/abort", path(n)), json!({"saga": saga})).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    assert_eq!(world.call("PUT", &path(1), ada).await.status, StatusCode::GONE);
    let overtaken = world.call("PUT", &path(2), profile("s2", "b@example.test", None)).await;
    assert_eq!(overtaken.status, StatusCode::GONE);
    world.register(3, "ada").await;
}

#[tokio::test]
async fn a_registration_is_held_to_the_rules_of_everyone() {
    let world = World::new().await;
    let mut wrong = profile("s1", "nowhere", Some("ab"));
    wrong["avatar"] = json!("javascript:x");
    let answer = world.call("PUT", &path(1), wrong).await;
    let fields: Vec<_> =
        answer.body["errors"].as_array().unwrap().iter().map(|e| e["field"].clone()).collect();
    assert_eq!(
        (answer.status.as_u16(), fields),
        (400, vec![json!("email"), json!("username"), json!("avatar")])
    );
    let unknown = world.call("PUT", &path(1), json!({"saga": "s1"})).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
    let no_id = world.call("PUT", "/internal/profiles/123", profile("s", "a@example.test", None)).await;
    assert_eq!(no_id.failure(), (400, "Invalid _id: 123"));
}

#[tokio::test]
async fn sessions_that_auth_ended_are_over_here() {
    let world = World::new().await;
    let (id, before) = world.register(1, "ada").await;
    let standing = format!("/internal/accounts/{id}/standing");
    for (rung, epoch) in [("active", 2), ("disabled", 1), ("active", 2)] {
        let told = json!({"generation": 0, "rung": rung, "epoch": epoch});
        assert_eq!(world.call("PUT", &standing, told).await.status, StatusCode::OK);
    }
    let me = async |token: &str| world.ask("GET", "/users/me", token, json!(null)).await;
    assert_eq!(me(&before).await.failure(), (401, "Not authorized, invalid token"));
    let answer = me(&world.token(&id, 0, 2)).await;
    assert_eq!(answer.user("updatedAt"), answer.user("createdAt"), "no edit of the profile");
    let stranger = format!("/internal/accounts/{}/standing", account(9));
    let told = json!({"generation": 0, "rung": "active", "epoch": 1});
    assert_eq!(world.call("PUT", &stranger, told).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_operator_sets_a_role_once_however_often_it_is_said() {
    let world = World::new().await;
    let (id, ada) = world.register(1, "ada").await;
    let command = json!({"role": "admin", "version": 0});
    for _ in 0..3 {
        let answer = world.call("PUT", &format!("/internal/accounts/{id}/role"), command.clone()).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    assert_eq!(world.ask("GET", "/users", &ada, json!(null)).await.status, StatusCode::OK);
    assert_eq!(world.auth.bodies("/role"), [json!({"role": "admin", "version": 1})]);
    let nobody = world.call("PUT", &format!("/internal/accounts/{}/role", account(9)), command).await;
    assert_eq!(nobody.failure(), (404, "No user found with that ID"));
}

#[tokio::test]
async fn a_fixture_adds_what_is_absent_and_leaves_the_rest() {
    let world = World::new().await;
    let (_, admin) = world.register_admin(1, "ada").await;
    let item = |n: u8, name: &str| json!({"account": account(n), "email": format!("{name}@example.test"), "username": name});
    let mut cleo = item(3, "cleo");
    cleo["isActive"] = json!(false);
    cleo["createdAt"] = json!("2025-05-05T05:05:05.000Z");
    let fixture = json!([item(1, "eva"), item(2, "ben"), cleo]);
    for added in [2, 0] {
        let answer = world.call("POST", "/internal/fixtures", fixture.clone()).await;
        assert_eq!(answer.text, format!(r#"{{"added":{added}}}"#));
    }
    let shown = async |n: u8| world.ask("GET", &format!("/users/{}", account(n)), &admin, json!(null)).await;
    assert_eq!(shown(1).await.user("username"), "ada");
    let cleo = shown(3).await;
    assert_eq!(
        (cleo.user("isActive"), cleo.user("createdAt")),
        (&json!(false), &json!("2025-05-05T05:05:05.000Z"))
    );
    let colliding = json!([item(1, "ben"), item(4, "dora"), item(5, "BEN")]);
    let checked = world.call("POST", "/internal/fixtures/check", colliding.clone()).await;
    assert_eq!(checked.body, json!({"taken": [{"account": account(5), "field": "username"}]}));
    let taken = world.call("POST", "/internal/fixtures", colliding).await;
    assert_eq!(taken.failure(), (409, "username BEN already exists"));
    assert_eq!(shown(4).await.status, StatusCode::NOT_FOUND);
    let wrong = world.call("POST", "/internal/fixtures", json!([{"account": "1"}])).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}
