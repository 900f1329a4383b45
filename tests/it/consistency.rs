//! A change in one service reaches the others: at once while they are up, soon after they are back.
//!
//! The same stories are told of one process and of four.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::kit::actor::{PASSWORD, token_of};
use crate::kit::{Actor, Setup, Site, Split, Times, World, wait};

const GONE: &str = "User belonging to this token no longer exists.";
const ENDED: &str = "Not authorized, invalid token";
/// When services agree again after the last fault (PROMISES.md A1).
const AGREED_WITHIN: Duration = Duration::from_secs(5);
/// An answer waits a second for the others to hear (PROTOCOL.md §4), and not longer.
const ANSWERED_WITHIN: Duration = Duration::from_secs(3);

#[test]
fn every_change_reaches_every_service_at_once_in_one_process() {
    tell(&World::start(&Setup::ci()));
}

#[test]
fn every_change_reaches_every_service_at_once_in_four_processes() {
    tell(&Split::start(&Setup::ci()));
}

fn tell(site: &Site) {
    let admin = site.admin();
    leaving_ends_every_session(site);
    deactivation_and_return(site, &admin);
    deletion_takes_everything_along(site, &admin);
    a_role_counts_from_the_next_request(site, &admin);
    an_email_moves(site, &admin);
    a_password_change_ends_every_session(site);
    a_reset_ends_every_session(site);
}

/// Demands that the token is dead at every service, asked at its own door too.
fn is_dead(site: &Site, actor: &Actor, message: &str) {
    actor.get("/api/users/me").fails(401, message);
    actor.get("/api/notes").fails(401, message);
    actor.patch("/api/auth/update-password", &json!({})).fails(401, message);
    let doors = site.doors();
    actor.at(doors.user).get("/users/me").fails(401, message);
    actor.at(doors.notes).get("/notes").fails(401, message);
    actor.at(doors.auth).patch("/auth/update-password", &json!({})).fails(401, message);
}

fn leaving_ends_every_session(site: &Site) {
    let user = site.someone();
    user.note("Left behind.");
    let second = user.log_in(PASSWORD);
    second.delete("/api/users/delete-me").expect(204);
    is_dead(site, &user, GONE);
    is_dead(site, &second, GONE);
    user.try_log_in(PASSWORD).fails(403, "This account has been deactivated.");
}

fn deactivation_and_return(site: &Site, admin: &Actor) {
    let user = site.someone();
    let note = user.note("Kept.");
    let profile = format!("/api/users/{}", user.id());
    for _ in 0..2 {
        let session = user.log_in(PASSWORD);
        admin.patch(&profile, &json!({"isActive": false})).expect(200);
        is_dead(site, &session, GONE);
        session.try_log_in(PASSWORD).fails(403, "This account has been deactivated.");
        admin.patch(&profile, &json!({"isActive": true})).expect(200);
        is_dead(site, &session, ENDED);
        user.log_in(PASSWORD).get(&format!("/api/notes/{note}")).expect(200);
    }
}

fn deletion_takes_everything_along(site: &Site, admin: &Actor) {
    let name = site.fresh_name();
    let user = site.register(&name);
    let note = user.note("Purged.");
    let profile = format!("/api/users/{}", user.id());
    admin.delete(&profile).expect(204);
    is_dead(site, &user, GONE);
    user.try_log_in(PASSWORD).fails(401, "Invalid email or password");
    admin.get(&profile).fails(404, "No user found with that ID");
    admin.delete(&profile).fails(404, "No user found with that ID");
    let heir = site.register(&name);
    heir.get(&format!("/api/notes/{note}")).fails(404, "Note not found or access denied");
    assert_eq!(heir.get("/api/notes").json()["data"]["pagination"]["total"], 0);
}

fn a_role_counts_from_the_next_request(site: &Site, admin: &Actor) {
    let user = site.someone();
    let profile = format!("/api/users/{}", user.id());
    user.get("/api/users").expect(403);
    admin.patch(&profile, &json!({"role": "admin"})).expect(200);
    user.get("/api/users").expect(200);
    admin.patch(&profile, &json!({"role": "user"})).expect(200);
    user.get("/api/users").expect(403);
    // A role ends no session.
    user.note("Still logged in.");
}

fn an_email_moves(site: &Site, admin: &Actor) {
    let user = site.someone();
    let profile = format!("/api/users/{}", user.id());
    let moved = user.called(&format!("{}@example.test", site.fresh_name()));
    admin.patch(&profile, &json!({"email": moved.email})).expect(200);
    moved.log_in(PASSWORD).get("/api/users/me").expect(200);
    user.try_log_in(PASSWORD).fails(401, "Invalid email or password");
    let heir = json!({"email": user.email, "password": PASSWORD});
    site.anon().post("/api/auth/register", &heir).expect(201);
    admin.patch(&profile, &json!({"email": user.email})).fails(409, "email already exists");
    moved.log_in(PASSWORD);
}

