//! What auth and the operator tell of an account, each message up to five times, shuffled and several at once: it ends
//! as if each had come once and in order (PROMISES.md A5).
//!
//! Some messages have a key by which a copy can be known, some have none: user owes this to how it hears. Nothing tells
//! it to do two things that end differently in another order, but that a profile is made before anything else.

use std::fmt;

use chassis::entropy::{Entropy, Stream};
use chassis::simulation::copies::shuffled;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::world::{Answer, World};

/// Of the 10,000 cases of all services.
const CASES: u32 = 3_300;
/// One case in so many asks the doctor too: a pass walks over all profiles.
const DOCTOR_EVERY: u32 = 100;
/// An account that is never there, to ask whether a username is free.
const STRANGER: &str = "ffffffffffffffffffffffff";

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
    name: String,
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
        assert!([200, 404, 410].contains(&answer.status.as_u16()), "{self:?}: {}", answer.text);
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {:?}", self.method, self.path, self.body, self.key)
    }
}

impl Subject {
    pub(crate) fn new(case: u32, which: u32) -> Self {
        Self { account: format!("{case:016x}{which:08x}"), name: format!("{which}-of-{case}") }
    }

    fn chosen_name(&self) -> String {
        format!("{}-by-choice", self.name)
    }

    fn saga(&self) -> String {
        format!("saga-{}", self.account)
    }

    /// R2, or the making of a profile that was lost.
    pub(crate) fn profile(&self, has_chosen: bool, is_lost: bool) -> Message {
        let username = has_chosen.then(|| self.chosen_name());
        let email = format!("{}@example.test", self.name);
        let mut body = json!({
            "saga": self.saga(), "email": email, "username": username, "bio": "hi", "avatar": null,
        });
        if is_lost {
            let standing = json!({"generation": 1, "rung": "active", "epoch": 1});
            body["lost"] = json!({"standing": standing, "role": "admin", "version": 5});
        }
        Message::put(&format!("profiles/{}", self.account), body)
    }

    fn fixture(&self) -> Message {
        let email = format!("{}-fixture@example.test", self.name);
        Message::new("POST", "fixtures", json!([{"account": self.account, "email": email}]))
    }

    fn standing(&self, rung: &str, epoch: u32) -> Message {
        let path = format!("accounts/{}/standing", self.account);
        Message::put(&path, json!({"generation": 0, "rung": rung, "epoch": epoch}))
    }

    fn abort(&self) -> Message {
        Message::put(&format!("profiles/{}/abort", self.account), json!({"saga": self.saga()}))
    }

    fn audit(&self) -> Message {
        Message::new("POST", "audit", json!({"accounts": [self.account]}))
    }

    /// What auth tells of the account after its profile was made.
    pub(crate) fn news(&self) -> Vec<Message> {
        vec![
            self.standing("active", 1),
            self.standing("active", 2),
            self.standing("disabled", 1),
            self.standing("active", 4),
            self.abort(),
            self.standing("deleted", 0),
        ]
    }

