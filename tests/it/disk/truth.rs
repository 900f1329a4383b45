//! What a world told while it was whole, to hold against what it tells later. It does not know what happened to it.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::kit::Actor;
use crate::kit::actor::PASSWORD;

/// Searches, lists and words that touch every index.
const TARGETS: [&str; 8] = [
    "/api/users/me",
    "/api/notes?limit=100",
    "/api/notes?isArchived=true",
    "/api/notes?tag=harbour",
    "/api/notes?search=anchor",
    "/api/notes/search?q=anchor%20rope",
    "/api/notes/tags",
    "/api/notes/suggest?q=ha",
];

/// People, and what each was told.
pub(super) struct Truth {
    people: Vec<Person>,
    admin: Actor,
    users: Value,
}

struct Person {
    actor: Actor,
    told: Vec<(String, Value)>,
}

/// How a later world compares.
#[derive(Clone, Debug, Default)]
pub(super) struct Comparison {
    /// Answers as they were.
    pub(super) same: u32,
    /// Answers that were refused in good order.
    pub(super) refused: u32,
    /// Everything else, in words.
    pub(super) wrong: Vec<String>,
}

impl Truth {
    /// Asks everything.
    pub(super) fn of(people: &[Actor], admin: &Actor) -> Self {
        let people = people.iter().map(|actor| Person { told: told(actor), actor: actor.clone() }).collect();
        let users = admin.get("/api/users?limit=100").expect(200).json();
        Self { people, admin: admin.clone(), users }
    }

    /// Asks everything again, at `gateway`.
    pub(super) fn hold_against(&self, gateway: SocketAddr) -> Comparison {
        let mut comparison = Comparison::default();
        comparison.add(&self.admin.at(gateway), "/api/users?limit=100", &self.users);
        for person in &self.people {
            let actor = person.actor.at(gateway);
            for (target, answer) in &person.told {
                comparison.add(&actor, target, answer);
            }
            let status = actor.try_log_in(PASSWORD).status;
            comparison.count(status, status == 200, || format!("{} logs in: {status}", actor.email));
        }
        comparison
    }

    /// Tries one write of each service at `gateway`; tells those that neither succeeded nor were refused in good order.
    pub(super) fn try_writes(&self, gateway: SocketAddr) -> Vec<String> {
        let actor = self.people[0].actor.at(gateway);
        let newcomer = json!({"email": "late@example.test", "password": PASSWORD, "username": "latecomer"});
        let asked = [
            Actor::anon(gateway).post("/api/auth/register", &newcomer),
            actor.patch("/api/users/update-me", &json!({"bio": "later"})),
            actor.post("/api/notes", &json!({"content": "later"})),
        ];
        let odd = asked.iter().filter(|answer| !matches!(answer.status, 200 | 201 | 503));
        odd.map(ToString::to_string).collect()
    }
}

impl Comparison {
    fn add(&mut self, actor: &Actor, target: &str, before: &Value) {
        let now = actor.get(target);
        let is_same = now.status == 200 && now.json() == *before;
        self.count(now.status, is_same, || format!("{} {target}: {now}, was {before}", actor.email));
    }

    fn count(&mut self, status: u16, is_same: bool, words: impl Fn() -> String) {
        match status {
            _ if is_same => self.same += 1,
            503 => self.refused += 1,
            _ => self.wrong.push(words()),
        }
    }
}

/// What `actor` is told of their own things.
fn told(actor: &Actor) -> Vec<(String, Value)> {
    let ask = |target: String| {
        let answer = actor.get(&target).expect(200).json();
        (target, answer)
    };
    let mut told: Vec<_> = TARGETS.map(|target| ask(target.to_owned())).into();
    let notes = told[1].1["data"]["notes"].as_array().expect("notes").clone();
    for note in notes {
        told.push(ask(format!("/api/notes/{}", note["id"].as_str().expect("an id"))));
    }
    told
}
