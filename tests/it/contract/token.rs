//! Which tokens are believed: the contract's list, at every service.

use std::net::SocketAddr;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::kit::{Actor, Request, World, token};

const REFUSED: &str = "Not authorized, invalid token";

/// A guarded route of each service, asked directly.
fn guarded(world: &World) -> [(SocketAddr, Request); 3] {
    let doors = world.doors();
    let password = json!({});
    [
        (doors.auth, Request::new("PATCH", "/auth/update-password").json(&password)),
        (doors.user, Request::new("GET", "/users/me")),
        (doors.notes, Request::new("GET", "/notes")),
    ]
}

fn now() -> i64 {
    chassis::clock::Clock::system().now().as_seconds()
}

#[test]
fn a_token_without_the_required_claims_or_with_odd_ones_is_refused_everywhere() {
    let world = World::shared();
    let id = world.someone().id();
    let now = now();
    let cases = [
        json!({"userId": null}),
        json!({"userId": 7}),
        json!({"userId": "../../../etc/passwd"}),
        json!({"userId": id[1..]}),
        json!({"exp": null}),
        json!({"exp": now}),
        json!({"exp": now - 1}),
        json!({"exp": (now + 60).to_string()}),
        json!({"exp": 1e300}),
        json!({"exp": now + 401 * 86_400}),
        json!({"iat": null}),
        json!({"iat": "then"}),
        json!({"nbf": now + 60}),
        json!({"nbf": null}),
        json!({"iss": "somebody"}),
        json!({"iss": ["satchel"]}),
        json!({"aud": "something"}),
        json!({"gen": -1}),
        json!({"epoch": "0"}),
    ];
    for claims in cases {
        let token = token::mint(world.secret(), &id, &claims);
        for (door, request) in guarded(&world) {
            let answer = Actor::anon(door).with_token(&token).send(request);
            assert_eq!((answer.status, answer.message().as_str()), (401, REFUSED), "{claims}: {answer}");
        }
    }
}

#[test]
fn a_token_that_another_tool_signed_with_the_secret_is_taken() {
    let world = World::shared();
    let user = world.someone();
    let id = user.id();
    for claims in [
        json!({}),
        json!({"iat": now() + 3_000, "exp": now() + 4_000}),
        json!({"nbf": now(), "role": "admin", "unknown": [1]}),
        json!({"gen": 0, "epoch": 0}),
    ] {
        let minted = user.with_token(&token::mint(world.secret(), &id, &claims));
        minted.get("/api/users/me").expect(200);
        minted.get("/api/notes").expect(200);
        // The role in a token is for information only.
        minted.get("/api/users").fails(403, "You do not have permission to perform this action");
    }
}

#[test]
fn only_hs256_signed_with_the_secret_is_believed() {
    let world = World::shared();
    let id = world.someone().id();
    let claims = json!({"userId": id, "iat": now(), "exp": now() + 60});
    let with = |header: &Header, secret: &str| sign(header, &claims, secret);
    let good = with(&Header::default(), world.secret());
    let (head, rest) = good.split_once('.').expect("three parts");
    let (payload, signature) = rest.split_once('.').expect("three parts");
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let forgeries = [
        with(&Header::default(), "another secret"),
        with(&Header::new(Algorithm::HS512), world.secret()),
        with(&Header::new(Algorithm::HS384), world.secret()),
        with(&Header { typ: None, ..Header::default() }, world.secret()),
        with(&Header { kid: Some("../../dev/null".into()), ..Header::default() }, world.secret()),
        with(&Header { jku: Some("http://127.0.0.1/keys".into()), ..Header::default() }, world.secret()),
        format!("{none}.{payload}."),
        format!("{none}.{payload}.{signature}"),
        format!("{head}.{payload}."),
        format!("{head}.{payload}"),
        format!("{good}."),
        format!("{good}="),
        format!("{head}.{}.{signature}", payload.to_uppercase()),
        String::new(),
        ".".repeat(3),
        "x".repeat(9_000),
    ];
    for forgery in forgeries {
        for (door, request) in guarded(&world) {
            let answer = Actor::anon(door).with_token(&forgery).send(request);
            assert_eq!((answer.status, answer.message().as_str()), (401, REFUSED), "{forgery}: {answer}");
        }
    }
}

#[test]
fn only_the_bearer_scheme_carries_a_token() {
    let world = World::shared();
    let user = world.someone();
    let token = user.token.clone().expect("a token");
    for value in
        [format!("Basic {token}"), token.clone(), format!("bearer {token}"), format!("Token {token}")]
    {
        let answer = world.anon().send(Request::new("GET", "/api/notes").header("authorization", &value));
        answer.fails(401, "Not authorized, no token");
    }
}

fn sign(header: &Header, claims: &Value, secret: &str) -> String {
    jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(secret.as_bytes())).expect("a token")
}