    /// The news that `choice` picks, what the operator commands, and what changes nothing however often it is asked.
    fn messages(&self, case: u32, choice: u32) -> Vec<Message> {
        let command = json!({"role": "admin", "version": 0});
        let mut all = self.news();
        all.extend([
            Message::put(&format!("accounts/{}/role", self.account), command),
            self.fixture(),
            Message { path: "/internal/fixtures/check".into(), ..self.fixture() },
            self.audit(),
        ]);
        let mut place = 0;
        all.retain(|message| {
            place += 1;
            // Half of the accounts stay.
            let is_end = message.body["rung"] == "deleted" || message.path.ends_with("/abort");
            choice >> place & 1 != 0 && !(is_end && choice & 1 == 0)
        });
        if case.is_multiple_of(DOCTOR_EVERY) {
            all.push(Message::new("POST", "doctor", json!({"fix": true})));
        }
        all
    }
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

/// What anyone can see of an account: where it stands, its profile as an administrator sees it, which of its sessions
/// get in, and whether its username is free. Looking changes nothing.
pub(crate) async fn seen(world: &World, subject: &Subject, admin: &str) -> Value {
    let audit = subject.audit().tell(world).await;
    let path = format!("/users/{}", subject.account);
    let shown = world.ask("GET", &path, admin, Value::Null).await;
    let mut profile = shown.body["data"]["user"].clone();
    if let Some(name) = profile["username"].as_str().and_then(|name| name.split_once('_')) {
        profile["username"] = format!("{}_1234", name.0).into();
    }
    let text = profile.to_string().replace(&subject.name, "name").replace(&subject.account, "account");
    let mut sessions = Vec::new();
    for (generation, epoch) in [(0, 0), (0, 1), (0, 2), (0, 4), (1, 1), (1, 2), (1, 4), (2, 4)] {
        let token = world.token(&subject.account, generation, epoch);
        sessions.push(world.ask("GET", "/users/me", &token, Value::Null).await.status.as_u16());
    }
    let wanted =
        json!([{"account": STRANGER, "email": "any@example.test", "username": subject.chosen_name()}]);
    let taken = world.call("POST", "/internal/fixtures/check", wanted).await.body;
    json!([audit.body["accounts"][0]["record"], shown.status.as_u16(), text, sessions, taken])
}

/// An administrator changes the profile, if it is there.
async fn edit(world: &World, subject: &Subject, admin: &str, is_back: bool) {
    let path = format!("/users/{}", subject.account);
    for is_active in [false, true].into_iter().take(1 + usize::from(is_back)) {
        let edit = json!({"bio": "edited", "role": "user", "isActive": is_active});
        let answer = world.ask("PATCH", &path, admin, edit).await;
        assert!([200, 404].contains(&answer.status.as_u16()), "{}", answer.text);
    }
}

/// One case: the calls about one account, each once and in order, and the heaps of copies about another.
struct Case {
    once: Vec<Message>,
    often: Vec<Vec<Message>>,
}

impl Case {
    fn draw(case: u32, subjects: [&Subject; 2], dice: &Stream) -> Self {
        let [choice, keys] = [dice.below(1 << 13), dice.below(u32::MAX)];
        let [once, often] = subjects.map(|subject| {
            let first = subject.profile(choice & 1 << 11 != 0, choice & 1 << 12 != 0);
            let messages = [first].into_iter().chain(subject.messages(case, choice)).collect();
            keyed(messages, keys, &subject.account)
        });
        let made = [often[0].clone(), often[0].clone()];
        Self { once, often: [made.to_vec()].into_iter().chain(shuffled(&often, dice)).collect() }
    }
}

#[tokio::test]
async fn messages_in_any_number_and_order_end_as_one_of_each() {
    let world = World::in_memory().await;
    let (_, admin) = world.register_admin(0xaa, "admin").await;
    let dice = Entropy::seeded(11).stream("test", "copies");
    let (cases, mut calls, mut living) = (cases(CASES), 0, 1);
    for case in 0..cases {
        let [once, often] = [0, 1].map(|which| Subject::new(case, which));
        let drawn = Case::draw(case, [&once, &often], &dice);
        for message in &drawn.once {
            message.is_decided(&world).await;
        }
        for heap in &drawn.often {
            join_all(heap.iter().map(|copy| copy.is_decided(&world))).await;
            calls += heap.len();
        }
        if dice.below(2) == 0 {
            // What an administrator did since is not undone by copies that come later still; a command would be.
            let is_back = dice.below(2) == 0;
            edit(&world, &once, &admin, is_back).await;
            edit(&world, &often, &admin, is_back).await;
            let late = drawn.often.iter().flatten().filter(|copy| !copy.path.ends_with("/role"));
            join_all(late.map(|copy| copy.is_decided(&world))).await;
        }
        let [once, often] = [seen(&world, &once, &admin).await, seen(&world, &often, &admin).await];
        assert_eq!(often, once, "case {case}: {drawn_often:#?}", drawn_often = drawn.often);
        living += 2 * usize::from(often[0] != "gone");
    }
    let all = world.ask("GET", "/users?limit=1", &admin, Value::Null).await;
    assert_eq!(all.body["data"]["pagination"]["total"], living);
    println!("user: {cases} random sets of messages, {calls} copies: as if each had come once");
}
