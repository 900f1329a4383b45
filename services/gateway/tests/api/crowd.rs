//! How much a service is asked at a time, and what the rest hears.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use chassis::reply::Reply;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::world::World;

/// What a service has in hand at most.
const IN_HAND: usize = 128;
/// More than those and all who wait.
const ASKING: usize = 400;

/// Notes answers when it is told to, the others at once.
fn slow_notes(may_answer: watch::Receiver<bool>) -> Router {
    Router::new().fallback(async move |request: Request| {
        let mut may_answer = may_answer.clone();
        if request.uri().path().starts_with("/notes") {
            may_answer.wait_for(|may| *may).await.unwrap();
        }
        Reply::<Value>(StatusCode::OK, json!({"status": "success"}))
    })
}

#[tokio::test]
async fn what_is_more_than_a_service_has_in_hand_is_refused_and_other_services_are_asked_as_ever() {
    let (answer, may_answer) = watch::channel(false);
    let world = Arc::new(World::before(slow_notes(may_answer)).await);
    let mut asking: FuturesUnordered<_> = (0..ASKING).map(|_| world.ask("GET", "/api/notes", &[])).collect();
    for _ in 0..ASKING - IN_HAND {
        let refused = asking.next().await.unwrap();
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.header("retry-after"), "1");
        assert_eq!(refused.message(), "Too many requests are under way, please try again");
    }
    assert_eq!(world.ask("GET", "/api/users/me", &[]).await.status, StatusCode::OK);
    assert_eq!(world.ask("GET", "/health", &[]).await.status, StatusCode::OK);
    answer.send(true).unwrap();
    while let Some(answered) = asking.next().await {
        assert_eq!(answered.status, StatusCode::OK);
    }
    assert_eq!(world.ask("GET", "/api/notes", &[]).await.status, StatusCode::OK);
}
