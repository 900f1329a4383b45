//! Wrong passwords: 30 of one client for one e-mail in 15 minutes, whether it is anyone's or not; then 429.
//!
//! A trusted proxy stands in front, so that one machine can be many clients.

use serde_json::json;

use crate::kit::actor::PASSWORD;
use crate::kit::{Actor, Answer, Request, Setup, World};

const MESSAGE: &str = "Too many requests from this IP, please try again in 15 minutes!";
/// Wrong passwords that are borne.
const BORNE: u32 = 30;

fn world() -> World {
    World::start(&Setup::original().env("SATCHEL_TRUSTED_PROXIES", "127.0.0.1").args(&["--control"]))
}

fn log_in(door: &Actor, target: &str, client: &str, credentials: (&str, &str)) -> Answer {
    let body = json!({"email": credentials.0, "password": credentials.1});
    let request = Request::new("POST", target).header("x-forwarded-for", client);
    door.send(request.header("satchel-client", "forged").json(&body))
}

#[test]
fn the_31st_wrong_password_is_refused_alike_for_everyone_and_nobody_else_is() {
    let world = world();
    let user = world.someone();
    let from = |client: &str, email: &str, password: &str| {
        log_in(&world.anon(), "/api/auth/login", client, (email, password))
    };
    for email in [user.email.as_str(), "nobody@example.test"] {
        for _ in 0..BORNE {
            from("203.0.113.9", email, "a wrong password").fails(401, "Invalid email or password");
        }
        // The right one is not looked at any more; any spelling is the same e-mail.
        let refused = from("203.0.113.9", &email.to_uppercase(), PASSWORD).fails(429, MESSAGE);
        let seconds: u32 = refused.header("retry-after").and_then(|text| text.parse().ok()).expect("seconds");
        assert!((800..=900).contains(&seconds), "{refused}");
        assert!(refused.header("ratelimit-remaining").is_some_and(|left| left != "0"), "{refused}");
    }
    from("203.0.113.10", &user.email, PASSWORD).expect(200);
    world.reset();
    let again = world.register("again");
    from("203.0.113.9", &again.email, PASSWORD).expect(200);
}

#[test]
fn at_the_port_of_auth_nobody_can_claim_to_be_another_client() {
    let world = world();
    let user = world.someone();
    let auth = Actor::anon(world.doors().auth);
    let refused = (0..=BORNE).find(|number| {
        let client = format!("203.0.113.{number}");
        log_in(&auth, "/auth/login", &client, (&user.email, "a wrong password")).status == 429
    });
    assert_eq!(refused, Some(BORNE));
    log_in(&world.anon(), "/api/auth/login", "203.0.113.9", (&user.email, PASSWORD)).expect(200);
}
