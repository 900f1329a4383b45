//! What other services and the operator ask of auth.

use serde_json::{Value, json};

use crate::world::{World, claims_of};

const ADA: &str = "ada@example.test";
const NEW: &str = "lovelace@example.test";
const PASSWORD: &str = "correct horse";
const NOBODY: &str = "0909090909090909090909ff";

/// A world with one account: its id and its token.
async fn world() -> (World, String, String) {
    let world = World::new().await;
    let token = world.register(ADA, PASSWORD).await.token(201);
    let account = world.caller(&token).account.to_string();
    (world, account, token)
}

fn role_of(token: &str) -> Value {
    claims_of(token)["role"].clone()
}

#[tokio::test]
async fn an_account_is_found_by_its_email() {
    let (world, account, token) = world().await;
    let find =
        async |email: &str| world.call("GET", &format!("/internal/accounts?email={email}"), json!({})).await;
    assert_eq!(find("Ada%40example.test").await.body, json!({"account": account}));
    world.stands(&token, 0, "disabled").await;
    assert_eq!(find(ADA).await.body, json!({"account": account}), "inactive ones too");
    assert_eq!(find("nobody@example.test").await.failure(), (404, "No user found with that ID"));
    assert_eq!(find("nobody").await.status, 400);
}

#[tokio::test]
async fn standings_repeat_without_harm_and_unknown_accounts_are_refused() {
    let (world, _, token) = world().await;
    for (generation, rung) in
        [(0, "disabled"), (0, "disabled"), (1, "active"), (0, "disabled"), (1, "active")]
    {
        assert_eq!(world.stands(&token, generation, rung).await.body, json!({"status": "success"}));
    }
    let back = world.log_in(ADA, PASSWORD).await.token(200);
    assert_eq!((world.caller(&back).session.generation, world.caller(&back).session.epoch), (1, 1));
    for _ in 0..2 {
        assert_eq!(world.stands(&token, 1, "deleted").await.status, 200);
    }
    assert_eq!(world.stands(&token, 2, "active").await.status, 200, "old news of someone who is gone");
    world.register(ADA, "a new person").await.token(201);
    let standing = json!({"generation": 0, "rung": "disabled", "epoch": 0});
    let unknown = world.call("PUT", &format!("/internal/accounts/{NOBODY}/standing"), standing).await;
    assert_eq!(unknown.failure(), (404, "No user found with that ID"));
}

#[tokio::test]
async fn a_later_role_stands_in_the_next_token() {
    let (world, account, token) = world().await;
    assert_eq!(role_of(&token), "user");
    let path = format!("/internal/accounts/{account}/role");
    for (role, version) in [("admin", 2), ("user", 1)] {
        let answer = world.call("PUT", &path, json!({"role": role, "version": version})).await;
        assert_eq!(answer.status, 200);
    }
    assert_eq!(role_of(&world.log_in(ADA, PASSWORD).await.token(200)), "admin");
}

#[tokio::test]
async fn an_email_is_reserved_moved_to_and_the_old_one_let_go() {
    let (world, account, _) = world().await;
    let claim = json!({"account": account, "change": "c-1"});
    for _ in 0..2 {
        assert_eq!(world.call("PUT", &format!("/internal/claims/{NEW}"), claim.clone()).await.status, 200);
    }
    assert_eq!(world.register(NEW, PASSWORD).await.failure(), (409, "email already exists"));
    assert_eq!(world.log_in(NEW, PASSWORD).await.failure().0, 401);
    let path = format!("/internal/accounts/{account}/email");
    for _ in 0..2 {
        assert_eq!(world.call("PUT", &path, json!({"email": NEW, "version": 1})).await.status, 200);
    }
    world.log_in(NEW, PASSWORD).await.token(200);
    assert_eq!(world.log_in(ADA, PASSWORD).await.failure().0, 401);
    world.register(ADA, PASSWORD).await.token(201);
    let taken = world
        .call("PUT", &format!("/internal/claims/{ADA}"), json!({"account": account, "change": "c-2"}))
        .await;
    assert_eq!(taken.failure(), (409, "email already exists"));
}

#[tokio::test]
async fn a_released_email_is_free_and_stays_so() {
    let (world, account, _) = world().await;
    let claim = json!({"account": account, "change": "c-1"});
    let (reserve, release) = (format!("/internal/claims/{NEW}"), format!("/internal/claims/{NEW}/release"));
    world.call("PUT", &reserve, claim.clone()).await;
    for _ in 0..2 {
        assert_eq!(world.call("PUT", &release, claim.clone()).await.status, 200);
    }
    assert_eq!(world.call("PUT", &reserve, claim).await.status, 409);
    world.register(NEW, PASSWORD).await.token(201);
    for change in ["", "a b", "a\u{0}", &"x".repeat(65)] {
        let answer = world.call("PUT", &reserve, json!({"account": account, "change": change})).await;
        assert_eq!(answer.failure(), (400, "Invalid change id"), "{change:?}");
    }
    let stranger = json!({"account": NOBODY, "change": "c-2"});
    assert_eq!(world.call("PUT", "/internal/claims/free@example.test", stranger).await.status, 404);
    for path in ["/internal/claims/a%00@b.co", "/internal/claims/nobody"] {
        assert_eq!(world.call("PUT", path, json!({"account": account, "change": "c-3"})).await.status, 400);
    }
}

#[tokio::test]
async fn a_fixture_is_loaded_once() {
    let (world, account, _) = world().await;
    let item = |account: &str, email: &str, active: bool| {
        json!({
            "account": account, "email": email, "password": "fixture-password", "role": "admin",
            "isActive": active, "createdAt": "2026-01-05T08:00:00.000Z",
        })
    };
    let (first, second) = ("01".repeat(12), "02".repeat(12));
    let items = json!([
        item(&first, "first@example.test", true),
        item(&second, "second@example.test", false),
        item(&account, ADA, true),
    ]);
    for added in [2, 0] {
        let answer = world.call("POST", "/internal/fixtures", items.clone()).await;
        assert_eq!(answer.body, json!({ "added": added }));
    }
    let token = world.log_in("first@example.test", "fixture-password").await.token(200);
    assert_eq!((world.caller(&token).account.to_string(), role_of(&token)), (first, json!("admin")));
    let inactive = world.log_in("second@example.test", "fixture-password").await;
    assert_eq!(inactive.failure(), (403, "This account has been deactivated."));
    world.log_in(ADA, PASSWORD).await.token(200);

    let third = "03".repeat(12);
    let thief = json!([item(&third, ADA, true), item(&account, ADA, true)]);
    let checked = world.call("POST", "/internal/fixtures/check", thief.clone()).await;
    assert_eq!(checked.body, json!({"taken": [{"account": third, "field": "email"}]}));
    assert_eq!(
        world.call("POST", "/internal/fixtures", thief).await.failure(),
        (409, "email already exists")
    );

    let wrong = json!([item(&third, "third@example.test", true), {"account": "1"}]);
    assert_eq!(
        world.call("POST", "/internal/fixtures/check", json!([wrong[0]])).await.body,
        json!({"taken": []})
    );
    assert_eq!(world.call("POST", "/internal/fixtures", wrong).await.status, 400);
    assert_eq!(world.log_in("third@example.test", "fixture-password").await.failure().0, 401);
}
