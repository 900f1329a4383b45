//! What the user service tells of an account, each message up to five times, shuffled or late and several at once: it
//! ends as if each had come once and in order (PROMISES.md A5).
//!
//! Some messages have a key by which a copy can be known, some have none: auth owes this to how it hears.

use std::fmt;

use chassis::entropy::{Entropy, Stream};
use chassis::simulation::copies::{late, shuffled};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::world::{Answer, World, claims_of};

const PASSWORD: &str = "correct horse";
const NEW_PASSWORD: &str = "battery staple";
/// Of the 10,000 cases of all services.
const CASES: u32 = 3_400;
/// One case in so many asks the doctor too: a pass walks over all accounts.
const DOCTOR_EVERY: u32 = 100;
/// Accounts that are never there, to ask which e-mails are free.
const STRANGERS: [&str; 2] = ["fffffffffffffffffffffff0", "fffffffffffffffffffffff1"];

/// A call of an internal route.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) body: Value,
    pub(crate) key: Option<String>,
}

/// One account that messages are about.
pub(crate) struct Subject {
    pub(crate) account: String,
    old: String,
    new: String,
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
    fn new(method: &'static str, path: &str, body: Value) -> Self {
        Self { method, path: format!("/internal/{path}"), body, key: None }
    }

    fn put(path: &str, body: Value) -> Self {
        Self::new("PUT", path, body)
    }

    /// The same message under `key`.
    pub(crate) fn under(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    pub(crate) async fn tell(&self, world: &World) -> Answer {
        match &self.key {
            Some(key) => world.call_under(key, self.method, &self.path, self.body.clone()).await,
            None => world.call(self.method, &self.path, self.body.clone()).await,
        }
    }

    async fn is_decided(&self, world: &World) {
        let answer = self.tell(world).await;
        assert!([200, 404, 409].contains(&answer.status.as_u16()), "{self:?}: {}", answer.text);
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {:?}", self.method, self.path, self.body, self.key)
    }
}

impl Subject {
    pub(crate) fn new(case: u32, which: u32) -> Self {
        let name = format!("{which}-of-{case}");
        Self {
            account: format!("{case:016x}{which:08x}"),
            old: format!("old-{name}@example.test"),
            new: format!("new-{name}@example.test"),
        }
    }

    pub(crate) fn fixture(&self) -> Message {
        let item = json!({"account": self.account, "email": self.old, "password": PASSWORD});
        Message::new("POST", "fixtures", json!([item]))
    }

    fn about(&self, what: &str, body: Value) -> Message {
        Message::put(&format!("accounts/{}/{what}", self.account), body)
    }

    fn standing(&self, generation: u32, rung: &str) -> Message {
        self.about("standing", json!({"generation": generation, "rung": rung, "epoch": 0}))
    }

    fn role(&self, role: &str, version: u32) -> Message {
        self.about("role", json!({"role": role, "version": version}))
    }

    fn moves(&self, email: &str, version: u32) -> Message {
        self.about("email", json!({"email": email, "version": version}))
    }

    fn claim(&self, path: &str, change: u32) -> Message {
        let change = format!("change-{change}-{}", self.account);
        Message::put(path, json!({"account": self.account, "change": change}))
    }

    fn holds(&self, email: &str, change: u32) -> Message {
        self.claim(&format!("claims/{email}"), change)
    }

    fn releases(&self, email: &str, change: u32) -> Message {
        self.claim(&format!("claims/{email}/release"), change)
    }

    /// What changes nothing, however often it is asked.
    fn questions(&self, case: u32) -> Vec<Message> {
        let check = Message { path: "/internal/fixtures/check".into(), ..self.fixture() };
        let find = Message::new("GET", &format!("accounts?email={}", self.old), json!({}));
        let mut questions = vec![check, find, self.audit()];
        if case.is_multiple_of(DOCTOR_EVERY) {
            questions.push(Message::new("POST", "doctor", json!({"fix": true})));
        }
        questions
    }

    fn audit(&self) -> Message {
        Message::new("POST", "audit", json!({"accounts": [self.account]}))
    }

    /// Messages that may overtake each other, once the e-mail is held to which the account moves.
    fn commuting(&self, choice: u32) -> Vec<Message> {
        let moved = if choice & 1 == 0 { self.moves(&self.new, 1) } else { self.releases(&self.new, 1) };
        let mut all = vec![
            self.role("admin", 2),
            self.standing(0, "disabled"),
            self.standing(1, "active"),
            self.role("user", 3),
            self.standing(1, "disabled"),
            self.standing(2, "active"),
            self.standing(2, "deleted"),
        ];
        pick(&mut all, choice >> 2);
        if choice & 2 == 0 {
            all.splice(0..0, [self.holds(&self.new, 1), moved]);
        }
        all
    }

