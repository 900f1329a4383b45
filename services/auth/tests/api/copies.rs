//! What the user service tells of an account, each message up to five times, shuffled and several at once: it ends
//! as if each had come once and in order (PROMISES.md A5).
//!
//! Receivers owe this to how they are made, so no message here has a key by which a copy could be known.

use chassis::entropy::{Entropy, Stream};
use serde_json::{Value, json};

use crate::world::{World, claims_of};

const PASSWORD: &str = "correct horse";
/// Copies of a message at most.
const COPIES_MAX: u32 = 5;
/// Of the 10,000 cases of all services.
const CASES: u32 = 3_400;

/// A message: the path under `/internal`, and its body.
type Message = (String, Value);

/// One account that messages are about.
struct Subject {
    account: String,
    old: String,
    new: String,
}

/// How many cases: all of them, or a tenth on every change.
#[expect(
    clippy::disallowed_methods,
    reason = "the size of a proof is a setting of the test run, not of the product"
)]
fn cases() -> u32 {
    let is_full = std::env::var("SATCHEL_PROOF").is_ok_and(|size| size == "full");
    if is_full { CASES } else { CASES / 10 }
}

impl Subject {
    fn new(case: u32, which: u32) -> Self {
        let name = format!("{which}-of-{case}");
        Self {
            account: format!("{case:016x}{which:08x}"),
            old: format!("old-{name}@example.test"),
            new: format!("new-{name}@example.test"),
        }
    }

    fn fixture(&self) -> Value {
        json!({"account": self.account, "email": self.old, "password": PASSWORD})
    }

    /// The messages that `choice` picks, in the order in which they are sent.
    fn messages(&self, choice: u32) -> Vec<Message> {
        let about = |what: &str, body: Value| (format!("accounts/{}/{what}", self.account), body);
        let standing = |generation: u32, rung: &str| {
            about("standing", json!({"generation": generation, "rung": rung, "epoch": 0}))
        };
        let claim = json!({"account": self.account, "change": format!("change-{}", self.account)});
        let mut all = vec![
            (format!("claims/{}", self.new), claim.clone()),
            if choice & 1 == 0 {
                about("email", json!({"email": self.new, "version": 1}))
            } else {
                (format!("claims/{}/release", self.new), claim)
            },
            about("role", json!({"role": "admin", "version": 2})),
            standing(0, "disabled"),
            standing(1, "active"),
            about("role", json!({"role": "user", "version": 3})),
            standing(1, "disabled"),
            standing(2, "active"),
            standing(2, "deleted"),
        ];
        // Any of them may be missing, but an account moves only to an e-mail that was held for it.
        let mut place = 0;
        all.retain(|_| {
            place += 1;
            place <= 2 || choice & (1 << place) != 0
        });
        if choice & 2 != 0 { all.split_off(2) } else { all }
    }
}

/// Up to five copies of each of `messages` in any order; a hold comes before anything else, as it does in life.
fn copies(messages: &[Message], dice: &Stream) -> Vec<Message> {
    let mut copies: Vec<Message> = Vec::new();
    for message in messages {
        for _ in 0..=dice.below(COPIES_MAX) {
            let place = dice.below(u32::try_from(copies.len()).unwrap() + 1) as usize;
            copies.insert(place, message.clone());
        }
    }
    let held = messages.iter().find(|(path, _)| path.starts_with("claims/") && !path.ends_with("/release"));
    held.into_iter().cloned().chain(copies).collect()
}

async fn tell(world: &World, message: Option<&Message>) {
    if let Some((path, body)) = message {
        let answer = world.call("PUT", &format!("/internal/{path}"), body.clone()).await;
        assert!([200, 404, 409].contains(&answer.status.as_u16()), "{path}: {}", answer.text);
    }
}

/// What anyone can see of an account: who gets in by which e-mail, with which token, and which e-mails are free.
async fn seen(world: &World, subject: &Subject, stranger: &str) -> Value {
    let mut seen = Vec::new();
    for email in [&subject.old, &subject.new] {
        let answer = world.log_in(email, PASSWORD).await;
        let claims = answer.body["token"].as_str().map_or(Value::Null, claims_of);
        let [role, generation, epoch] = ["role", "gen", "epoch"].map(|name| claims[name].clone());
        let claim = json!({"account": stranger, "change": format!("probe-{}", subject.account)});
        let path = format!("/internal/claims/{email}");
        let free = world.call("PUT", &path, claim).await.status.as_u16();
        seen.push(json!([answer.status.as_u16(), role, generation, epoch, free]));
    }
    seen.into()
}

#[tokio::test]
async fn messages_in_any_number_and_order_end_as_one_of_each() {
    let world = World::in_memory().await;
    let dice = Entropy::seeded(11).stream("test", "copies");
    let stranger = Subject::new(u32::MAX, 0);
    world.call("POST", "/internal/fixtures", json!([stranger.fixture()])).await;
    let (cases, mut calls) = (cases(), 0);
    for case in 0..cases {
        let [once, often] = [0, 1].map(|which| Subject::new(case, which));
        let loaded = world.call("POST", "/internal/fixtures", json!([once.fixture(), often.fixture()])).await;
        assert_eq!(loaded.body, json!({"added": 2}));
        let choice = dice.below(1 << 10);
        for message in once.messages(choice) {
            tell(&world, Some(&message)).await;
        }
        let copies = copies(&often.messages(choice), &dice);
        let (first, rest) = copies.split_at(copies.len().min(1));
        for together in first.chunks(1).chain(rest.chunks(3)) {
            let [left, middle, right] = [together.first(), together.get(1), together.get(2)];
            tokio::join!(tell(&world, left), tell(&world, middle), tell(&world, right));
        }
        calls += copies.len();
        let [once, often] =
            [seen(&world, &once, &stranger.account).await, seen(&world, &often, &stranger.account).await];
        assert_eq!(often, once, "case {case}, choice {choice}: {copies:#?}");
    }
    println!("auth: {cases} random sets of messages, {calls} copies shuffled: as if each had come once");
}
