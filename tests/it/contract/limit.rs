//! The request budget: 100 in 15 minutes for each address and each service, counted at the gateway alone.

use crate::kit::{Actor, Answer, Request, Setup, World};

const MESSAGE: &str = "Too many requests from this IP, please try again in 15 minutes!";
/// Requests of one window (CONTRACT.md, *Headers*).
const BUDGET: u32 = 100;
/// Seconds of one window.
const WINDOW_S: u32 = 900;

fn number(answer: &Answer, name: &str) -> u32 {
    answer.header(name).and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name}: {answer}"))
}

/// Spends requests until one is refused; tells how many were let through.
fn spend(ask: impl Fn() -> Answer) -> u32 {
    (0..=BUDGET).find(|_| ask().status == 429).unwrap_or_else(|| panic!("never refused"))
}

#[test]
fn the_101st_request_is_refused_and_every_answer_says_what_is_left() {
    let world = World::start(&Setup::original());
    let anon = world.anon();
    for left in (0..BUDGET).rev() {
        let answer = anon.get("/api/notes").expect(401);
        assert_eq!(number(&answer, "ratelimit-limit"), BUDGET, "{answer}");
        assert_eq!(number(&answer, "ratelimit-remaining"), left, "{answer}");
        assert!((1..=WINDOW_S).contains(&number(&answer, "ratelimit-reset")), "{answer}");
        assert_eq!(answer.header("ratelimit-policy"), Some("100;w=900"), "{answer}");
    }
    for _ in 0..2 {
        let answer = anon.get("/api/notes/").fails(429, MESSAGE);
        assert_eq!(number(&answer, "ratelimit-remaining"), 0, "{answer}");
        assert!((1..=WINDOW_S).contains(&number(&answer, "retry-after")), "{answer}");
        assert_eq!(answer.header("ratelimit-policy"), Some("100;w=900"), "{answer}");
    }
}

#[test]
fn spellings_and_methods_of_a_service_share_its_budget_and_other_services_have_their_own() {
    let world = World::start(&Setup::original());
    let anon = world.anon();
    let spellings = [
        Request::new("GET", "/api/notes"),
        Request::new("GET", "/api/notes/"),
        Request::new("GET", "/api/notes?x=1"),
        Request::new("DELETE", "/api/notes/1"),
        Request::new("PUT", "/api/notes"),
        Request::new("HEAD", "/api/notes/nope/nope"),
        Request::new("POST", "/api/notes").header("content-type", "application/json").body("{"),
    ];
    for request in spellings.iter().cycle().take(BUDGET as usize) {
        assert_ne!(anon.send(request.clone()).status, 429, "{request:?}");
    }
    for request in spellings {
        assert_eq!(anon.send(request.clone()).status, 429, "{request:?}");
    }
    let other = anon.get("/api/users/me").expect(401);
    assert_eq!(number(&other, "ratelimit-remaining"), BUDGET - 1);
    anon.get("/health").expect(200);
    anon.get("/nope").expect(404);
    anon.get("/api/notes?page=%").expect(400);
}

#[test]
fn health_is_free_and_says_nothing_of_a_budget() {
    let world = World::start(&Setup::original());
    for _ in 0..=BUDGET {
        let answer = world.anon().get("/health").expect(200);
        assert_eq!(answer.header("ratelimit-limit"), None, "{answer}");
    }
}

#[test]
fn the_services_themselves_count_nothing() {
    let world = World::start(&Setup::original());
    let direct = Actor::anon(world.doors().notes);
    for _ in 0..=BUDGET {
        let answer = direct.get("/notes").expect(401);
        assert_eq!(answer.header("ratelimit-limit"), None, "{answer}");
    }
}

#[test]
fn a_forged_forwarding_header_neither_frees_nor_frames() {
    let world = World::start(&Setup::original());
    let forging = |address: &str| {
        let request = Request::new("GET", "/api/notes").header("x-forwarded-for", address);
        let request = request.header("forwarded", format!("for={address}")).header("x-real-ip", address);
        world.anon().send(request.header("cf-connecting-ip", address).header("true-client-ip", address))
    };
    let mut number = 0_u8;
    for _ in 0..BUDGET {
        number += 1;
        forging(&format!("198.51.100.{number}")).expect(401);
    }
    forging("198.51.100.201").expect(429);
    world.anon().get("/api/notes").expect(429);
}

#[test]
fn a_trusted_proxy_speaks_for_its_clients_and_a_client_not_for_others() {
    let world = World::start(&Setup::original().env("SATCHEL_TRUSTED_PROXIES", "127.0.0.1"));
    let from =
        |list: &str| world.anon().send(Request::new("GET", "/api/notes").header("x-forwarded-for", list));
    assert_eq!(spend(|| from("203.0.113.9")), BUDGET);
    // The rightmost address that is no proxy counts; what stands left of it was written by the client.
    from("198.51.100.1, 203.0.113.9").expect(429);
    from("203.0.113.9, 198.51.100.1").expect(401);
    // IPv6 addresses of one customer count as one.
    assert_eq!(number(&from("2001:db8::1"), "ratelimit-remaining"), BUDGET - 1);
    assert_eq!(number(&from("2001:db8::2"), "ratelimit-remaining"), BUDGET - 2);
}
