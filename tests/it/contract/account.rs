//! The table of deliberate differences, its rows about accounts. The test names are its sentences.

use serde_json::{Value, json};

use crate::kit::actor::PASSWORD;
use crate::kit::{Actor, Answer, Request, Setup, Site, World};

const GONE: &str = "User belonging to this token no longer exists.";
const ENDED: &str = "Not authorized, invalid token";

/// Demands that the actor's token is refused with `message` by each of the three services.
fn is_refused_everywhere(actor: &Actor, message: &str) {
    actor.get("/api/users/me").fails(401, message);
    actor.get("/api/notes").fails(401, message);
    actor.post("/api/notes", &json!({"content": "Too late."})).fails(401, message);
    let change = json!({"currentPassword": PASSWORD, "newPassword": "another good password"});
    actor.patch("/api/auth/update-password", &change).fails(401, message);
}

#[test]
fn after_a_soft_delete_every_token_of_the_account_is_dead_in_every_service() {
    let world = World::shared();
    let user = world.someone();
    let second = user.log_in(PASSWORD);
    user.delete("/api/users/delete-me").expect(204);
    is_refused_everywhere(&user, GONE);
    is_refused_everywhere(&second, GONE);
    user.try_log_in(PASSWORD).fails(403, "This account has been deactivated.");
    user.try_log_in("a wrong password").fails(401, "Invalid email or password");
}

#[test]
fn after_a_password_change_older_tokens_are_dead_everywhere() {
    let world = World::shared();
    let user = world.someone();
    let change = json!({"currentPassword": PASSWORD, "newPassword": "another good password"});
    let token = crate::kit::actor::token_of(&user.patch("/api/auth/update-password", &change).expect(200));
    is_refused_everywhere(&user, ENDED);
    user.with_token(&token).get("/api/notes").expect(200);
    user.with_token(&token).get("/api/users/me").expect(200);
    user.try_log_in(PASSWORD).fails(401, "Invalid email or password");
    user.log_in("another good password");
}

#[test]
fn after_a_password_reset_older_tokens_are_dead_everywhere() {
    let world = World::shared();
    let user = world.someone();
    world.anon().post("/api/auth/forgot-password", &json!({"email": user.email})).expect(200);
    let reset = format!("/api/auth/reset-password/{}", world.reset_token(&user));
    let answer = world.anon().patch(&reset, &json!({"password": "another good password"})).expect(200);
    is_refused_everywhere(&user, ENDED);
    user.with_token(&crate::kit::actor::token_of(&answer)).get("/api/notes").expect(200);
    let again = world.anon().patch(&reset, &json!({"password": "a third good password"}));
    again.fails(400, "Token is invalid or has expired");
}

#[test]
fn after_a_hard_delete_a_new_owner_of_the_address_sees_nothing_old() {
    let world = World::shared();
    let (admin, name) = (world.admin(), world.fresh_name());
    let user = world.register(&name);
    let note = user.note("A secret of the first owner.");
    admin.delete(&format!("/api/users/{}", user.id())).expect(204);
    is_refused_everywhere(&user, GONE);
    let heir = world.register(&name);
    heir.get(&format!("/api/notes/{note}")).fails(404, "Note not found or access denied");
    assert_eq!(heir.get("/api/notes?search=secret").expect(200).json()["results"], 0);
    user.get(&format!("/api/notes/{note}")).fails(401, GONE);
}

#[test]
fn forgot_password_answers_alike_for_every_address_and_writes_to_active_accounts_only() {
    let world = World::start(&Setup::ci());
    let (active, inactive) = (world.someone(), world.someone());
    inactive.delete("/api/users/delete-me").expect(204);
    let ask =
        |email: &str| world.anon().post("/api/auth/forgot-password", &json!({"email": email})).expect(200);
    let answers = [ask(&inactive.email), ask("nobody@example.test"), ask(&active.email)];
    for answer in &answers {
        assert_eq!(answer.json(), json!({"status": "success", "message": "Token sent to email!"}));
        assert_eq!(names(answer), names(&answers[0]));
    }
    // Mail is queued in order: once this one is there, others would be too.
    world.reset_token(&active);
    let list = world.satchel(&["mail", "list"]).expect(0).stdout;
    assert!(list.contains(&active.email) && list.lines().count() == 1, "{list}");
}

