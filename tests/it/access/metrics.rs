//! Numbers for operators: on the ports of the services, to nobody through the gateway, and without a secret.

use crate::kit::{Actor, World};

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
