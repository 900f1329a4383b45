//! What the server decides, no body decides (PROMISES.md M1): every write route, every field that is not the client's.

use serde_json::{Map, Value, json};

use crate::kit::actor::{PASSWORD, token_of};
use crate::kit::{Actor, World, token};

/// Fields that are the server's everywhere, and what an attacker would set them to: of our own records, and of the
/// original's.
fn recorded() -> Value {
    let (id, hash) =
        ("f".repeat(24), format!("$argon2id$v=19$m=8,t=1,p=1${}${}", "A".repeat(22), "A".repeat(43)));
    json!({
        "id": "00000000-0000-4000-8000-000000000000", "_id": id, "author": id, "userId": id, "user": id, "owner": id,
        "account": id, "createdAt": "2000-01-01T00:00:00.000Z", "updatedAt": "2000-01-01T00:00:00.000Z",
        "created_at": 0, "updated_at": 0, "sentAt": 0, "iat": 0, "exp": 4_000_000_000_u64, "gen": 7, "generation": 7,
        "epoch": 7, "rung": "deleted", "standing": {"generation": 7, "rung": "deleted", "epoch": 7}, "version": 7,
        "seq": 7, "roleVersion": 7, "emailVersion": 7, "saga": "x", "isConfirmed": true, "hash": hash,
        "passwordHash": hash, "password_hash": hash, "passwordChangedAt": 0, "passwordResetToken": "x",
    })
}

/// What else is tried: names of rights, and what JavaScript, Mongo and form parsers would make of others.
fn tricks() -> Value {
    json!({
        "passwordResetExpires": 4_000_000_000_u64, "resetToken": "x", "reset": {"hash": "0".repeat(64)}, "token": "x",
        "isAdmin": true, "admin": true, "permissions": ["*"], "scope": "admin", "tombstone": true, "isDeleted": true,
        "__proto__": {"role": "admin"}, "constructor": {"prototype": {"role": "admin"}}, "prototype": {"role": "admin"},
        "$set": {"role": "admin"}, "$unset": {"email": 1}, "$where": "1", "data": {"role": "admin"},
        "role.0": "admin", "user[role]": "admin", "Role": "admin", "ROLE": "admin", "r\u{f8}le": "admin",
    })
}

/// These with `more`, for routes on which nobody may set that either.
fn owned_and(more: &Value) -> Map<String, Value> {
    [&recorded(), &tricks(), more]
        .into_iter()
        .flat_map(|fields| fields.as_object().unwrap().clone())
        .collect()
}

/// `body` with one field more.
fn with(body: &Value, name: &str, value: &Value) -> Value {
    let mut body = body.clone();
    body[name] = value.clone();
    body
}

/// What an administrator sees of `user`, without what a write changes in any case.
fn profile(admin: &Actor, user: &str) -> Value {
    let mut profile = admin.get(&format!("/api/users/{user}")).expect(200).json()["data"]["user"].clone();
    profile.as_object_mut().unwrap().remove("updatedAt");
    profile
}

fn note(answer: &Value) -> Value {
    let mut note = answer["data"]["note"].clone();
    let updated = note.as_object_mut().unwrap().remove("updatedAt");
    assert!(updated.is_some_and(|at| at.as_str().unwrap() > "2020"), "{answer}");
    note
}

#[test]
fn nothing_that_is_the_servers_is_set_by_a_registration() {
    let world = World::shared();
    let admin = world.admin();
    let fields = owned_and(&json!({"role": "admin", "isActive": false}));
    for (name, value) in &fields {
        let email = format!("{}@example.test", world.fresh_name());
        let body = with(&json!({"email": email, "password": PASSWORD}), name, value);
        let token = token_of(&world.anon().post("/api/auth/register", &body).expect(201));
        let id = token::account(&token);
        let made = profile(&admin, &id);
        assert_eq!(
            (&made["email"], &made["role"], &made["isActive"]),
            (&json!(email), &json!("user"), &json!(true))
        );
        assert!(made["createdAt"].as_str().unwrap() > "2020" && made["_id"] == json!(id), "{name}: {made}");
        assert_eq!(made.as_object().unwrap().len(), 8, "{name}: {made}");
        let user = world.anon().called(&email).with_token(&token);
        assert_eq!(user.id(), id, "{name}");
        user.get("/api/users").expect(403);
        user.log_in(PASSWORD);
    }
    println!("{} fields at registration, none taken", fields.len());
}

