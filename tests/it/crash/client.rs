//! One client of the kill -9 ledger: writes without pause, remembers what was acknowledged, compares afterwards.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::ledger::{Counts, Known, Notes};
use crate::kit::actor::{PASSWORD, token_of};
use crate::kit::{Actor, Answer, Request, Site, wait};

/// Notes that a client keeps; with more it deletes. Fewer than one page of the list.
const NOTES_MAX: usize = 120;
/// When an e-mail that an unanswered registration held is free again (PROTOCOL.md §7: N).
const FREE_WITHIN: Duration = Duration::from_secs(5);

/// One client with its account.
#[derive(Debug)]
pub(super) struct Client {
    actor: Actor,
    name: String,
    draws: ChaCha8Rng,
    /// Makes every text unlike all others.
    written: u32,
    password: Known<String>,
    bio: Known<Value>,
    notes: Notes,
    /// Further accounts by e-mail, registered since the last check; whether each is there.
    accounts: Vec<(String, Known<bool>)>,
    counts: Counts,
}

/// What became of one request.
enum Outcome {
    Acknowledged(Answer),
    Unknown,
}

impl Client {
    /// Registers the client's account.
    pub(super) fn new(number: usize, seed: u64, site: &Site) -> Self {
        let name = format!("client{number}");
        let draws = ChaCha8Rng::seed_from_u64(seed.wrapping_add(1 + number as u64));
        Self {
            actor: site.register(&name),
            name,
            draws,
            written: 0,
            password: Known::new(PASSWORD.to_owned()),
            bio: Known::new(Value::Null),
            notes: Notes::default(),
            accounts: Vec::new(),
            counts: Counts::default(),
        }
    }

    /// Writes until a request stays without an answer, which must not happen before `dying`.
    pub(super) fn write_until_unknown(&mut self, door: SocketAddr, dying: &AtomicBool) -> Result<(), String> {
        self.actor = self.actor.at(door);
        loop {
            self.written += 1;
            let is_alive = match self.draws.random_range(0..100) {
                _ if self.notes.len() >= NOTES_MAX => self.delete_note(dying)?,
                0..40 => self.create_note(dying)?,
                40..65 => self.change_note(dying)?,
                65..75 => self.delete_note(dying)?,
                75..87 => self.change_bio(dying)?,
                87..93 => self.change_password(dying)?,
                _ => self.open_account(dying)?,
            };
            if !is_alive {
                self.counts.unknown += 1;
                return Ok(());
            }
            self.counts.acknowledged += 1;
        }
    }

    fn create_note(&mut self, dying: &AtomicBool) -> Result<bool, String> {
        let title = format!("{}-{:06}", self.name, self.written);
        let content = format!("{title} as it was written, {}", "x".repeat(self.draws.random_range(0..300)));
        let request = Request::new("POST", "/api/notes").json(&json!({"title": title, "content": content}));
        let note = self.notes.expect(&title);
        note.content.attempt(Some(content));
        let Outcome::Acknowledged(answer) = ask(&self.actor, request, 201, dying)? else {
            return Ok(false);
        };
        note.id = answer.json()["data"]["note"]["id"].as_str().map(str::to_owned);
        note.content.acknowledge();
        Ok(true)
    }

    fn change_note(&mut self, dying: &AtomicBool) -> Result<bool, String> {
        let Some((title, note)) = self.notes.draw(self.draws.random_range(0..NOTES_MAX)) else {
            return Ok(true);
        };
        let content = format!("{title} as it was changed, {}", self.written);
        let target = format!("/api/notes/{}", note.id.as_deref().unwrap_or_default());
        note.content.attempt(Some(content.clone()));
        let request = Request::new("PATCH", target).json(&json!({"content": content}));
        let outcome = ask(&self.actor, request, 200, dying)?;
        Ok(outcome.settle(&mut note.content))
    }

    fn delete_note(&mut self, dying: &AtomicBool) -> Result<bool, String> {
        let Some((_, note)) = self.notes.draw(self.draws.random_range(0..NOTES_MAX)) else {
            return Ok(true);
        };
        let target = format!("/api/notes/{}", note.id.as_deref().unwrap_or_default());
        note.content.attempt(None);
        let outcome = ask(&self.actor, Request::new("DELETE", target), 204, dying)?;
        Ok(outcome.settle(&mut note.content))
    }

    fn change_bio(&mut self, dying: &AtomicBool) -> Result<bool, String> {
        let bio = Value::from(format!("Bio number {} of {}.", self.written, self.name));
        self.bio.attempt(bio.clone());
        let request = Request::new("PATCH", "/api/users/update-me").json(&json!({"bio": bio}));
        let outcome = ask(&self.actor, request, 200, dying)?;
        Ok(outcome.settle(&mut self.bio))
    }

    fn change_password(&mut self, dying: &AtomicBool) -> Result<bool, String> {
        let password = format!("password {} of {}", self.written, self.name);
        let body = json!({"currentPassword": self.password.sure(), "newPassword": password});
        self.password.attempt(password);
        let request = Request::new("PATCH", "/api/auth/update-password").json(&body);
        let Outcome::Acknowledged(answer) = ask(&self.actor, request, 200, dying)? else {
            return Ok(false);
        };
        self.password.acknowledge();
        self.actor = self.actor.with_token(&token_of(&answer));
        Ok(true)
    }

