//! A reset brings the state after the start, whatever was done, as often as one likes.

use std::time::Duration;

use serde_json::{Value, json};

use crate::kit::{Actor, Setup, Site, Split, Times, World, proof};

/// The administrator of `small.json`, logged in.
fn ada(site: &Site) -> Actor {
    site.anon().called("ada@example.test").log_in("small-ada-2026")
}

/// Everything that the API shows of the world of `small.json`.
fn shown(site: &Site) -> Value {
    let ada = ada(site);
    let ben = site.anon().called("ben@example.test").log_in("small-ben-2026");
    let mails = site.satchel(&["mail", "list"]).expect(0).stdout;
    json!([
        ada.get("/api/users?limit=1000").expect(200).json(),
        ada.get("/api/notes?limit=1000").expect(200).json(),
        ben.get("/api/notes?limit=1000").expect(200).json(),
        ben.get("/api/notes/search?q=the").expect(200).json(),
        mails,
    ])
}

/// Changes something in every service; gives somebody who will not be there after a reset.
fn disturb(site: &Site) -> Actor {
    let ada = ada(site);
    ada.note("zebra of the last life");
    let ben = ada.get("/api/users?limit=1000").json()["data"]["users"]
        .as_array()
        .unwrap()
        .iter()
        .find(|user| user["username"] == "ben")
        .map(|ben| ben["_id"].as_str().unwrap().to_owned())
        .unwrap();
    ada.delete(&format!("/api/users/{ben}")).expect(204);
    ada.post("/api/auth/forgot-password", &json!({"email": ada.email})).expect(200);
    let stranger = site.someone();
    stranger.note("zebra of a stranger");
    site.control()
        .put("/control/clock", &json!({"mode": "frozen", "now": "2030-01-01T00:00:00.000Z"}))
        .expect(200);
    stranger
}

fn brings_the_start_back(site: &Site) {
    let before = shown(site);
    for _ in 0..3 {
        let old = ada(site);
        let stranger = disturb(site);
        site.reset();
        for gone in [&old, &stranger] {
            for door in [site.doors().auth, site.doors().user, site.doors().notes] {
                let path = match door {
                    door if door == site.doors().user => "/users/me",
                    door if door == site.doors().notes => "/notes",
                    _ => "/auth/update-password",
                };
                let answer = if path == "/auth/update-password" {
                    gone.at(door).patch(path, &json!({}))
                } else {
                    gone.at(door).get(path)
                };
                assert_eq!(answer.status, 401, "{path}: {answer}");
            }
        }
        for search in ["/api/notes?search=zebra", "/api/notes/search?q=zebra"] {
            assert_eq!(ada(site).get(search).expect(200).json()["results"], 0, "{search}");
        }
        assert_eq!(site.control().get("/control/clock").json()["data"]["mode"], "running");
        assert_eq!(shown(site), before);
    }
    assert!(site.doctor().expect(0).stdout.contains("\"clean\":true"));
}

#[test]
fn a_reset_brings_the_state_after_the_start() {
    brings_the_start_back(&World::start(&Setup::ci().ephemeral().fixture("small.json")));
}

#[test]
fn a_reset_of_four_processes_brings_the_state_after_the_start() {
    brings_the_start_back(&Split::start(&Setup::ci().fixture("small.json").args(&["--control=0"])));
}

#[test]
fn a_world_with_a_data_directory_goes_back_too_if_that_was_asked_for() {
    brings_the_start_back(&World::start(&Setup::ci().fixture("small.json").args(&["--control"])));
}

#[test]
fn a_world_that_was_not_kept_loses_nothing_by_the_question() {
    let world = World::start(&Setup::ci());
    let user = world.someone();
    let id = user.note("Still here.");
    let answer = world.control().post("/control/reset", &json!({})).expect(503);
    assert!(answer.message().contains("this state was not kept"), "{answer}");
    user.get(&format!("/api/notes/{id}")).expect(200);
    user.note("And it goes on.");
}

#[test]
fn a_request_under_way_is_answered_before_or_after_a_reset_and_never_lost() {
    let world = World::start(&Setup::ci().ephemeral().fixture("small.json"));
    let rounds = proof::size(20, 200);
    let mut answered = 0;
    std::thread::scope(|scope| {
        let asking: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut answered = 0;
                    for _ in 0..rounds {
                        let ada = ada(&world);
                        let status = ada.get("/api/notes").status;
                        assert!([200, 401].contains(&status), "{status}");
                        answered += 1;
                    }
                    answered
                })
            })
            .collect();
        for _ in 0..rounds {
            world.reset();
        }
        answered = asking.into_iter().map(|asking| asking.join().unwrap()).sum::<u32>();
    });
    println!("{rounds} resets under load: {answered} log-ins and lists answered");
}

/// Open files of the process: one for each that a life leaves open would show here.
fn open_files(world: &mut World) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", world.process().pid())).unwrap().count()
}

#[test]
fn a_thousand_resets_leave_nothing_behind() {
    let mut world = World::start(&Setup::ci().ephemeral().fixture("small.json"));
    let resets = proof::size(100, 1_000);
    let (mut spaced, mut first) = (Times::default(), 0);
    for round in 0..resets {
        let user = world.someone();
        user.note("Once more.");
        let asked = tokio::time::Instant::now();
        world.reset();
        spaced.add(asked.elapsed());
        if round == resets / 10 {
            first = open_files(&mut world);
        }
    }
    let lives = world.data().join("lives");
    crate::kit::wait::until("old lives are removed", Duration::from_secs(10), || {
        std::fs::read_dir(&lives).unwrap().count() <= 2 * 4
    });
    crate::kit::wait::until("no file stays open", Duration::from_secs(10), || {
        open_files(&mut world) <= first + 16
    });
    println!("{resets} resets of twelve notes, each after a registration and a note: {spaced}");
}
