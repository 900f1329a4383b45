//! The table of deliberate differences, its rows about notes and the wire. The test names are its sentences.

use serde_json::{Value, json};

use crate::kit::{Answer, Request, World};

fn note(answer: &Answer) -> Value {
    answer.json()["data"]["note"].clone()
}

#[test]
fn what_a_client_says_of_a_notes_id_author_or_dates_is_ignored() {
    let world = World::shared();
    let (user, other) = (world.someone(), world.someone().id());
    let claims = json!({
        "id": "00000000-0000-4000-8000-000000000000", "author": other, "createdAt": "2000-01-01T00:00:00.000Z",
        "updatedAt": "2000-01-01T00:00:00.000Z", "unknown": {"a": [1]}, "content": "Mine.",
    });
    let written = note(&user.post("/api/notes", &claims).expect(201));
    assert_eq!(written["author"], user.id());
    assert_ne!(written["id"], claims["id"]);
    assert_ne!(written["createdAt"], claims["createdAt"]);
    assert_eq!(written.as_object().unwrap().len(), 10, "{written}");
    let target = format!("/api/notes/{}", written["id"].as_str().unwrap());
    let changed = note(&user.patch(&target, &claims).expect(200));
    for field in ["id", "author", "createdAt", "content"] {
        assert_eq!(changed[field], written[field], "{field}");
    }
}

#[test]
fn a_title_over_100_units_is_refused_on_create_and_on_patch() {
    let world = World::shared();
    let user = world.someone();
    let target = format!("/api/notes/{}", user.note("A note."));
    // Lengths count UTF-16 units: a pictogram has two.
    for title in ["t".repeat(101), "😀".repeat(51)] {
        user.patch(&target, &json!({"title": title})).fails(400, "Title too long");
        user.post("/api/notes", &json!({"title": title, "content": ""})).fails(400, "Title too long");
    }
    for title in ["t".repeat(100), "😀".repeat(50)] {
        user.patch(&target, &json!({"title": title})).expect(200);
    }
    let empty = user.patch(&target, &json!({"title": ""}));
    empty.fails(400, "Too small: expected string to have >=1 characters");
}

#[test]
fn an_odd_page_or_limit_answers_400_and_names_the_parameter() {
    let world = World::shared();
    let (user, admin) = (world.someone(), world.admin());
    for name in ["page", "limit"] {
        for value in
            ["0", "-1", "1.5", "1.0", "0x3", "%2b3", "%203", "3%20", "1e2", "ten", "%D9%A3", "NaN", "[]"]
        {
            for (actor, path) in [(&user, "/api/notes"), (&admin, "/api/users")] {
                let answer = actor.get(&format!("{path}?{name}={value}")).expect(400);
                assert!(answer.message().contains(name), "{answer}");
                assert_eq!(answer.json()["errors"][0]["field"], name, "{answer}");
            }
        }
        // Empty counts as absent, the last of a repeated one counts, overflow saturates.
        for query in [format!("{name}="), format!("{name}=0&{name}=2"), format!("{name}={}", "9".repeat(40))]
        {
            user.get(&format!("/api/notes?{query}")).expect(200);
            admin.get(&format!("/api/users?{query}")).expect(200);
        }
    }
    let served = user.get("/api/notes?limit=5000").expect(200).json();
    assert_eq!(served["data"]["pagination"]["limit"], 1000);
}

#[test]
fn the_token_is_looked_at_before_the_body_and_the_role_before_the_id() {
    let world = World::shared();
    let (anon, user) = (world.anon(), world.someone());
    let broken = |method: &str, path: &str| {
        Request::new(method, path).header("content-type", "application/json").body("{\"a\": ")
    };
    for (method, path) in [
        ("PATCH", "/api/auth/update-password"),
        ("PATCH", "/api/users/update-me"),
        ("POST", "/api/notes"),
        ("PATCH", "/api/notes/1"),
    ] {
        anon.send(broken(method, path)).fails(401, "Not authorized, no token");
        let answer = user.send(broken(method, path)).expect(400);
        assert!(answer.message().contains("line 1 column"), "{answer}");
    }
    user.send(broken("PATCH", "/api/users/not-an-id"))
        .fails(403, "You do not have permission to perform this action");
    // Fields come before the id.
    let admin = world.admin();
    admin.patch("/api/users/not-an-id", &json!({"role": 7})).expect(400);
    admin.patch("/api/users/not-an-id", &json!({})).fails(400, "Invalid _id: not-an-id");
}

