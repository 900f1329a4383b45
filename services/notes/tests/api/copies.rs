//! What other services and the operator tell of an author, each message up to five times, shuffled and several at
//! once: it ends as if each had come once and in order (PROMISES.md A5).
//!
//! Some messages have a key by which a copy can be known, some have none: notes owes this to how it hears.

use std::fmt;

use chassis::entropy::{Entropy, Stream};
use chassis::simulation::copies::shuffled;
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::world::{Answer, World};

/// Of the 10,000 cases of all services.
const CASES: u32 = 3_300;
/// One case in so many asks the doctor too: a pass walks over all authors.
const DOCTOR_EVERY: u32 = 100;

/// A call of an internal route.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Value,
    pub(crate) key: Option<String>,
}

/// One author that messages are about.
pub(crate) struct Subject {
    pub(crate) account: String,
    /// Ends the ids of ready-made notes.
    tail: String,
}

/// How many cases: all of them, or a tenth on every change.
#[expect(
    clippy::disallowed_methods,
    reason = "the size of a proof is a setting of the test run, not of the product"
)]
pub(crate) fn cases(full: u32) -> u32 {
    let is_full = std::env::var("SATCHEL_PROOF").is_ok_and(|size| size == "full");
    if is_full { full } else { full / 10 }
}

impl Message {
    fn new(method: Method, path: &str, body: Value) -> Self {
        Self { method, path: format!("/internal/{path}"), body, key: None }
    }

    /// The same message under `key`.
    pub(crate) fn under(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    pub(crate) async fn tell(&self, world: &World) -> Answer {
        let service = match &self.key {
            Some(key) => world.user_service().with("idempotency-key", key),
            None => world.user_service(),
        };
        service.ask(self.method.clone(), &self.path, Some(self.body.clone())).await
    }

    async fn is_done(&self, world: &World) {
        let answer = self.tell(world).await;
        assert_eq!(answer.status, 200, "{self:?}: {answer:?}");
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {:?}", self.method, self.path, self.body, self.key)
    }
}

impl Subject {
    pub(crate) fn new(case: u32, which: u32) -> Self {
        Self {
            account: format!("{case:016x}{which:08x}"),
            tail: format!("-0000-4000-8{which:03x}-{case:012x}"),
        }
    }

    fn fixture(&self) -> Message {
        let note = |head: &str| json!({"account": self.account, "id": format!("{head}{}", self.tail), "content": head});
        Message::new(Method::POST, "fixtures", json!([note("00000001"), note("00000002")]))
    }

    fn standing(&self, (generation, rung, epoch): (u32, &str, u32)) -> Message {
        let body = json!({"generation": generation, "rung": rung, "epoch": epoch});
        Message::new(Method::PUT, &format!("accounts/{}/standing", self.account), body)
    }

    fn audit(&self) -> Message {
        Message::new(Method::POST, "audit", json!({"accounts": [self.account]}))
    }

    /// What is told of the author.
    pub(crate) fn news(&self) -> Vec<Message> {
        let all = [
            (0, "active", 0),
            (0, "active", 1),
            (0, "disabled", 0),
            (1, "active", 0),
            (1, "active", 2),
            (1, "disabled", 0),
            (2, "active", 2),
            (1, "deleted", 0),
        ];
        all.map(|standing| self.standing(standing)).into()
    }

    /// The news that `choice` picks, ready-made notes, and what changes nothing however often it comes.
    fn messages(&self, case: u32, choice: u32) -> Vec<Message> {
        let mut all = self.news();
        all.extend([self.fixture(), Message::new(Method::PUT, "beat", json!({})), self.audit()]);
        let mut place = 0;
        all.retain(|message| {
            place += 1;
            // Half of the authors stay.
            choice >> place & 1 != 0 && !(message.body["rung"] == "deleted" && choice & 1 == 0)
        });
        if case.is_multiple_of(DOCTOR_EVERY) {
            all.push(Message::new(Method::POST, "doctor", json!({"fix": true})));
        }
        all
    }
}

/// Some of `messages` get a key: the same ones for every author.
fn keyed(messages: Vec<Message>, choice: u32, account: &str) -> Vec<Message> {
    let places = messages.into_iter().zip(0_u32..);
    let keyed = places.map(|(message, place)| match choice >> (place % 32) & 1 {
        0 => message,
        _ => message.under(&format!("{account}-{place}")),
    });
    keyed.collect()
}

/// What anyone can see of an author: where they stand, which sessions get in, and which notes they find. Looking
/// changes nothing.
pub(crate) async fn seen(world: &World, subject: &Subject) -> Value {
    let audit = subject.audit().tell(world).await;
    let mut seen = vec![audit.body["accounts"][0]["record"].clone()];
    for (generation, epoch) in [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 2)] {
        let answer = world.session(&subject.account, generation, epoch).get("/notes?sort=createdAt").await;
        let notes = answer.body["data"]["notes"].as_array().cloned().unwrap_or_default();
        let mut contents: Vec<_> = notes.iter().map(|note| note["content"].to_string()).collect();
        contents.sort_unstable();
        seen.push(json!([answer.status.as_u16(), contents, answer.body["data"]["pagination"]["total"]]));
    }
    seen.into()
}

/// The author writes a note with each session that gets in.
async fn write(world: &World, subject: &Subject) {
    for (generation, epoch) in [(0, 1), (1, 2), (2, 2)] {
        let author = world.session(&subject.account, generation, epoch);
        author.post("/notes", json!({"content": format!("written in {generation}")})).await;
    }
}

/// One case: the calls about one author, each once and in order, and the heaps of copies about another.
struct Case {
    once: Vec<Message>,
    often: Vec<Vec<Message>>,
}

impl Case {
    fn draw(case: u32, subjects: [&Subject; 2], dice: &Stream) -> Self {
        let [choice, keys] = [dice.below(1 << 12), dice.below(u32::MAX)];
        let [once, often] =
            subjects.map(|subject| keyed(subject.messages(case, choice), keys, &subject.account));
        Self { once, often: shuffled(&often, dice) }
    }
}

#[tokio::test]
async fn messages_in_any_number_and_order_end_as_one_of_each() {
    let world = World::new();
    let dice = Entropy::seeded(11).stream("test", "copies");
    let (cases, mut calls) = (cases(CASES), 0);
    for case in 0..cases {
        let [once, often] = [0, 1].map(|which| Subject::new(case, which));
        let drawn = Case::draw(case, [&once, &often], &dice);
        if dice.below(2) == 0 {
            // The rest of the authors are news themselves.
            for subject in [&once, &often] {
                world.author(&subject.account).has_note(json!({"content": "own"})).await;
            }
        }
        for message in &drawn.once {
            message.is_done(&world).await;
        }
        for heap in &drawn.often {
            join_all(heap.iter().map(|copy| copy.is_done(&world))).await;
            calls += heap.len();
        }
        if dice.below(4) == 0 {
            // What the author did since is not undone by copies that come later still.
            write(&world, &once).await;
            write(&world, &often).await;
            join_all(drawn.often.iter().flatten().map(|copy| copy.is_done(&world))).await;
        }
        let [once, often] = [seen(&world, &once).await, seen(&world, &often).await];
        assert_eq!(often, once, "case {case}: {drawn_often:#?}", drawn_often = drawn.often);
    }
    println!("notes: {cases} random sets of messages, {calls} copies: as if each had come once");
}