    /// The account's whole life: a change of its e-mail that did not happen, one that did and one back again.
    pub(crate) fn history(&self, choice: u32) -> Vec<Message> {
        let spare = format!("spare-{}", self.new);
        let mut chapters = vec![
            vec![self.holds(&self.new, 1), self.releases(&self.new, 1)],
            vec![self.role("admin", 1)],
            vec![self.standing(0, "disabled"), self.standing(1, "active")],
            vec![self.holds(&self.new, 2), self.moves(&self.new, 2)],
            vec![self.role("user", 3)],
            vec![self.standing(1, "disabled")],
            vec![self.holds(&self.old, 3), self.moves(&self.old, 4)],
            vec![self.standing(2, "active")],
            vec![self.holds(&spare, 4), self.releases(&spare, 4)],
            vec![self.standing(2, "deleted")],
        ];
        pick(&mut chapters, choice);
        chapters.concat()
    }
}

/// Leaves those of `all` whose bit is set in `choice`.
fn pick<T>(all: &mut Vec<T>, choice: u32) {
    let mut place = 0;
    all.retain(|_| {
        place += 1;
        choice >> (place - 1) & 1 != 0
    });
}

/// Some of `messages` get a key: the same ones for every account.
fn keyed(messages: Vec<Message>, choice: u32, account: &str) -> Vec<Message> {
    let places = messages.into_iter().zip(0_u32..);
    let keyed = places.map(|(message, place)| match choice >> (place % 32) & 1 {
        0 => message,
        _ => message.under(&format!("{account}-{place}")),
    });
    keyed.collect()
}

/// What anyone can see of an account: where it stands, who gets in by which e-mail with which token, and which e-mails
/// are free. Looking changes nothing.
pub(crate) async fn seen(world: &World, subject: &Subject) -> Value {
    let audit = subject.audit().tell(world).await;
    let mut seen = vec![audit.body["accounts"][0]["record"].clone()];
    for email in [&subject.old, &subject.new] {
        for password in [PASSWORD, NEW_PASSWORD] {
            let answer = world.log_in(email, password).await;
            let claims = answer.body["token"].as_str().map_or(Value::Null, claims_of);
            let [role, generation, epoch] = ["role", "gen", "epoch"].map(|name| claims[name].clone());
            seen.push(json!([answer.status.as_u16(), role, generation, epoch]));
        }
    }
    let [old, new] = STRANGERS.map(|account| json!({"account": account, "password": PASSWORD}));
    let mut strangers = json!([old, new]);
    strangers[0]["email"] = subject.old.clone().into();
    strangers[1]["email"] = subject.new.clone().into();
    seen.push(world.call("POST", "/internal/fixtures/check", strangers).await.body);
    seen.into()
}

/// The person chooses another password, if the account lets them in.
async fn change_password(world: &World, subject: &Subject) {
    for email in [&subject.old, &subject.new] {
        if let Some(token) = world.log_in(email, PASSWORD).await.body["token"].as_str() {
            world.change_password(token, PASSWORD, NEW_PASSWORD).await;
        }
    }
}

/// One case: the calls of one account, each once and in order, and the heaps of copies about another.
struct Case {
    once: Vec<Message>,
    often: Vec<Vec<Message>>,
}

impl Case {
    fn draw(case: u32, subjects: [&Subject; 2], dice: &Stream) -> Self {
        let [choice, keys] = [dice.below(1 << 10), dice.below(u32::MAX)];
        let is_history = dice.below(2) == 0;
        let [once, often] = subjects.map(|subject| {
            let mut messages = if is_history { subject.history(choice) } else { subject.commuting(choice) };
            messages.extend(subject.questions(case));
            keyed(messages, keys, &subject.account)
        });
        let heaps = if is_history {
            late(&often, dice)
        } else {
            // An account moves only to an e-mail that was held for it before.
            let held = often.iter().find(|message| message.path.ends_with("example.test")).cloned();
            held.map(|held| vec![held]).into_iter().chain(shuffled(&often, dice)).collect()
        };
        Self { once, often: heaps }
    }
}

#[tokio::test]
async fn messages_in_any_number_and_order_end_as_one_of_each() {
    let world = World::in_memory().await;
    let dice = Entropy::seeded(11).stream("test", "copies");
    let (cases, mut calls) = (cases(CASES), 0);
    for case in 0..cases {
        let [once, often] = [0, 1].map(|which| Subject::new(case, which));
        let drawn = Case::draw(case, [&once, &often], &dice);
        once.fixture().is_decided(&world).await;
        for message in &drawn.once {
            message.is_decided(&world).await;
        }
        join_all([(); 3].map(async |()| often.fixture().is_decided(&world).await)).await;
        for heap in &drawn.often {
            join_all(heap.iter().map(|copy| copy.is_decided(&world))).await;
            calls += heap.len();
        }
        if dice.below(4) == 0 {
            // What a person did since is not undone by copies that come later still.
            change_password(&world, &once).await;
            change_password(&world, &often).await;
            for copy in drawn.often.iter().flatten().chain([&often.fixture()]) {
                copy.is_decided(&world).await;
            }
        }
        let [once, often] = [seen(&world, &once).await, seen(&world, &often).await];
        assert_eq!(often, once, "case {case}: {drawn_often:#?}", drawn_often = drawn.often);
    }
    println!("auth: {cases} random sets of messages, {calls} copies: as if each had come once");
}