    fn open_account(&mut self, dying: &AtomicBool) -> Result<bool, String> {
        let email = format!("{}.{}@example.test", self.name, self.written);
        let body = json!({"email": email, "password": PASSWORD});
        let mut is_there = Known::new(false);
        is_there.attempt(true);
        let outcome = ask(&self.actor, Request::new("POST", "/api/auth/register").json(&body), 201, dying)?;
        let is_acknowledged = outcome.settle(&mut is_there);
        self.accounts.push((email, is_there));
        Ok(is_acknowledged)
    }

    /// Compares everything with the restarted world, and goes on with what is there.
    pub(super) fn check(&mut self, site: &Site) -> Result<Counts, String> {
        self.actor = self.actor.at(site.doors().gateway);
        let mut counts = std::mem::take(&mut self.counts);
        counts.compare(self.log_in()?);
        let me = self.actor.get("/api/users/me").expect(200).json()["data"]["user"].clone();
        if me["username"] != self.name.as_str() || me["email"] != self.actor.email.as_str() {
            return Err(format!("{} became {me}", self.name));
        }
        counts.compare(
            self.bio.settle(me["bio"].clone()).map_err(|error| format!("bio of {}: {error}", self.name))?,
        );
        let listed = self.actor.get("/api/notes?limit=1000").expect(200).json();
        let notes = listed["data"]["notes"].as_array().ok_or("no list")?;
        if listed["data"]["pagination"]["total"] != notes.len() {
            return Err(format!("the total is not the number of notes: {}", listed["data"]["pagination"]));
        }
        counts.add(&self.notes.settle(notes)?);
        self.find_one()?;
        for (email, is_there) in std::mem::take(&mut self.accounts) {
            counts.compare(check_account(&self.actor.called(&email), is_there)?);
        }
        Ok(counts)
    }

    /// Logs in with the password that must work now, and tells whether it was the unanswered one.
    fn log_in(&mut self) -> Result<bool, String> {
        let works = |password: &&String| self.actor.try_log_in(password).status == 200;
        let found = self.password.candidates().find(works).cloned();
        let found = found.ok_or_else(|| format!("{} cannot log in: {:?}", self.name, self.password))?;
        self.actor = self.actor.log_in(&found);
        self.password.settle(found)
    }

    /// What was acknowledged is found by search right after the restart.
    fn find_one(&mut self) -> Result<(), String> {
        let Some((title, note)) = self.notes.draw(self.draws.random_range(0..NOTES_MAX)) else {
            return Ok(());
        };
        let found = self.actor.get(&format!("/api/notes?search={title}&limit=1000")).expect(200).json();
        let found = found["data"]["notes"].as_array().into_iter().flatten();
        let is_found = found.into_iter().any(|found| found["id"].as_str() == note.id.as_deref());
        is_found.then_some(()).ok_or_else(|| format!("{title} is not found by search"))
    }
}

impl Outcome {
    /// Takes the outcome over into what is known; false for an unknown one.
    fn settle<T: PartialEq + std::fmt::Debug>(self, value: &mut Known<T>) -> bool {
        let is_acknowledged = matches!(self, Self::Acknowledged(_));
        if is_acknowledged {
            value.acknowledge();
        }
        is_acknowledged
    }
}

/// Sends one request; anything but `wanted` is a complaint, unless the world is dying.
fn ask(actor: &Actor, request: Request, wanted: u16, dying: &AtomicBool) -> Result<Outcome, String> {
    let question = format!("{} {}", request.method, request.target);
    match actor.try_send(request) {
        Ok(answer) if answer.status == wanted => Ok(Outcome::Acknowledged(answer)),
        Ok(answer) if answer.status >= 500 && dying.load(Ordering::SeqCst) => Ok(Outcome::Unknown),
        Err(_) if dying.load(Ordering::SeqCst) => Ok(Outcome::Unknown),
        Ok(answer) => Err(format!("{question}: {answer}")),
        Err(error) => Err(format!("{question}: {error}")),
    }
}

/// An account is wholly there, or wholly absent so that its e-mail is free; tells whether an unanswered request made it.
fn check_account(user: &Actor, mut is_there: Known<bool>) -> Result<bool, String> {
    let login = user.try_log_in(PASSWORD);
    let happened =
        is_there.settle(login.status == 200).map_err(|error| format!("{}: {error}: {login}", user.email))?;
    if login.status == 200 {
        user.with_token(&token_of(&login)).get("/api/users/me").expect(200);
        return Ok(happened);
    }
    login.fails(401, "Invalid email or password");
    let body = json!({"email": user.email, "password": PASSWORD});
    let registered = || (user.post("/api/auth/register", &body).status == 201).then_some(());
    wait::poll(FREE_WITHIN, registered)
        .map_err(|looks| format!("{} is neither there nor free ({looks} tries)", user.email))?;
    Ok(happened)
}