#[test]
fn nothing_that_is_the_servers_is_set_by_a_change_of_a_profile() {
    let world = World::shared();
    let (admin, user) = (world.admin(), world.someone());
    let id = user.id();
    let before = profile(&admin, &id);
    let mut fields =
        owned_and(&json!({"role": "admin", "isActive": false, "email": "taken.over@example.test"}));
    for (name, value) in &fields {
        user.patch("/api/users/update-me", &json!({name: value})).expect(200);
        assert_eq!(profile(&admin, &id), before, "{name} by its owner");
    }
    // An administrator may set three of them.
    fields.retain(|name, _| !["role", "isActive", "email"].contains(&name.as_str()));
    for (name, value) in &fields {
        admin.patch(&format!("/api/users/{id}"), &json!({name: value})).expect(200);
        assert_eq!(profile(&admin, &id), before, "{name} by an administrator");
    }
    user.get("/api/users").expect(403);
    user.log_in(PASSWORD);
}

#[test]
fn nothing_that_is_the_servers_is_set_by_a_log_in_or_a_change_of_a_password() {
    let world = World::shared();
    let (admin, mut user) = (world.admin(), world.someone());
    let id = user.id();
    let before = profile(&admin, &id);
    for (name, value) in &owned_and(&json!({"role": "admin", "isActive": false})) {
        let body = with(&json!({"email": user.email, "password": PASSWORD}), name, value);
        let token = token_of(&world.anon().post("/api/auth/login", &body).expect(200));
        assert_eq!(token::account(&token), id, "{name}");
        let body = with(&json!({"currentPassword": PASSWORD, "newPassword": PASSWORD}), name, value);
        let answer = user.with_token(&token).patch("/api/auth/update-password", &body).expect(200);
        user = user.with_token(&token_of(&answer));
        assert_eq!((profile(&admin, &id), user.id()), (before.clone(), id.clone()), "{name}");
    }
    world.anon().post("/api/auth/forgot-password", &json!({"email": user.email})).expect(200);
    let path = format!("/api/auth/reset-password/{}", world.reset_token(&user));
    // A token is good for one body, so this has all of them.
    let all =
        owned_and(&json!({"password": PASSWORD, "role": "admin", "isActive": false, "email": "a@b.co"}));
    let token = token_of(&world.anon().patch(&path, &json!(all)).expect(200));
    assert_eq!((token::account(&token), profile(&admin, &id)), (id, before));
    user.log_in(PASSWORD);
}

#[test]
fn nothing_that_is_the_servers_is_set_by_writing_a_note() {
    let world = World::shared();
    let user = world.someone();
    let id = user.id();
    let fields = owned_and(&json!({"role": "admin", "isActive": false, "email": "a@b.co", "password": "x"}));
    for (name, value) in &fields {
        let body = with(&json!({"content": "Mine."}), name, value);
        let made = note(&user.post("/api/notes", &body).expect(201).json());
        assert_eq!((&made["author"], &made["content"]), (&json!(id), &json!("Mine.")), "{name}");
        assert!(made["createdAt"].as_str().unwrap() > "2020" && &made["id"] != value, "{name}: {made}");
        assert_eq!(made.as_object().unwrap().len(), 9, "{name}: {made}");
        let target = format!("/api/notes/{}", made["id"].as_str().unwrap());
        let changed = note(&user.patch(&target, &json!({name: value})).expect(200).json());
        assert_eq!(changed, made, "{name}");
        assert_eq!(note(&user.get(&target).expect(200).json()), made, "{name}");
    }
    println!("{} fields of notes, none taken", fields.len());
}
