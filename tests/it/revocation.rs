//! Ended sessions: how long a token outlives the answer that ended it, at every door (PROMISES.md T2).
//!
//! The clock starts when the answer is here. A token is dead when the gateway, auth, user and notes all refuse it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::kit::actor::PASSWORD;
use crate::kit::{Actor, Request, Setup, Site, Split, Times, World, mail, proof, wait};

/// What a token may outlive its end by in any case while everything is up.
const DEAD_WITHIN: Duration = Duration::from_secs(2);
/// The same after a partition, from the moment that the absent service is back (PROTOCOL.md §7: N).
const DEAD_AGAIN_WITHIN: Duration = Duration::from_secs(5);
/// Clients that keep the world busy.
const BUSY: usize = 16;
/// Until the paused service answers again or the test is stuck.
const BACK_WITHIN: Duration = Duration::from_secs(30);

/// One way for all sessions of an account to end.
struct Ending {
    name: &'static str,
    end: fn(&Story<'_>, &Actor),
}

/// Where it happens, and who may do it to others.
struct Story<'a> {
    site: &'a Site,
    admin: Actor,
}

const ENDINGS: [Ending; 6] = [
    Ending { name: "deactivation", end: |story, user| story.deactivate(user) },
    Ending { name: "leaving", end: |_, user| leave(user) },
    Ending { name: "deletion", end: |story, user| story.erase(user) },
    Ending { name: "password change", end: |_, user| change_password(user) },
    Ending { name: "password reset", end: |story, user| story.reset_password(user) },
    Ending { name: "reactivation", end: |story, user| story.reactivate(user) },
];

impl Story<'_> {
    fn deactivate(&self, user: &Actor) {
        self.set_active(user, false);
    }

    fn erase(&self, user: &Actor) {
        self.admin.delete(&target(user)).expect(204);
    }

    fn reset_password(&self, user: &Actor) {
        let anon = self.site.anon();
        anon.post("/api/auth/forgot-password", &json!({"email": user.email})).expect(200);
        let mailed = wait::poll(DEAD_AGAIN_WITHIN, || mail::newest(self.site.data(), &user.email));
        let (_, token) = mailed.expect("a mail");
        let body = json!({"password": "another good password"});
        anon.patch(&format!("/api/auth/reset-password/{token}"), &body).expect(200);
    }

    /// Only the second step counts: what was deactivated is dead before. Nobody may come back by an old token.
    fn reactivate(&self, user: &Actor) {
        self.set_active(user, false);
        self.set_active(user, true);
    }

    fn set_active(&self, user: &Actor, is: bool) {
        self.admin.patch(&target(user), &json!({"isActive": is})).expect(200);
    }
}

fn leave(user: &Actor) {
    user.delete("/api/users/delete-me").expect(204);
}

fn change_password(user: &Actor) {
    let change = json!({"currentPassword": PASSWORD, "newPassword": "another good password"});
    user.patch("/api/auth/update-password", &change).expect(200);
}

fn target(user: &Actor) -> String {
    format!("/api/users/{}", crate::kit::token::account(user.token.as_deref().unwrap()))
}

/// The doors at which a token could still be good.
#[derive(Clone, Copy, PartialEq)]
enum Door {
    Gateway,
    Auth,
    User,
    Notes,
}

const DOORS: [Door; 4] = [Door::Gateway, Door::Auth, Door::User, Door::Notes];

impl Door {
    /// Whether `user` is refused there for the token.
    fn refuses(self, site: &Site, user: &Actor) -> bool {
        let doors = site.doors();
        let is_refused =
            |door, request: Request| user.at(door).try_send(request).is_ok_and(|answer| answer.status == 401);
        let get = |target| Request::new("GET", target);
        let password =
            |target: &str| Request::new("PATCH", target).json(&Value::Object(serde_json::Map::new()));
        match self {
            Self::Gateway => {
                is_refused(doors.gateway, password("/api/auth/update-password"))
                    && is_refused(doors.gateway, get("/api/users/me"))
                    && is_refused(doors.gateway, get("/api/notes"))
            }
            Self::Auth => is_refused(doors.auth, password("/auth/update-password")),
            Self::User => is_refused(doors.user, get("/users/me")),
            Self::Notes => is_refused(doors.notes, get("/notes")),
        }
    }
}

/// What was measured of one ending.
#[derive(Default)]
struct Measured {
    times: Times,
    /// Endings after which some door let a token in at the first look.
    late: u32,
}

