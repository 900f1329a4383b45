//! People in a world, of whom a seed says what they do, and all that they can see of it.

use std::sync::atomic::{AtomicU32, Ordering};

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::kit::actor::PASSWORD;
use crate::kit::{Actor, Request, World, mail};

const NEW_PASSWORD: &str = "another good password";
/// Names across all worlds of one program, so that no two are alike by chance.
static NAMES: AtomicU32 = AtomicU32::new(0);

/// Somebody of this world.
struct Person {
    actor: Actor,
    password: &'static str,
    id: String,
    /// The body and the key of the registration, for asking again.
    registration: (Value, String),
    notes: Vec<String>,
    is_active: bool,
    is_gone: bool,
    /// The token in the last mail, if it still works.
    reset: Option<String>,
}

/// The people of one world and what is still to come.
pub(super) struct Life {
    admin: Actor,
    people: Vec<Person>,
    draws: ChaCha8Rng,
}

impl Life {
    /// A world with an administrator and one more person.
    pub(super) fn begin(world: &World, draws: ChaCha8Rng) -> Self {
        let mut life = Self { admin: world.admin(), people: Vec::new(), draws };
        life.arrive(world);
        life
    }

    fn below(&mut self, end: usize) -> usize {
        self.draws.random_range(0..end)
    }

    /// Somebody does something.
    pub(super) fn go_on(&mut self, world: &World) {
        let who = self.below(self.people.len());
        if self.people[who].is_gone {
            return self.arrive(world);
        }
        match self.below(20) {
            0 | 1 => self.arrive(world),
            2..=8 => self.write(who),
            9 | 10 => self.edit(who),
            11 | 12 => self.discard(who),
            13 => self.describe(who),
            14 => self.change_password(who),
            15 => self.forget(world, who),
            16 => self.leave_or_return(who),
            17 => self.administer(who, &json!({"role": "admin"})),
            18 => self.move_email(who),
            _ => self.erase(who),
        }
    }

    fn arrive(&mut self, world: &World) {
        let name = format!("Person{}", NAMES.fetch_add(1, Ordering::Relaxed));
        let email = format!("{}@example.test", name.to_lowercase());
        let body = json!({"email": email, "password": PASSWORD, "username": name, "bio": "\u{1}\"x\"\n🙂"});
        let key = format!("key-{name}");
        let request = Request::new("POST", "/api/auth/register").header("idempotency-key", &key).json(&body);
        let answer = world.anon().send(request).expect(201);
        let token = crate::kit::actor::token_of(&answer);
        let actor = world.anon().called(&email).with_token(&token);
        let id = actor.id();
        self.people.push(Person {
            actor,
            password: PASSWORD,
            id,
            registration: (body, key),
            notes: Vec::new(),
            is_active: true,
            is_gone: false,
            reset: None,
        });
    }

    fn write(&mut self, who: usize) {
        let (number, tag) = (self.below(1_000), self.below(5));
        let body = json!({
            "title": format!("Title {number}"),
            "content": format!("Grüße Nummer {number}, 100%_off \u{2028} {}", "lorem ipsum ".repeat(number % 60)),
            "tags": [format!("tag{tag}"), "b", "a", "b"], "isPinned": number % 7 == 0, "isArchived": number % 5 == 0,
            "backgroundColor": format!("#{number:06x}"),
        });
        let person = &mut self.people[who];
        let answer = person.actor.post("/api/notes", &body);
        if person.is_active {
            let id = answer.expect(201).json()["data"]["note"]["id"].as_str().unwrap().to_owned();
            person.notes.push(id);
        } else {
            answer.expect(401);
        }
    }

    fn a_note(&mut self, who: usize) -> Option<usize> {
        let count = self.people[who].notes.len();
        (count > 0 && self.people[who].is_active).then(|| self.below(count))
    }

    fn edit(&mut self, who: usize) {
        let Some(which) = self.a_note(who) else { return };
        let pinned = self.below(2) == 0;
        let person = &self.people[who];
        let change = json!({"isPinned": pinned, "content": "edited İıſß", "tags": ["edited"]});
        person.actor.patch(&format!("/api/notes/{}", person.notes[which]), &change).expect(200);
    }

    fn discard(&mut self, who: usize) {
        let Some(which) = self.a_note(who) else { return };
        let note = self.people[who].notes.swap_remove(which);
        self.people[who].actor.delete(&format!("/api/notes/{note}")).expect(204);
    }

