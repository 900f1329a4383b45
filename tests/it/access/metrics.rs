//! Numbers for operators: on the ports of the services, to nobody through the gateway, and without a secret.

use std::time::Duration;

use crate::kit::{Actor, Gauges, World, wait};

/// A first pass over a few records takes some milliseconds.
const FIRST_PASS_MAX: Duration = Duration::from_secs(5);

#[test]
fn the_services_tell_operators_their_numbers_and_nothing_of_anybody() {
    let world = World::shared();
    let someone = world.someone();
    let token = someone.token.clone().expect("a token");
    let doors = world.doors();
    for (door, number) in [
        (doors.auth, "satchel_outbox_depth{to=\"notes\"} "),
        (doors.auth, "satchel_sagas{kind=\"register\",state=\"aborting\"} "),
        (doors.user, "satchel_outbox_oldest_age_seconds{to=\"auth\"} "),
        (doors.user, "satchel_outbox_parked{to=\"notes\"} "),
        (doors.notes, "satchel_sagas{kind=\"purge\",state=\"started\"} "),
    ] {
        let answer = Actor::anon(door).get("/metrics").expect(200);
        let text = answer.text();
        assert!(text.contains(number), "{number} is missing in {text}");
        for secret in [someone.email.as_str(), &token, &someone.id(), world.secret()] {
            assert!(!text.contains(secret), "{secret} stands in {text}");
        }
    }
}

#[test]
fn what_the_doctor_found_is_counted_by_kind_from_his_first_pass_on() {
    let world = World::shared();
    let doors = world.doors();
    for (door, kind) in
        [(doors.auth, "parkedMessage"), (doors.user, "lostAccount"), (doors.notes, "unknownAuthor")]
    {
        let name = format!("satchel_doctor_findings{{kind=\"{kind}\"}}");
        wait::until(&name, FIRST_PASS_MAX, || Gauges::read(door).of(&name) == Some(0.0));
    }
}

#[test]
fn the_gateway_leads_nobody_to_the_numbers() {
    let world = World::shared();
    for path in
        ["/metrics", "/api/metrics", "/api/auth/metrics", "/api/users/../metrics", "/api/notes/../metrics"]
    {
        let answer = world.anon().get(path);
        assert!((400..500).contains(&answer.status), "{path}: {answer}");
        assert!(!answer.text().contains("satchel_"), "{path}: {answer}");
    }
}
