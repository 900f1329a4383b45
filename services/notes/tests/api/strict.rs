//! The strict profile: no news for a minute, and nobody is served until auth and user speak again.

use std::time::Duration;

use serde_json::json;

use crate::world::{ADA, World};

const SILENT: (u16, &str) = (503, "Notes cannot check access now, please try again");

async fn pass(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

async fn beat(world: &World, service: &'static str) {
    let answer = world.service(service).put("/internal/beat", json!({})).await;
    assert_eq!((answer.status.as_u16(), answer.body), (200, json!({"status": "success"})));
}

#[tokio::test(start_paused = true)]
async fn after_a_minute_of_silence_nobody_is_served_until_both_have_spoken() {
    let world = World::strict();
    let ada = world.author(ADA);
    let path = ada.has_note(json!({"content": "kept"})).await;
    pass(60).await;
    assert_eq!(ada.get(&path).await.status, 200);
    pass(1).await;
    for answer in [
        ada.get("/notes").await,
        ada.get(&path).await,
        ada.post("/notes", json!({"content": "x"})).await,
        ada.patch(&path, json!({"title": "x"})).await,
        ada.delete(&path).await,
    ] {
        assert_eq!(answer.failure(), SILENT);
        assert_eq!(answer.headers["retry-after"], "15");
    }
    assert_eq!(world.stranger().get("/notes").await.status, 401);
    assert_eq!(world.stranger().get("/health").await.status, 200);
    beat(&world, "auth").await;
    assert_eq!(ada.get(&path).await.failure(), SILENT);
    beat(&world, "user").await;
    assert_eq!(ada.get(&path).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn news_are_as_good_as_a_beat_and_other_callers_are_not() {
    let world = World::strict();
    pass(50).await;
    beat(&world, "auth").await;
    beat(&world, "satchel").await;
    pass(11).await;
    assert_eq!(world.author(ADA).get("/notes").await.failure(), SILENT);
    let news = json!({"generation": 0, "rung": "active", "epoch": 0});
    world.service("user").put(&format!("/internal/accounts/{ADA}/standing"), news).await;
    assert_eq!(world.author(ADA).get("/notes").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn without_the_strict_profile_notes_stay_available() {
    let world = World::new();
    pass(3_600).await;
    assert_eq!(world.author(ADA).get("/notes").await.status, 200);
}
