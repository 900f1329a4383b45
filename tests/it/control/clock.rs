//! One calendar for all services, wherever they run.

use serde_json::json;

use crate::kit::actor::PASSWORD;
use crate::kit::{Actor, Setup, Site, Split, World, mail};

/// Freezes a world, looks at what it dates, and lets a token and a reset expire, and time run again.
fn tells_time_everywhere(site: &Site) {
    let control = site.control();
    let noon = json!({"mode": "frozen", "now": "2026-01-01T12:00:00.000Z"});
    let set = control.put("/control/clock", &noon).expect(200).json();
    assert_eq!(set["data"], json!({"mode": "frozen", "now": "2026-01-01T12:00:00.000Z"}));
    let user = site.someone();
    user.note("Dated.");
    let note = user.get("/api/notes").expect(200);
    assert_eq!(note.header("date"), Some("Thu, 01 Jan 2026 12:00:00 GMT"));
    assert_eq!(note.json()["data"]["notes"][0]["createdAt"], "2026-01-01T12:00:00.000Z");
    assert_eq!(
        user.get("/api/users/me").expect(200).json()["data"]["user"]["createdAt"],
        "2026-01-01T12:00:00.000Z"
    );

    assert!(
        site.doctor().expect(0).stdout.contains("\"clean\":true"),
        "an operator's command finds the calendar"
    );
    user.post("/api/auth/forgot-password", &json!({"email": user.email})).expect(200);
    let reset = mail::wait(site.data(), &user.email)["token"].as_str().expect("a token").to_owned();
    let use_it = || user.patch(&format!("/api/auth/reset-password/{reset}"), &json!({"password": PASSWORD}));
    let now = control.put("/control/clock", &json!({"advanceMs": 600_000})).expect(200).json();
    assert_eq!(now["data"]["now"], "2026-01-01T12:10:00.000Z");
    use_it().fails(400, "Token is invalid or has expired");

    control.put("/control/clock", &json!({"advanceMs": 23 * 3_600_000 + 50 * 60_000 - 1_000})).expect(200);
    for path in ["/api/users/me", "/api/notes"] {
        user.get(path).expect(200);
    }
    control.put("/control/clock", &json!({"advanceMs": 1_000})).expect(200);
    for path in ["/api/users/me", "/api/notes"] {
        user.get(path).fails(401, "Not authorized, invalid token");
    }
    control.put("/control/clock", &json!({"mode": "running"})).expect(200);
    assert_eq!(control.get("/control/clock").expect(200).json()["data"]["mode"], "running");
    let again = Actor::anon(site.doors().gateway).called(&user.email).log_in(PASSWORD);
    again.get("/api/notes").expect(200);
}

#[test]
fn one_process_has_one_calendar() {
    tells_time_everywhere(&World::start(&Setup::ci().ephemeral()));
}

#[test]
fn four_processes_have_one_calendar() {
    tells_time_everywhere(&Split::start(&Setup::ci()));
}

#[test]
fn the_window_of_the_request_budget_follows_the_calendar() {
    let world = World::start(&Setup::original().ephemeral().args(&["--control"]));
    let control = world.control();
    control.put("/control/clock", &json!({"mode": "frozen"})).expect(200);
    let left = || world.anon().get("/api/notes").header("ratelimit-remaining").map(str::to_owned);
    assert_eq!((left().as_deref(), left().as_deref()), (Some("99"), Some("98")));
    control.put("/control/clock", &json!({"advanceMs": 900_000})).expect(200);
    assert_eq!(left().as_deref(), Some("99"));
}