    fn describe(&mut self, who: usize) {
        let person = &self.people[who];
        if person.is_active {
            let change = json!({"bio": "changed", "avatar": "https://example.test/a.png"});
            person.actor.patch("/api/users/update-me", &change).expect(200);
        }
    }

    fn change_password(&mut self, who: usize) {
        let person = &mut self.people[who];
        if !person.is_active {
            return;
        }
        let new = if person.password == PASSWORD { NEW_PASSWORD } else { PASSWORD };
        let body = json!({"currentPassword": person.password, "newPassword": new});
        let answer = person.actor.patch("/api/auth/update-password", &body).expect(200);
        person.actor = person.actor.with_token(&crate::kit::actor::token_of(&answer));
        (person.password, person.reset) = (new, None);
    }

    fn forget(&mut self, world: &World, who: usize) {
        let person = &mut self.people[who];
        if !person.is_active {
            return;
        }
        let before = mail::newest(world.data(), &person.actor.email).map(|(id, _)| id);
        let body = json!({"email": person.actor.email});
        world.anon().post("/api/auth/forgot-password", &body).expect(200);
        let arrived = || {
            let (id, token) = mail::newest(world.data(), &person.actor.email)?;
            (Some(&id) != before.as_ref()).then_some(token)
        };
        let within = std::time::Duration::from_secs(20);
        person.reset = Some(crate::kit::wait::poll(within, arrived).expect("no mail"));
    }

    fn leave_or_return(&mut self, who: usize) {
        let is_active = !self.people[who].is_active;
        self.administer(who, &json!({"isActive": is_active}));
        let person = &mut self.people[who];
        (person.is_active, person.reset) = (is_active, None);
        if is_active {
            person.actor = person.actor.log_in(person.password);
        }
    }

    fn move_email(&mut self, who: usize) {
        let email = format!("moved{}@example.test", NAMES.fetch_add(1, Ordering::Relaxed));
        self.administer(who, &json!({"email": email}));
        let person = &mut self.people[who];
        (person.actor, person.reset) = (person.actor.called(&email), None);
    }

    fn administer(&self, who: usize, change: &Value) {
        self.admin.patch(&format!("/api/users/{}", self.people[who].id), change).expect(200);
    }

    fn erase(&mut self, who: usize) {
        if self.people.len() < 3 {
            return;
        }
        self.admin.delete(&format!("/api/users/{}", self.people[who].id)).expect(204);
        self.people[who].is_gone = true;
    }

    /// Everything that anybody sees in `world`: with the tokens from this one, and by logging in.
    pub(super) fn seen(&self, world: &World) -> Vec<(u16, Value)> {
        let door = world.doors().gateway;
        let mut seen = Vec::new();
        let mut see = |answer: crate::kit::Answer| {
            let mut body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            for volatile in ["requestId", "token"] {
                body.as_object_mut().and_then(|body| body.remove(volatile));
            }
            seen.push((answer.status, body));
        };
        see(self.admin.at(door).get("/api/users?limit=1000"));
        for person in &self.people {
            let actor = person.actor.at(door);
            see(actor.try_log_in(person.password));
            see(actor.try_log_in("not the password"));
            for target in [
                "/api/users/me",
                "/api/notes?limit=1000",
                "/api/notes?limit=1000&isArchived=true",
                "/api/notes?tag=b&limit=1000",
                "/api/notes?search=%25_OFF&limit=1000",
                "/api/notes?search=grüße&limit=1000",
                "/api/notes/search?q=lorem%20tag:tag1",
                "/api/notes/tags",
            ] {
                see(actor.get(&target.replace('ü', "%C3%BC")));
            }
        }
        seen
    }

    /// In `copy`, the copy of this world, everything goes on that was begun here.
    pub(super) fn can_be_taken_up(&self, copy: &World) {
        for person in self.people.iter().filter(|person| !person.is_gone) {
            let (body, key) = &person.registration;
            let again = Request::new("POST", "/api/auth/register").header("idempotency-key", key).json(body);
            let again = copy.anon().send(again).status;
            // The e-mail may have moved since, which a repeated registration does not mind.
            let is_as_then = person.password == PASSWORD && person.is_active;
            assert_eq!(again == 201, is_as_then, "{key}: {again}");
            if let Some(token) = &person.reset {
                let target = format!("/api/auth/reset-password/{token}");
                copy.anon().patch(&target, &json!({"password": NEW_PASSWORD})).expect(200);
                let actor = person.actor.at(copy.doors().gateway);
                actor.try_log_in(NEW_PASSWORD).expect(200);
                actor.get("/api/users/me").expect(401);
            }
        }
    }
}
