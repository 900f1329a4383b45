//! What the other services and the operator's tools may ask.

use serde_json::{Value, json};

use crate::world::{ADA, Answer, BEN, World};

const GONE: (u16, &str) = (401, "User belonging to this token no longer exists.");
const ENDED: (u16, &str) = (401, "Not authorized, invalid token");

async fn raise(world: &World, account: &str, generation: u32, rung: &str, epoch: u32) -> Answer {
    let news = json!({"generation": generation, "rung": rung, "epoch": epoch});
    world.user_service().put(&format!("/internal/accounts/{account}/standing"), news).await
}

#[tokio::test]
async fn only_services_get_in() {
    let world = World::new();
    let news = json!({"generation": 0, "rung": "deleted", "epoch": 0});
    let standing = format!("/internal/accounts/{ADA}/standing");
    for person in [world.stranger(), world.author(ADA)] {
        assert_eq!(person.put(&standing, news.clone()).await.status, 401);
        assert_eq!(person.post("/internal/fixtures", json!([])).await.status, 401);
        assert_eq!(person.put(&standing, Value::Null).await.status, 401);
    }
    assert_eq!(world.user_service().get("/notes").await.status, 401);
    world.author(ADA).has_note(json!({"content": "still there"})).await;
}

#[tokio::test]
async fn a_disabled_author_is_out_and_back_in_the_next_generation() {
    let world = World::new();
    let path = world.author(ADA).has_note(json!({"content": "kept"})).await;
    for _again in 0..2 {
        let answer = raise(&world, ADA, 0, "disabled", 0).await;
        assert_eq!((answer.status.as_u16(), answer.body), (200, json!({"status": "success"})));
    }
    raise(&world, ADA, 0, "active", 0).await;
    let ada = world.author(ADA);
    for answer in [
        ada.get("/notes").await,
        ada.get("/notes?page=0").await,
        ada.post("/notes", json!({})).await,
        ada.get(&path).await,
        ada.patch(&path, json!({"title": ""})).await,
        ada.delete(&path).await,
        ada.get("/notes/123").await,
        ada.delete("/notes/123").await,
    ] {
        assert_eq!(answer.failure(), GONE);
    }
    raise(&world, ADA, 1, "active", 0).await;
    assert_eq!(world.author(ADA).get("/notes").await.failure(), ENDED);
    assert_eq!(world.session(ADA, 1, 0).get(&path).await.status, 200);
}

#[tokio::test]
async fn a_token_may_bring_the_news_of_a_reactivation() {
    let world = World::new();
    raise(&world, ADA, 0, "disabled", 0).await;
    let ada = world.session(ADA, 1, 0);
    assert_eq!(ada.get("/notes").await.status, 200);
    ada.has_note(json!({"content": "back"})).await;
    assert_eq!(world.author(ADA).get("/notes").await.failure(), ENDED);
}

#[tokio::test]
async fn a_bumped_epoch_ends_older_sessions() {
    let world = World::new();
    let path = world.author(ADA).has_note(json!({"content": "kept"})).await;
    raise(&world, ADA, 0, "active", 1).await;
    assert_eq!(world.author(ADA).get(&path).await.failure(), ENDED);
    assert_eq!(world.session(ADA, 0, 1).get(&path).await.status, 200);
}

#[tokio::test]
async fn a_deleted_author_leaves_nothing_behind() {
    let world = World::new();
    let path = world.author(ADA).has_note(json!({"content": "x", "tags": ["t"]})).await;
    let kept = world.author(BEN).has_note(json!({"content": "x"})).await;
    for _again in 0..2 {
        assert_eq!(raise(&world, ADA, 0, "deleted", 0).await.status, 200);
    }
    raise(&world, ADA, 5, "active", 0).await;
    let ada = world.session(ADA, 5, 0);
    assert_eq!(ada.get(&path).await.failure(), GONE);
    assert_eq!(ada.post("/notes", json!({"content": "x"})).await.failure(), GONE);
    assert_eq!(world.author(BEN).get(&kept).await.status, 200);
}

#[tokio::test]
async fn a_key_is_answered_alike_for_the_same_message_and_refused_for_another() {
    let world = World::new();
    let service = world.user_service().with("idempotency-key", "user-7");
    let path = format!("/internal/accounts/{ADA}/standing");
    let news = |rung: &str| json!({"generation": 0, "rung": rung, "epoch": 0});
    for _again in 0..2 {
        let answer = service.put(&path, news("disabled")).await;
        assert_eq!((answer.status.as_u16(), answer.body), (200, json!({"status": "success"})));
    }
    let reused = service.put(&path, news("deleted")).await;
    assert_eq!(reused.failure(), (422, "Idempotency-Key was used for another message"));
    let other = format!("/internal/accounts/{BEN}/standing");
    assert_eq!(service.put(&other, news("disabled")).await.status, 422);
    assert_eq!(
        world.user_service().with("idempotency-key", "_").put(&path, news("active")).await.status,
        400
    );
}

#[tokio::test]
async fn a_malformed_account_or_standing_is_refused() {
    let world = World::new();
    assert_eq!(raise(&world, "me", 0, "active", 0).await.failure(), (400, "Invalid _id: me"));
    assert_eq!(raise(&world, ADA, 0, "king", 0).await.status, 400);
}

fn fixture(account: &str, id: &str) -> Value {
    json!({
        "account": account, "id": id, "title": "Old", "content": "From a file.", "tags": ["f"], "isPinned": true,
        "createdAt": "2026-01-06T09:00:00.000Z", "updatedAt": "2026-01-07T09:00:00.000Z",
    })
}

#[tokio::test]
async fn fixtures_add_what_is_absent_and_touch_nothing_else() {
    let world = World::new();
    let id = "b1cb1816-7d85-457c-9f32-2a1422d00e17";
    let items = json!([fixture(ADA, id), fixture(BEN, "5bb7fb0f-d8d9-415b-8725-460b8ce504db")]);
    let service = world.user_service();
    assert_eq!(service.post("/internal/fixtures", items.clone()).await.body, json!({"added": 2}));
    let ada = world.author(ADA);
    let path = format!("/notes/{id}");
    let answer = ada.get(&path).await;
    assert_eq!(answer.note()["updatedAt"], "2026-01-07T09:00:00.000Z");
    ada.patch(&path, json!({"title": "Mine"})).await;
    assert_eq!(service.post("/internal/fixtures", items).await.body, json!({"added": 0}));
    assert_eq!(ada.get("/notes?tag=f").await.titles(), ["Mine"]);
}

#[tokio::test]
async fn a_wrong_fixture_adds_nothing_at_all() {
    let world = World::new();
    let good = fixture(ADA, "b1cb1816-7d85-457c-9f32-2a1422d00e17");
    let answer = world.user_service().post("/internal/fixtures", json!([good, fixture(ADA, "2")])).await;
    let (status, message) = answer.failure();
    assert!(status == 400 && message.contains("Id must be a UUID"), "{message}");
    assert_eq!(world.author(ADA).get("/notes").await.total(), 0);
}