#[test]
fn the_link_in_a_mail_leads_to_the_front_end_that_was_configured_whatever_a_request_says() {
    let world = World::start(&Setup::ci().env("CLIENT_URL", "https://notes.example.test"));
    let user = world.someone();
    let request = Request::new("POST", "/api/auth/forgot-password").header("host", "evil.example");
    let request = request.header("origin", "http://evil.example").header("referer", "http://evil.example/");
    let request = request.header("x-forwarded-host", "evil.example").header("x-forwarded-proto", "http");
    let request = request.header("forwarded", "host=evil.example").header("x-original-host", "evil.example");
    let body = json!({"email": user.email, "link": "http://evil.example", "host": "evil.example"});
    world.anon().send(request.json(&body)).expect(200);
    let mail = crate::kit::mail::wait(world.data(), &user.email);
    let link = mail["link"].as_str().expect("a link");
    assert!(link.starts_with("https://notes.example.test/reset-password/"), "{mail}");
    assert!(!mail.to_string().contains("evil.example"), "{mail}");
}

fn names(answer: &Answer) -> Vec<&str> {
    answer.headers.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn a_taken_username_at_registration_answers_409_and_leaves_nothing_behind() {
    let world = World::shared();
    let name = world.fresh_name();
    world.register(&name);
    let email = format!("{}@example.test", world.fresh_name());
    let body = json!({"email": email, "password": PASSWORD, "username": name});
    world.anon().post("/api/auth/register", &body).fails(409, "username already exists");
    world.anon().post("/api/auth/register", &json!({"email": email, "password": PASSWORD})).expect(201);
}

#[test]
fn usernames_are_unique_without_regard_to_case() {
    let world = World::shared();
    let (first, second) = (world.someone(), world.someone());
    let mine = |name: &str| first.patch("/api/users/update-me", &json!({"username": name}));
    let taken =
        second.get("/api/users/me").json()["data"]["user"]["username"].as_str().unwrap().to_uppercase();
    mine(&taken).fails(409, "username already exists");
    mine("Ünique Straße").expect(200);
    let body = json!({"username": "üNIQUE sTRAßE"});
    second.patch("/api/users/update-me", &body).fails(409, "username already exists");
    // One's own name in another case is no conflict.
    mine("üNIQUE Straße").expect(200);
}

#[test]
fn a_long_bio_or_odd_types_at_registration_answer_400() {
    let world = World::shared();
    let cases = [
        (json!({"bio": "b".repeat(251)}), "bio"),
        (json!({"bio": 7}), "bio"),
        (json!({"avatar": ["x"]}), "avatar"),
        (json!({"avatar": "javascript:alert(1)"}), "avatar"),
        (json!({"username": {"$ne": 1}}), "username"),
        (json!({"username": "a\u{7}bc"}), "username"),
        (json!({"username": "u".repeat(65)}), "username"),
        (json!({"email": ["a@example.test"]}), "email"),
        (json!({"password": {"length": 9}}), "password"),
        (json!({"password": "p".repeat(257)}), "password"),
    ];
    for (change, field) in cases {
        let email = format!("{}@example.test", world.fresh_name());
        let mut body = json!({"email": email, "password": PASSWORD});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = world.anon().post("/api/auth/register", &body).expect(400);
        assert_eq!(answer.json()["errors"][0]["field"], field, "{answer}");
    }
}

#[test]
fn every_field_error_is_told_in_the_order_of_the_tables() {
    let world = World::shared();
    let body = json!({"avatar": 1, "bio": 2, "username": 3, "password": 4, "email": 5});
    let answer = world.anon().post("/api/auth/register", &body).fails(400, "Email is required").json();
    let fields: Vec<&Value> =
        answer["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, ["email", "password", "username", "bio", "avatar"]);
}

#[test]
fn avatars_are_http_urls() {
    let world = World::shared();
    let user = world.someone();
    let set = |avatar: &str| user.patch("/api/users/update-me", &json!({"avatar": avatar}));
    for avatar in [
        "javascript:alert(1)",
        "data:image/png;base64,AA==",
        "ftp://example.test/a",
        "//example.test",
        "a.png",
    ] {
        set(avatar).fails(400, "Avatar must be a valid URL");
    }
    set("https://example.test/a.png").expect(200);
    set("http://example.test/a.png?s=1#x").expect(200);
}

#[test]
fn an_admin_changes_only_the_listed_fields_and_no_operator_is_understood() {
    let world = World::shared();
    let (admin, user) = (world.admin(), world.someone());
    let target = format!("/api/users/{}", user.id());
    let before = admin.get(&target).json()["data"]["user"].clone();
    let body = json!({
        "$set": {"role": "admin"}, "$unset": {"email": 1}, "_id": "f".repeat(24), "createdAt": "2000-01-01T00:00:00.000Z",
        "password_hash": "x", "generation": 7, "isActive.x": true, "bio": "Changed.",
    });
    let after = admin.patch(&target, &body).expect(200).json()["data"]["user"].clone();
    let mut wanted = before;
    wanted["bio"] = "Changed.".into();
    wanted["updatedAt"] = after["updatedAt"].clone();
    assert_eq!(after, wanted);
    for (field, value) in [
        ("role", json!("root")),
        ("role", json!({"$ne": "user"})),
        ("isActive", json!("false")),
        ("isActive", json!(null)),
        ("email", json!("not an address")),
        ("email", json!({"$gt": ""})),
        ("username", json!(7)),
        ("bio", json!("b".repeat(251))),
        ("avatar", json!("x")),
    ] {
        let answer = admin.patch(&target, &json!({field: value})).expect(400).json();
        let message = answer["message"].as_str().unwrap_or_default().to_lowercase();
        assert!(message.contains(&field.to_lowercase()), "{field} is not named: {answer}");
        assert_eq!(answer["errors"][0]["field"], field, "{answer}");
    }
}

#[test]
fn inactive_users_can_be_patched_reactivated_and_deleted() {
    let world = World::shared();
    let (admin, user) = (world.admin(), world.someone());
    let target = format!("/api/users/{}", user.id());
    user.delete("/api/users/delete-me").expect(204);
    admin.patch(&target, &json!({"bio": "Away."})).expect(200);
    admin.patch(&target, &json!({"isActive": true})).expect(200);
    // The sessions from before stay dead; a new one is made by logging in.
    user.get("/api/users/me").fails(401, ENDED);
    let back = user.log_in(PASSWORD);
    assert_eq!(back.get("/api/users/me").expect(200).json()["data"]["user"]["bio"], "Away.");
    back.note("Back again.");
    admin.patch(&target, &json!({"isActive": false})).expect(200);
    admin.delete(&target).expect(204);
    user.try_log_in(PASSWORD).fails(401, "Invalid email or password");
    admin.get(&target).fails(404, "No user found with that ID");
}

#[test]
fn an_email_or_is_active_change_by_an_admin_reaches_the_log_in() {
    let world = World::shared();
    let (admin, user) = (world.admin(), world.someone());
    let target = format!("/api/users/{}", user.id());
    admin.patch(&target, &json!({"isActive": false})).expect(200);
    user.try_log_in(PASSWORD).fails(403, "This account has been deactivated.");
    admin.patch(&target, &json!({"isActive": true})).expect(200);
    let moved = user.called(&format!("{}@example.test", world.fresh_name()));
    admin.patch(&target, &json!({"email": moved.email.to_uppercase()})).expect(200);
    user.try_log_in(PASSWORD).fails(401, "Invalid email or password");
    moved.log_in(PASSWORD);
    let other = world.someone();
    admin.patch(&target, &json!({"email": other.email})).fails(409, "email already exists");
    // The old address is free.
    world.anon().post("/api/auth/register", &json!({"email": user.email, "password": PASSWORD})).expect(201);
}

#[test]
fn passwords_count_as_a_whole_beyond_72_bytes() {
    let world = World::shared();
    let email = format!("{}@example.test", world.fresh_name());
    let long = "ä".repeat(128);
    world
        .anon()
        .post("/api/auth/register", &json!({"email": email, "password": format!("{long}1")}))
        .expect(201);
    let user = world.anon().called(&email);
    user.try_log_in(&format!("{long}2")).fails(401, "Invalid email or password");
    user.try_log_in(&long).fails(401, "Invalid email or password");
    user.log_in(&format!("{long}1"));
}

#[test]
fn internal_routes_want_signed_service_credentials() {
    let world = World::shared();
    let id = world.someone().id();
    let site: &Site = &world;
    for door in [site.doors().auth, site.doors().notes] {
        let request = Request::new("PUT", format!("/internal/accounts/{id}/standing"));
        let body = json!({"generation": 0, "rung": "disabled", "epoch": 0});
        Actor::anon(door).send(request.json(&body)).fails(401, "Service credentials are required");
    }
}
