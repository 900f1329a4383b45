//! Nobody learns from an answer, or from how long it took, whether an e-mail is anyone's (PROMISES.md E1).
//!
//! With hashes of the shipping cost and no limits. Each round asks about every kind of account once, in another order;
//! what is compared is the difference within a round, so that a busy machine is busy for all of them.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::kit::{Actor, Answer, Setup, Times, World, mail, proof, ranks, wait};

/// What two medians may differ by in any case (PROMISES.md E1).
const APART_MAX: Duration = Duration::from_millis(6);
/// The same as a part of the time that it takes: a fifth.
const APART_MAX_PART: u32 = 5;
/// What chance alone does once in a thousand proofs.
const P_MIN: f64 = 0.001;
/// A mail is written within milliseconds.
const MAIL_MAX: Duration = Duration::from_secs(20);

/// What someone can see of an answer but its time, id and date.
fn seen(answer: &Answer) -> (u16, Vec<(String, String)>, Value) {
    let own = ["date", "x-request-id"];
    let headers = answer.headers.iter().filter(|(name, _)| !own.contains(&name.as_str())).cloned().collect();
    let mut body = answer.json();
    body.as_object_mut().unwrap().remove("requestId");
    (answer.status, headers, body)
}

fn world() -> World {
    World::start(&Setup::original().env("SATCHEL_LIMITS", "off"))
}

/// Three e-mails of one length: of an account in use, of one that is not, and of nobody.
fn people(world: &World) -> [Actor; 3] {
    let (known, inactive) = (world.register("known-one"), world.register("inactive1"));
    inactive.delete("/api/users/delete-me").expect(204);
    [known, inactive, world.anon().called("nobody-01@example.test")]
}

/// Asks `rounds` times about all three; gives how long each took.
fn times(rounds: u32, ask: impl Fn(usize) -> Answer, settle: impl Fn()) -> [Vec<Duration>; 3] {
    let mut times = [const { Vec::new() }; 3];
    let expected = seen(&ask(2));
    for round in 0..rounds as usize {
        for turn in 0..3 {
            let who = if round % 2 == 0 { (round + turn) % 3 } else { (round + 3 - turn) % 3 };
            // The same goes before each of them: a machine that has just waited is a faster one.
            ask(0);
            settle();
            ask(2);
            let begun = Instant::now();
            let answer = ask(who);
            times[who].push(begun.elapsed());
            assert_eq!(seen(&answer), expected);
            if who == 0 {
                settle();
            }
        }
    }
    times
}

/// The median of what one took longer than the other in the same round, whichever did.
fn apart(first: &[Duration], second: &[Duration]) -> Duration {
    let mut differences: Vec<i128> = first
        .iter()
        .zip(second)
        .map(|(first, second)| first.as_nanos().cast_signed() - second.as_nanos().cast_signed())
        .collect();
    differences.sort_unstable();
    let median = differences.get(differences.len() / 2).map_or(0, |median| median.unsigned_abs());
    Duration::from_nanos(u64::try_from(median).unwrap_or(u64::MAX))
}

fn compare(what: &str, times: &[Vec<Duration>; 3]) {
    let [known, inactive, nobody] = times;
    let usual = nobody.iter().copied().collect::<Times>().p50();
    for (name, other) in [("known", known), ("inactive", inactive)] {
        let (apart, p) = (apart(other, nobody), ranks::p_value(other, nobody));
        println!(
            "{what}, {name} and nobody: {apart:?} apart of {usual:?}, p = {p:.3}, {} rounds",
            nobody.len()
        );
        let allowed = APART_MAX.max(usual / APART_MAX_PART);
        assert!(apart <= allowed, "{what}: {name} differs by {apart:?}");
        // A share of the rounds tells little of so small a difference, and less on a busy machine.
        assert!(p > P_MIN || proof::size(0, 1) == 0, "{what}: {name} can be told from nobody, p = {p}");
    }
}

#[test]
fn a_log_in_with_a_wrong_password_is_answered_alike_for_everyone_and_in_the_same_time() {
    let world = world();
    let people = people(&world);
    let ask = |who: usize| people[who].try_log_in("a wrong password").fails(401, "Invalid email or password");
    compare("log-in", &times(proof::size(40, 2_000), ask, || {}));
}

#[test]
fn a_forgotten_password_is_answered_alike_for_everyone_and_before_anything_is_done() {
    let world = world();
    let people = people(&world);
    let ask = |who: usize| {
        let body = json!({"email": people[who].email});
        world.anon().post("/api/auth/forgot-password", &body).expect(200)
    };
    let newest = || mail::newest(world.data(), &people[0].email).map(|(id, _)| id);
    let last = std::cell::RefCell::new(None);
    // The next question must not meet the work of this one: the mail is written after the answer.
    let settle = || {
        wait::until("a mail", MAIL_MAX, || newest() > *last.borrow());
        last.replace(newest());
    };
    compare("forgotten password", &times(proof::size(60, 2_000), ask, settle));
    let mails = world.satchel(&["mail", "list"]).expect(0).stdout;
    assert!(!mails.contains(&people[1].email) && !mails.contains(&people[2].email), "{mails}");
}
