//! Forged tokens (PROMISES.md T1): no mutant of a good one is believed, by the code that checks or at any port.
//!
//! Each mutant is made from a fresh token that is believed. What the claims of a good one may be is told in
//! `contract/token.rs`.

mod forge;
mod mutant;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use chassis::address::Address;
use chassis::clock::{Clock, Timestamp};
use chassis::entropy::{Entropy, Stream};
use chassis::internal::{Guard, Key, Signer};
use chassis::secret::Secret;
use chassis::token::Verifier;
use serde_json::{Value, json};

use crate::kit::{Actor, Request, World, proof, token};
use forge::{Draft, derived};
use mutant::{KINDS, Mint, persons, services};

/// The instant at which the tokens in process are judged.
const NOW: i64 = 1_800_000_000;
const SECRET: &str = "the signing secret of a proof, 48 characters long";

fn clock() -> Clock {
    Clock::frozen(Timestamp::from_millis(NOW * 1000))
}

fn secret() -> Secret<String> {
    Secret::new(SECRET.to_owned())
}

fn chance(purpose: &str) -> Stream {
    Entropy::seeded(8725).stream("tokens", purpose)
}

/// Makes `count` mutants of fresh drafts; `believes` must hold for each original and for none of them.
fn hunt(mint: &Mint, count: u32, draft: impl Fn() -> Draft, believes: impl Fn(&str) -> bool) {
    let mut tried: BTreeMap<&str, u32> = BTreeMap::new();
    for number in 0..count {
        let (kind, mutate) = KINDS[number as usize % KINDS.len()];
        let draft = draft();
        let original = draft.signed(&mint.key);
        assert!(believes(&original), "a good token is refused: {original}");
        let mutant = mutate(mint, &draft);
        if mutant != original {
            assert!(!believes(&mutant), "{kind}: {mutant} of {original}");
            *tried.entry(kind).or_default() += 1;
        }
    }
    println!("{} mutants of {}s, none believed: {tried:?}", tried.values().sum::<u32>(), mint.what);
}

#[test]
fn no_mutant_of_a_persons_token_is_believed() {
    let chance = chance("person");
    let mint = Mint::new("person", SECRET.as_bytes(), persons(NOW, 1), &chance);
    let verifier = Verifier::new(&secret(), clock());
    let draft = || Draft::of_a_person(&chance, NOW);
    hunt(&mint, proof::size(40_000, 1_000_000), draft, |token| verifier.verify(token).is_some());
}

#[test]
fn no_mutant_of_a_service_credential_is_believed() {
    let chance = chance("service");
    let mint = Mint::new("service", &derived(SECRET), services(NOW), &chance);
    let guard = Guard::new("auth", &Key::derive(&secret()), clock());
    let believes = |token: &str| guard.admit(&format!("Bearer {token}")).is_some();
    hunt(&mint, proof::size(20_000, 1_000_000), || Draft::of_a_service(NOW), believes);
}

#[test]
fn neither_kind_of_token_passes_for_the_other_whoever_signed_it() {
    let chance = chance("both");
    let (verifier, key) = (Verifier::new(&secret(), clock()), Key::derive(&secret()));
    let guard = Guard::new("auth", &key, clock());
    let mut person = Draft::of_a_person(&chance, NOW);
    let service = Draft::of_a_service(NOW);
    let credential = Signer::new("user", &key, clock()).authorization("auth");
    let note = Signer::new("gateway", &key, clock()).vouch("auth", Address::default()).expect("a note");
    person.claims["iss"] = json!("satchel");
    let tokens = [
        person.signed(SECRET.as_bytes()),
        person.signed(&derived(SECRET)),
        service.signed(SECRET.as_bytes()),
        service.signed(&derived(SECRET)),
        credential.trim_start_matches("Bearer ").to_owned(),
        note,
    ];
    let persons = tokens.each_ref().map(|token| verifier.verify(token).is_some());
    let services = tokens.each_ref().map(|token| guard.admit(&format!("Bearer {token}")).is_some());
    assert_eq!(persons, [true, false, false, false, false, false]);
    assert_eq!(services, [false, false, false, true, true, false]);
}

/// A route of each listener that needs a token, and one at the door.
fn guarded(world: &World) -> [(SocketAddr, Request); 4] {
    let doors = world.doors();
    [
        (doors.gateway, Request::new("GET", "/api/notes")),
        (doors.auth, Request::new("PATCH", "/auth/update-password").json(&json!({}))),
        (doors.user, Request::new("GET", "/users/me")),
        (doors.notes, Request::new("GET", "/notes")),
    ]
}

#[test]
fn no_mutant_is_believed_at_any_port() {
    let world = World::shared();
    let user = world.someone();
    let original = user.token.clone().expect("a token");
    let claims: Value = jsonwebtoken::dangerous::insecure_decode(&original).expect("claims").claims;
    let (chance, now) = (chance("port"), Clock::system().now().as_seconds());
    let mint = Mint::new("person", world.secret().as_bytes(), persons(now, 3_600), &chance);
    let draft = Draft { header: json!({"typ": "JWT", "alg": "HS256"}), claims };
    user.with_token(&draft.signed(&mint.key)).get("/api/notes").expect(200);
    let mut sent = 0;
    for number in 0..proof::size(240, 4_000) {
        let (kind, mutate) = KINDS[number as usize % KINDS.len()];
        let mutant = mutate(&mint, &draft);
        // A header cannot carry the rest, and ends a token at a blank.
        if !mutant.bytes().all(|byte| byte.is_ascii_graphic()) || mutant == original {
            continue;
        }
        for (door, request) in guarded(&world) {
            let answer = Actor::anon(door).with_token(&mutant).send(request);
            assert_eq!(answer.status, 401, "{kind}: {mutant}: {answer}");
            assert_eq!(answer.message(), "Not authorized, invalid token", "{kind}: {mutant}: {answer}");
            sent += 1;
        }
    }
    println!("{sent} requests with mutants at four ports, all refused");
    user.get("/api/notes").expect(200);
}

#[test]
fn two_tokens_at_once_are_none() {
    let world = World::shared();
    let user = world.someone();
    let (doors, good) = (world.doors(), user.token.clone().expect("a token"));
    let twice = |target: &str, first: &str, second: &str| {
        Request::new("GET", target).header("authorization", first).header("authorization", second)
    };
    let good = format!("Bearer {good}");
    for (first, second) in [(good.as_str(), "Bearer x"), ("Bearer x", good.as_str()), (&good, &good)] {
        for (door, target) in
            [(doors.gateway, "/api/users/me"), (doors.user, "/users/me"), (doors.notes, "/notes")]
        {
            Actor::anon(door).send(twice(target, first, second)).expect(401);
        }
    }
    let credential = token::internal(world.secret(), "user", "auth");
    let target = "/internal/accounts?email=nobody%40example.test";
    Actor::anon(doors.auth)
        .send(Request::new("GET", target).header("authorization", &credential))
        .expect(404);
    Actor::anon(doors.auth).send(twice(target, &credential, "Bearer x")).expect(401);
}