fn a_password_change_ends_every_session(site: &Site) {
    let user = site.someone();
    let second = user.log_in(PASSWORD);
    let change = json!({"currentPassword": PASSWORD, "newPassword": "another good password"});
    let token = token_of(&user.patch("/api/auth/update-password", &change).expect(200));
    is_dead(site, &user, ENDED);
    is_dead(site, &second, ENDED);
    user.with_token(&token).note("Goes on.");
}

fn a_reset_ends_every_session(site: &Site) {
    let user = site.someone();
    site.anon().post("/api/auth/forgot-password", &json!({"email": user.email})).expect(200);
    let reset = format!("/api/auth/reset-password/{}", site.reset_token(&user));
    let token =
        token_of(&site.anon().patch(&reset, &json!({"password": "another good password"})).expect(200));
    is_dead(site, &user, ENDED);
    user.with_token(&token).note("Goes on.");
}

#[test]
fn who_leaves_while_auth_is_away_cannot_log_in_once_it_is_back() {
    let mut split = Split::start(&Setup::ci());
    let leavers: Vec<Actor> = (0..5).map(|_| split.someone()).collect();
    split.take_away("auth");
    let mut answered = Times::default();
    for user in &leavers {
        let started = Instant::now();
        user.delete("/api/users/delete-me").expect(204);
        answered.add(started.elapsed());
        user.get("/api/users/me").fails(401, GONE);
        user.get("/api/notes").fails(401, GONE);
    }
    split.bring_back(&["auth"]);
    let (back, mut refused) = (Instant::now(), Times::default());
    for user in &leavers {
        is_refused_soon(user, 403);
        refused.add(back.elapsed());
    }
    println!("without auth: 204 after {answered}; logging in refused {refused} after it was back");
    assert!(answered.max() < ANSWERED_WITHIN && refused.max() < AGREED_WITHIN);
}

#[test]
fn what_a_service_owes_the_others_outlives_its_own_end() {
    let mut split = Split::start(&Setup::ci());
    let (admin, leaver, deleted) = (split.admin(), split.someone(), split.someone());
    let note = deleted.note("To be purged.");
    let target = format!("/api/users/{}", deleted.id());
    split.take_away("auth");
    split.take_away("notes");
    leaver.delete("/api/users/delete-me").expect(204);
    admin.delete(&target).expect(204);
    split.kill("user");
    split.bring_back(&["auth", "user", "notes"]);
    is_refused_soon(&leaver, 403);
    is_refused_soon(&deleted, 401);
    wait::until("the notes service knows", AGREED_WITHIN, || {
        let answers = [leaver.get("/api/notes"), deleted.get(&format!("/api/notes/{note}"))];
        answers.iter().all(|answer| answer.status == 401 && answer.message() == GONE)
    });
}

#[test]
fn a_password_change_while_notes_is_away_ends_the_sessions_there_once_it_is_back() {
    let mut split = Split::start(&Setup::ci());
    let user = split.someone();
    split.take_away("notes");
    let change = json!({"currentPassword": PASSWORD, "newPassword": "another good password"});
    let token = token_of(&user.patch("/api/auth/update-password", &change).expect(200));
    user.get("/api/users/me").fails(401, ENDED);
    split.bring_back(&["notes"]);
    wait::until("the old session is over at notes", AGREED_WITHIN, || user.get("/api/notes").status == 401);
    user.with_token(&token).note("Goes on.");
}

#[test]
fn an_email_that_auth_cannot_reserve_now_is_not_changed() {
    let mut split = Split::start(&Setup::ci());
    let (admin, user) = (split.admin(), split.someone());
    let profile = format!("/api/users/{}", user.id());
    split.take_away("auth");
    let change = json!({"email": "moved@example.test", "bio": "Moved."});
    let answer = admin.patch(&profile, &change).expect(503);
    assert!(answer.header("retry-after").is_some(), "{answer}");
    let kept = admin.get(&profile).expect(200).json()["data"]["user"].clone();
    assert_eq!((&kept["email"], &kept["bio"]), (&json!(user.email), &json!(null)), "all or nothing");
    split.bring_back(&["auth"]);
    user.log_in(PASSWORD);
    wait::until("the change works", AGREED_WITHIN, || admin.patch(&profile, &change).status == 200);
    user.called("moved@example.test").log_in(PASSWORD);
}

/// Demands that logging in is refused with `status` within the time that services take to agree.
fn is_refused_soon(user: &Actor, status: u16) {
    wait::until("logging in is refused", AGREED_WITHIN, || user.try_log_in(PASSWORD).status == status);
}