impl Measured {
    /// Looks at `doors` until all of them refuse all `tokens`; the time is zero if that was so at the first look.
    fn add(&mut self, site: &Site, tokens: &[Actor], doors: &[Door], within: Duration) {
        let answered = Instant::now();
        let is_dead = || doors.iter().all(|door| tokens.iter().all(|user| door.refuses(site, user)));
        if is_dead() {
            self.times.add(Duration::ZERO);
            return;
        }
        self.late += 1;
        let dead = wait::poll(within, || is_dead().then(|| answered.elapsed()));
        self.times.add(dead.unwrap_or_else(|looks| panic!("alive after {within:?} ({looks} looks)")));
    }
}

/// Ends `rounds` accounts in each way, each with two sessions.
fn measure(site: &Site, what: &str, rounds: u32) -> u32 {
    let story = Story { site, admin: site.admin() };
    let mut late = 0;
    for ending in ENDINGS {
        let mut measured = Measured::default();
        for _ in 0..rounds {
            let first = site.someone();
            let second = first.log_in(PASSWORD);
            first.note("Read by both.");
            (ending.end)(&story, &second);
            measured.add(site, &[first, second], &DOORS, DEAD_WITHIN);
        }
        println!("{what}, {}: dead everywhere after {}, late {}", ending.name, measured.times, measured.late);
        assert!(measured.times.max() <= DEAD_WITHIN, "{}", ending.name);
        late += measured.late;
    }
    late
}

#[test]
fn a_session_that_was_ended_is_over_everywhere_with_the_answer() {
    let rounds = proof::size(50, 500);
    assert_eq!(measure(&World::start(&Setup::ci()), "one process", rounds), 0);
    assert_eq!(measure(&Split::start(&Setup::ci()), "four processes", rounds), 0);
}

#[test]
fn a_session_that_was_ended_under_load_is_over_everywhere_within_two_seconds() {
    let world = World::start(&Setup::ci());
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..BUSY {
            let (user, over) = (world.someone(), &over);
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    user.note("Busy.");
                    user.patch("/api/users/update-me", &json!({"bio": "Busy."})).expect(200);
                    user.try_log_in(PASSWORD).expect(200);
                }
            });
        }
        let end = EndsWith(&over);
        measure(&world, "under load", proof::size(50, 500));
        drop(end);
    });
}

/// Lets the busy clients go, also when the measuring fails.
struct EndsWith<'a>(&'a AtomicBool);

impl Drop for EndsWith<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_session_that_was_ended_while_notes_was_away_is_over_there_soon_after_it_is_back() {
    let mut split = Split::start(&Setup::ci());
    let admin = split.admin();
    for (name, is_partition) in [("stopped", false), ("partitioned", true)] {
        let mut measured = Measured::default();
        for _ in 0..proof::size(1, 10) {
            let users: Vec<Actor> = ENDINGS.iter().map(|_| split.someone()).collect();
            for user in &users {
                user.note("Read before.");
            }
            leave_alone(&mut split, is_partition);
            let story = Story { site: &split, admin: admin.clone() };
            for (ending, user) in ENDINGS.iter().zip(&users) {
                (ending.end)(&story, user);
                let mut elsewhere = Measured::default();
                elsewhere.add(&split, std::slice::from_ref(user), &[Door::Auth, Door::User], DEAD_WITHIN);
            }
            be_back(&mut split, is_partition);
            measured.add(&split, &users, &DOORS, DEAD_AGAIN_WITHIN);
        }
        println!("notes was {name}: dead everywhere {} after it was back", measured.times);
        assert!(measured.times.max() <= DEAD_AGAIN_WITHIN);
    }
}

/// A stopped service takes no connections; a partitioned one takes them and never answers.
fn leave_alone(split: &mut Split, is_partition: bool) {
    if is_partition {
        split.signal("notes", Signal::STOP);
    } else {
        split.take_away("notes");
    }
}

fn be_back(split: &mut Split, is_partition: bool) {
    if is_partition {
        split.signal("notes", Signal::CONT);
    } else {
        split.bring_back(&["notes"]);
    }
    let health = || Actor::anon(split.doors().notes).try_send(Request::new("GET", "/health"));
    wait::until("notes answers", BACK_WITHIN, || health().is_ok_and(|answer| answer.status == 200));
}
