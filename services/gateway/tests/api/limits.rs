//! How often and how fast clients may ask.

use std::time::Duration;

use gateway::{Burst, Quota};
use http::StatusCode;

use crate::world::{Answer, World};

/// The last millisecond of a window, counted from its beginning.
const ALMOST_A_WINDOW: Duration = Duration::from_millis(899_999);

async fn limited(requests: u32) -> World {
    World::configured(|config| {
        config.quota = Some(Quota { requests, window_s: 900 });
    })
    .await
}

fn standing(answer: &Answer) -> [&str; 4] {
    ["limit", "remaining", "reset", "policy"].map(|name| answer.header(&format!("ratelimit-{name}")))
}

#[tokio::test]
async fn every_answer_tells_what_is_left() {
    let world = limited(2).await;
    assert_eq!(standing(&world.ask("GET", "/api/notes", &[]).await), ["2", "1", "900", "2;w=900"]);
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(standing(&world.ask("GET", "/api/notes/x", &[]).await), ["2", "0", "900", "2;w=900"]);
    world.clock.advance(Duration::from_secs(1));
    let refused = world.ask("POST", "/api/notes/", &[]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.message(), "Too many requests from this IP, please try again in 15 minutes!");
    assert_eq!(standing(&refused), ["2", "0", "899", "2;w=900"]);
    assert_eq!(refused.header("retry-after"), "899");
}

#[tokio::test]
async fn a_new_window_starts_afresh() {
    let world = limited(1).await;
    world.ask("GET", "/api/notes", &[]).await;
    world.clock.advance(ALMOST_A_WINDOW);
    assert_eq!(world.ask("GET", "/api/notes", &[]).await.status, StatusCode::TOO_MANY_REQUESTS);
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(world.ask("GET", "/api/notes", &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn each_service_has_a_budget_and_all_spellings_of_its_paths_share_it() {
    let world = limited(3).await;
    for target in ["/api/notes", "/api/notes/../x", "/api/notes/x/"] {
        world.ask("GET", target, &[]).await;
    }
    assert_eq!(world.ask("PUT", "/api/notes/%41", &[]).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(world.ask("GET", "/api/notes/..", &[]).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(standing(&world.ask("GET", "/api/users/me", &[]).await)[1], "2");
}

#[tokio::test]
async fn what_is_no_services_business_is_free() {
    let world = limited(1).await;
    for (method, target) in
        [("GET", "/health"), ("GET", "/nope"), ("OPTIONS", "/api/notes"), ("GET", "/api/notes?%zz")]
    {
        for _ in 0..3 {
            let answer = world.ask(method, target, &[]).await;
            assert_eq!(standing(&answer), [""; 4], "{target}");
        }
    }
    assert_eq!(world.ask("GET", "/api/notes", &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_refusal_at_the_door_tells_what_is_left_too() {
    let world = limited(5).await;
    let answer = world.ask("GET", "/api/notes/%2e%2e/x", &[]).await;
    assert_eq!((answer.status, standing(&answer)[1]), (StatusCode::NOT_FOUND, "4"));
}

#[tokio::test]
async fn a_forged_header_neither_frees_nor_frames() {
    let world = limited(1).await;
    let forged = [
        ("x-forwarded-for", "198.51.100.7"),
        ("forwarded", "for=198.51.100.7"),
        ("x-real-ip", "198.51.100.7"),
    ];
    assert_eq!(world.get_from("192.0.2.1", "/api/notes", &[]).await.status, StatusCode::OK);
    let freed = world.get_from("192.0.2.1", "/api/notes", &forged).await;
    assert_eq!(freed.status, StatusCode::TOO_MANY_REQUESTS);
    let framed = world.get_from("198.51.100.7", "/api/notes", &[]).await;
    assert_eq!(framed.status, StatusCode::OK);
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_its_own_budget() {
    let world = World::configured(|config| {
        config.quota = Some(Quota { requests: 1, window_s: 900 });
        config.trusted_proxies = vec!["192.0.2.1".parse().unwrap()];
    })
    .await;
    for client in ["198.51.100.7", "203.0.113.9, 198.51.100.8"] {
        let answer = world.get_from("192.0.2.1", "/api/notes", &[("x-forwarded-for", client)]).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    let again = [("x-forwarded-for", "192.0.2.77, 198.51.100.7")];
    assert_eq!(world.get_from("192.0.2.1", "/api/notes", &again).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn one_ipv6_network_is_one_client() {
    let world = limited(1).await;
    world.get_from("2001:db8::1", "/api/notes", &[]).await;
    let neighbour = world.get_from("2001:db8::2:3:4", "/api/notes", &[]).await;
    assert_eq!(neighbour.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(world.get_from("2001:db8:0:1::1", "/api/notes", &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_shield_stops_a_burst_of_one_client_and_leaves_health_alone() {
    let world = World::configured(|config| {
        config.burst = Some(Burst { per_second: 1, burst: 2 });
    })
    .await;
    for _ in 0..2 {
        assert_eq!(world.get_from("192.0.2.1", "/api/notes", &[]).await.status, StatusCode::OK);
    }
    let refused = world.get_from("192.0.2.1", "/nope", &[("x-forwarded-for", "198.51.100.7")]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        (refused.message(), refused.header("retry-after")),
        ("Too many requests from this IP, please slow down!", "1")
    );
    assert_eq!(refused.body["requestId"], refused.header("x-request-id"));
    assert_eq!(world.get_from("192.0.2.2", "/api/notes", &[]).await.status, StatusCode::OK);
    assert_eq!(world.get_from("192.0.2.1", "/health", &[]).await.status, StatusCode::OK);
}
