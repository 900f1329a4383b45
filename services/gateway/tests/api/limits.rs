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

/// Spellings of a path, of which some lead to a service and some nowhere.
const SPELLINGS: [&str; 18] = [
    "/api/notes",
    "/api/notes/",
    "/api/notes//",
    "/api//notes",
    "//api/notes",
    "/api/./notes",
    "/api/x/../notes",
    "/api/%6eotes",
    "/api/note%73",
    "/%61pi/notes",
    "/API/notes",
    "/api/Notes",
    "/api/notes;x=1",
    "/api/notes%2f",
    "/api/notes%00",
    "/api/notes?",
    "/api/notes?x=%41&y",
    "/api/notes/%2e%2e/notes",
];

#[tokio::test]
async fn whatever_reaches_a_service_is_counted_however_it_is_spelt() {
    let world = limited(10_000).await;
    let mut spent = 0;
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get"] {
        for target in SPELLINGS {
            let answer = world.ask(method, target, &[]).await;
            let left = standing(&answer)[1].to_owned();
            spent += usize::from(!left.is_empty());
            let reached = answer.body["service"].is_string();
            assert!(!reached || left == (10_000 - spent).to_string(), "{method} {target}: {answer:?}");
        }
    }
    assert!(spent >= 9 * 4, "{spent}");
}

/// The memory of this process that is in use, in MiB.
fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

/// One after the other from as many networks; the gateway refuses each for its path, after counting it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_million_addresses_take_less_than_64_mib() {
    let world = World::configured(|config| {
        config.quota = Some(Quota { requests: 100, window_s: 900 });
        config.burst = Some(Burst { per_second: 50, burst: 500 });
    })
    .await;
    let ask = async |number: u32| {
        let (high, low) = (number >> 16, number & 0xFFFF);
        world.get_from(&format!("2001:db8:{high:x}:{low:x}::1"), "/api/notes/%2e%2e/x", &[]).await
    };
    ask(0).await;
    let before = resident_mib();
    let mut most = 0;
    for number in 0..1_000_000 {
        let answer = ask(number).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        if number % 50_000 == 0 {
            most = most.max(resident_mib().saturating_sub(before));
        }
    }
    println!("1000000 addresses took {most} MiB at most");
    assert!(most < 64, "{most} MiB");
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
