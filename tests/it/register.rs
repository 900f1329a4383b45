//! Registering when others want the same, and when a part of the platform is away.

use std::sync::Barrier;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::kit::actor::PASSWORD;
use crate::kit::{Actor, Answer, Setup, Split, Times, World, proof, wait};

/// Registrations at the same moment.
const RIVALS: usize = 8;
/// When a registration that cannot succeed now has been answered.
const REFUSED_WITHIN: Duration = Duration::from_secs(5);
/// When what it reserved is free again after the absent service is back (PROTOCOL.md §7: N).
const FREE_WITHIN: Duration = Duration::from_secs(5);

/// Sends all bodies at the same moment.
fn register_at_once(anon: &Actor, bodies: &[Value]) -> Vec<Answer> {
    let start = Barrier::new(bodies.len());
    std::thread::scope(|scope| {
        let rivals = bodies.iter().map(|body| {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                anon.post("/api/auth/register", body)
            })
        });
        let rivals: Vec<_> = rivals.collect();
        rivals.into_iter().map(|rival| rival.join().expect("an answer")).collect()
    })
}

/// Demands one 201, and 409 with `message` for everyone else; gives the winner's place.
fn one_winner(answers: &[Answer], message: &str) -> usize {
    let won: Vec<usize> = (0..answers.len()).filter(|&at| answers[at].status == 201).collect();
    assert_eq!(won.len(), 1, "{}", answers.iter().map(Answer::to_string).collect::<Vec<_>>().join("\n"));
    for (at, answer) in answers.iter().enumerate() {
        if at != won[0] {
            answer.clone().fails(409, message);
        }
    }
    won[0]
}

#[test]
fn of_eight_registrations_of_one_email_one_succeeds_and_seven_are_told_so() {
    let world = World::start(&Setup::ci());
    let rounds = proof::size(1_000, 10_000);
    for round in 0..rounds {
        let email = |rival: usize| {
            let email = format!("round{round}@example.test");
            if rival.is_multiple_of(2) { email } else { email.to_uppercase() }
        };
        let body = |rival| json!({"email": email(rival), "password": format!("{PASSWORD} {rival}")});
        let bodies: Vec<Value> = (0..RIVALS).map(body).collect();
        let winner = one_winner(&register_at_once(&world.anon(), &bodies), "email already exists");
        let user = world.anon().called(&email(0));
        let login = user.log_in(&format!("{PASSWORD} {winner}"));
        login.get("/api/users/me").expect(200);
        let loser = (winner + 1) % RIVALS;
        user.try_log_in(&format!("{PASSWORD} {loser}")).fails(401, "Invalid email or password");
    }
    println!("{rounds} rounds of {RIVALS} registrations of one e-mail: one winner each");
}

#[test]
fn of_eight_registrations_of_one_username_one_succeeds_and_the_others_leave_nothing() {
    let world = World::start(&Setup::ci());
    let rounds = proof::size(1_000, 10_000);
    for round in 0..rounds {
        let email = |rival: usize| format!("round{round}rival{rival}@example.test");
        let name = |rival: usize| {
            let name = format!("Straße {round}");
            if rival.is_multiple_of(2) { name } else { name.replace('S', "s") }
        };
        let body = |rival| json!({"email": email(rival), "password": PASSWORD, "username": name(rival)});
        let bodies: Vec<Value> = (0..RIVALS).map(body).collect();
        let winner = one_winner(&register_at_once(&world.anon(), &bodies), "username already exists");
        let owner = world.anon().called(&email(winner)).log_in(PASSWORD);
        assert_eq!(owner.get("/api/users/me").json()["data"]["user"]["username"], name(winner));
        let loser = world.anon().called(&email((winner + 1) % RIVALS));
        loser.try_log_in(PASSWORD).fails(401, "Invalid email or password");
        let second = json!({"email": loser.email, "password": PASSWORD});
        world.anon().post("/api/auth/register", &second).expect(201);
    }
    println!("{rounds} rounds of {RIVALS} registrations of one username: one winner each");
}

#[test]
fn without_the_user_service_a_registration_is_503_and_leaves_nothing_behind() {
    let mut split = Split::start(&Setup::ci());
    let body = json!({"email": "late@example.test", "password": PASSWORD, "username": "late"});
    split.take_away("user");
    let mut refused = Times::default();
    for _ in 0..5 {
        let started = Instant::now();
        let answer = split.anon().post("/api/auth/register", &body).expect(503);
        refused.add(started.elapsed());
        assert!(answer.header("retry-after").is_some_and(|value| value.parse::<u32>().is_ok()), "{answer}");
        let late = split.anon().called("late@example.test");
        late.try_log_in(PASSWORD).fails(401, "Invalid email or password");
    }
    split.bring_back(&["user"]);
    let back = Instant::now();
    wait::until("the e-mail and the username are free", FREE_WITHIN, || {
        split.anon().post("/api/auth/register", &body).status == 201
    });
    println!("without user: 503 after {refused}; free {:?} after it was back", back.elapsed());
    assert!(refused.max() < REFUSED_WITHIN);
    split.anon().called("late@example.test").log_in(PASSWORD).get("/api/users/me").expect(200);
}

#[test]
fn a_registration_that_was_refused_stays_refused_when_auth_is_killed_before_it_could_clean_up() {
    let mut split = Split::start(&Setup::ci());
    let body = json!({"email": "late@example.test", "password": PASSWORD, "username": "late"});
    split.kill("user");
    split.anon().post("/api/auth/register", &body).expect(503);
    split.kill("auth");
    split.bring_back(&["auth", "user"]);
    split.anon().called("late@example.test").try_log_in(PASSWORD).fails(401, "Invalid email or password");
    wait::until("the e-mail and the username are free", FREE_WITHIN, || {
        split.anon().post("/api/auth/register", &body).status == 201
    });
}

#[test]
fn generated_usernames_are_unlike_each_other() {
    let world = World::start(&Setup::ci());
    let mut names = std::collections::BTreeSet::new();
    for number in 0..40 {
        let body = json!({"email": format!("same.name@host{number}x.example.test"), "password": PASSWORD});
        let token = crate::kit::actor::token_of(&world.anon().post("/api/auth/register", &body).expect(201));
        let me = world.anon().with_token(&token).get("/api/users/me").expect(200).json();
        let name = me["data"]["user"]["username"].as_str().expect("a name").to_owned();
        let digits = name.strip_prefix("same.name_").unwrap_or_default();
        assert!(digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit()), "{name}");
        assert!(names.insert(name));
    }
}