#[test]
fn an_ended_session_is_told_before_a_broken_body() {
    let world = World::shared();
    let user = world.someone();
    user.delete("/api/users/delete-me").expect(204);
    for (method, path) in
        [("PATCH", "/api/auth/update-password"), ("PATCH", "/api/users/update-me"), ("POST", "/api/notes")]
    {
        let request = Request::new(method, path).header("content-type", "application/json");
        for body in ["{", "[]", "{}"] {
            let answer = user.send(request.clone().body(body));
            answer.fails(401, "User belonging to this token no longer exists.");
        }
        let large = request.body("x".repeat(20_000));
        user.send(large).fails(401, "User belonging to this token no longer exists.");
    }
}

#[test]
fn unknown_paths_under_users_are_404_and_admin_routes_403() {
    let world = World::shared();
    let user = world.someone();
    user.get("/api/users/nope/nope").fails(404, "Resource Not Found: /users/nope/nope");
    user.get("/api/users").fails(403, "You do not have permission to perform this action");
    user.get("/api/users/nope").fails(403, "You do not have permission to perform this action");
}

#[test]
fn text_may_be_any_unicode_but_nul() {
    let world = World::shared();
    let user = world.someone();
    let text = "\u{1}\t\n\u{7f}\u{feff}\u{200d}😀\u{10ffff}שלום e\u{301} ﷽ \u{fffe}";
    let written =
        note(&user.post("/api/notes", &json!({"content": text, "title": text, "tags": [text]})).expect(201));
    assert_eq!((&written["content"], &written["tags"][0]), (&json!(text), &json!(text)));
    let read = note(&user.get(&format!("/api/notes/{}", written["id"].as_str().unwrap())).expect(200));
    assert_eq!(read, written);
    for body in [
        json!({"content": "a\0b"}),
        json!({"content": "", "title": "\0"}),
        json!({"content": "", "tags": ["x", "\0"]}),
        json!({"content": "", "backgroundColor": "\0"}),
    ] {
        user.post("/api/notes", &body).expect(400);
    }
    user.patch("/api/users/update-me", &json!({"bio": "a\0b"})).expect(400);
    user.get("/api/notes?search=%00").expect(400);
    user.get("/api/notes?tag=%00").expect(400);
}

#[test]
fn bad_percent_encoding_is_refused_before_anything_else() {
    let world = World::shared();
    for target in
        ["/api/notes/%zz", "/api/notes?search=%", "/api/users/%E0%A4%A", "/%ff", "/api/notes?tag=%C3%28"]
    {
        let answer = world.anon().get(target).expect(400);
        assert_eq!(answer.json()["status"], "fail", "{answer}");
    }
}

#[test]
fn array_bodies_are_refused() {
    let world = World::shared();
    let user = world.someone();
    let message = "Invalid input: expected object, received array";
    for (actor, method, path) in [
        (&world.anon(), "POST", "/api/auth/register"),
        (&world.anon(), "POST", "/api/auth/login"),
        (&user, "POST", "/api/notes"),
        (&user, "PATCH", "/api/users/update-me"),
    ] {
        actor.send(Request::new(method, path).json(&json!([{}]))).fails(400, message);
    }
}

#[test]
fn paths_match_in_exact_case() {
    let world = World::shared();
    let user = world.someone();
    for target in ["/API/notes", "/api/Notes", "/api/users/ME", "/Health", "/api/NOTES/"] {
        let answer = user.get(target);
        assert!(matches!(answer.status, 403 | 404), "{answer}");
        assert_ne!(answer.status, 200, "{answer}");
    }
    user.get("/api/NOTES").fails(404, "Resource Not Found: /api/NOTES");
}

#[test]
fn compressed_request_bodies_are_refused() {
    let world = World::shared();
    let user = world.someone();
    for encoding in ["gzip", "deflate", "br", "zstd"] {
        let request = Request::new("POST", "/api/notes").header("content-encoding", encoding);
        user.send(request.json(&json!({"content": "x"}))).expect(415);
    }
    let plain = Request::new("POST", "/api/notes").header("content-encoding", "identity");
    user.send(plain.json(&json!({"content": "x"}))).expect(201);
}
