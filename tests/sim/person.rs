//! Someone who uses the platform and remembers what they were told: registers, logs in, changes, leaves.

use std::cell::{RefCell, RefMut};
use std::path::PathBuf;
use std::rc::Rc;

use auth::mail::{Filter, Mailbox};
use chassis::token::Verifier;
use http::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::chance::Chance;
use crate::client::{Call, Client, Outcome, Reply};
use crate::director::ms;
use crate::ledger::{Doubt, EMAILS, Ledger, Reset, Session, Status, USERNAMES};

/// How often someone looks for a mail, 100 ms apart.
const LOOKS_MAX: u32 = 20;

/// What everyone shares.
#[derive(Clone)]
pub(crate) struct Crowd {
    pub(crate) client: Client,
    pub(crate) ledger: Rc<RefCell<Ledger>>,
    pub(crate) verifier: Verifier,
    pub(crate) mailbox: PathBuf,
}

/// One of them.
pub(crate) struct Person {
    pub(crate) crowd: Crowd,
    pub(crate) number: u32,
    pub(crate) chance: Chance,
    pub(crate) account: Option<String>,
    pub(crate) session: Option<Session>,
    doubt: Option<Doubt>,
    serial: u32,
}

impl Person {
    /// The person of this number.
    pub(crate) fn new(crowd: Crowd, number: u32, chance: Chance) -> Self {
        Self { crowd, number, chance, account: None, session: None, doubt: None, serial: 0 }
    }

    /// Does `operations` things, or fewer when the end is called.
    pub(crate) async fn live(mut self, operations: u32, pause_ms: u32) {
        for _ in 0..operations {
            sleep(ms(self.chance.below(pause_ms + 1))).await;
            let over = { self.ledger().closing || self.ledger().violation.is_some() };
            if over {
                return;
            }
            self.act().await;
        }
    }

    async fn act(&mut self) {
        if self.account.is_none() {
            return if self.doubt.is_some() { self.resolve().await } else { self.register().await };
        }
        if self.session.is_none() {
            return self.log_in().await;
        }
        match self.chance.below(100) {
            0..30 => self.create_note().await,
            30..45 => self.edit_note().await,
            45..53 => self.delete_note().await,
            53..63 => self.read_note().await,
            63..71 => self.search_notes().await,
            71..77 => self.read_profile().await,
            77..84 => self.edit_profile().await,
            84..89 => self.change_password().await,
            89..92 => self.reset_password().await,
            92..97 => self.log_in().await,
            97..99 => self.leave().await,
            _ => self.account = None,
        }
    }

    pub(crate) fn ledger(&self) -> RefMut<'_, Ledger> {
        self.crowd.ledger.borrow_mut()
    }

    pub(crate) fn violate(&self, what: &str) {
        let who = self.account.as_deref().unwrap_or("nobody");
        self.ledger().violate(format!("{what} (person {}, account {who})", self.number));
    }

    /// A text that nobody used before.
    pub(crate) fn word(&mut self, kind: &str) -> String {
        self.serial += 1;
        format!("{kind}{}x{}y", self.number, self.serial)
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, body: Value) -> Reply {
        let token = self.session.as_ref().map(|session| session.token.as_str());
        let reply = self.crowd.client.ask(Call { method, path, token, body }).await;
        self.ledger().count(reply.outcome());
        reply
    }

    /// Whether the session certainly gives access at this moment.
    pub(crate) fn is_sure_of_session(&self) -> bool {
        let (Some(id), Some(session)) = (&self.account, &self.session) else { return false };
        self.ledger().account(id).honours(session)
    }

    pub(crate) fn id(&self) -> String {
        self.account.clone().expect("a person with an account")
    }

    /// After a 401: a violation when the session was sure before and is now, else reason to log in again.
    pub(crate) fn meet(&mut self, reply: &Reply, was_sure: bool, doing: &str) {
        if reply.status == 401 {
            if was_sure && self.is_sure_of_session() {
                self.violate(&format!("a good session was refused while {doing}"));
            }
            self.session = None;
        }
    }

    async fn register(&mut self) {
        let (email, name) = (self.chance.pick(&EMAILS), self.chance.pick(&USERNAMES));
        let name = self.chance.per_mille(700).then_some(name);
        self.register_as(email, name).await;
    }

    /// Registers with `email`, and with `name` or a generated one.
    pub(crate) async fn register_as(&mut self, email: &str, name: Option<&str>) {
        let (email, password) = (email.to_owned(), self.word("password-"));
        let body = json!({"email": email, "password": password});
        let body =
            name.map_or(body.clone(), |name| json!({"username": name, "email": email, "password": password}));
        let reply = self.ask(Method::POST, "/api/auth/register", body).await;
        match reply.outcome() {
            Outcome::Done => self.move_in(&reply, &email, &password),
            Outcome::Refused => {}
            Outcome::Unknown => {
                let doubt = Doubt { email, password };
                self.ledger().doubts.push(doubt.clone());
                self.doubt = Some(doubt);
            }
        }
    }

    /// Finds out what became of a registration without an answer.
    async fn resolve(&mut self) {
        let Some(Doubt { email, password }) = self.doubt.clone() else { return };
        let body = json!({"email": email, "password": password});
        let reply = self.ask(Method::POST, "/api/auth/login", body).await;
        match reply.outcome() {
            Outcome::Done => self.move_in(&reply, &email, &password),
            Outcome::Refused => {}
            Outcome::Unknown => return,
        }
        self.doubt = None;
    }

    fn move_in(&mut self, reply: &Reply, email: &str, password: &str) {
        let token = reply.text("/token");
        let Some(caller) = self.crowd.verifier.verify(&token) else {
            return self.violate("a token came that is none");
        };
        let id = caller.account.to_string();
        self.ledger().open(&id, email, password);
        self.account = Some(id);
        self.begin_session(token);
    }

    fn begin_session(&mut self, token: String) {
        let id = self.id();
        let session = {
            let mut ledger = self.ledger();
            let account = ledger.account(&id);
            let since = account.password.calm().filter(|_| account.password.only().is_some());
            let session = Session { token, since };
            account.sessions.push(session.clone());
            session
        };
        self.session = Some(session);
    }

    async fn log_in(&mut self) {
        let id = self.id();
        let (email, password, since, is_sure, is_retired) = {
            let mut ledger = self.ledger();
            let account = ledger.account(&id);
            let email = self.chance.pick(account.email.values());
            let retired = (!account.retired.is_empty() && self.chance.per_mille(100))
                .then(|| self.chance.pick(&account.retired));
            let is_retired = retired.is_some();
            let password = retired.unwrap_or_else(|| self.chance.pick(account.password.values()));
            let is_sure = account.is_its_owners_alone() && account.password.only() == Some(&password);
            (email, password, account.password.calm(), is_sure, is_retired)
        };
        let body = json!({"email": email, "password": password});
        let reply = self.ask(Method::POST, "/api/auth/login", body).await;
        let (calm, owners) = {
            let mut ledger = self.ledger();
            let account = ledger.account(&id);
            (account.password.calm() == since && since.is_some(), account.is_its_owners_alone())
        };
        match reply.outcome() {
            Outcome::Done if is_retired => self.violate("a retired password works"),
            Outcome::Done => {
                let caller = self.crowd.verifier.verify(&reply.text("/token"));
                let whose = caller.map(|caller| caller.account.to_string());
                if whose.as_ref() != Some(&id) {
                    return self.find_oneself_elsewhere(whose, &password);
                }
                self.begin_session(reply.text("/token"));
                if let Some(session) = self.session.as_mut().filter(|_| !calm) {
                    session.since = None;
                }
            }
            Outcome::Refused if is_sure && calm && owners => {
                self.violate(&format!("I1: the right password was refused with {}", reply.status));
            }
            // Someone else's doing: begin anew.
            Outcome::Refused if !is_retired => self.account = None,
            Outcome::Refused | Outcome::Unknown => {}
        }
    }

    /// A login led to the account `whose`, which may have been given this password by a reset.
    fn find_oneself_elsewhere(&mut self, whose: Option<String>, password: &String) {
        let may_be = whose.is_some_and(|id| {
            let ledger = self.ledger();
            let known = ledger.accounts.get(&id).is_some_and(|account| account.password.could_be(password));
            known || ledger.may_have_reset(&id, password)
        });
        if !may_be {
            self.violate("a login led to another account");
        }
        self.account = None;
    }

    async fn read_profile(&mut self) {
        let (id, sure) = (self.id(), self.is_sure_of_session());
        let since = self.ledger().account(&id).bio.calm();
        let reply = self.ask(Method::GET, "/api/users/me", Value::Null).await;
        let bio = reply.body.pointer("/data/user/bio").and_then(Value::as_str).map(str::to_owned);
        if reply.status == 200 && !self.ledger().account(&id).bio.admits(since, &bio) {
            self.violate(&format!("I8: the profile says {bio:?}"));
        }
        self.meet(&reply, sure, "reading the profile");
    }

    pub(crate) async fn edit_profile(&mut self) {
        let (id, bio, sure) = (self.id(), self.word("bio"), self.is_sure_of_session());
        let mut body = json!({"bio": bio});
        if self.chance.per_mille(300) {
            body["username"] = json!(self.chance.pick(&USERNAMES));
        }
        let writing = self.ledger().account(&id).bio.begin(Some(bio.clone()));
        let reply = self.ask(Method::PATCH, "/api/users/update-me", body).await;
        self.ledger().account(&id).bio.end(writing, reply.outcome(), Some(bio));
        self.meet(&reply, sure, "editing the profile");
    }

    pub(crate) async fn change_password(&mut self) {
        let (id, new, sure) = (self.id(), self.word("password-"), self.is_sure_of_session());
        let (known, writing) = {
            let mut ledger = self.ledger();
            let account = ledger.account(&id);
            (account.password.values().to_vec(), account.password.begin(new.clone()))
        };
        let current = self.chance.pick(&known);
        let body = json!({"currentPassword": current, "newPassword": new});
        let reply = self.ask(Method::PATCH, "/api/auth/update-password", body).await;
        let was_alone = {
            let mut ledger = self.ledger();
            let account = ledger.account(&id);
            let was_alone = account.password.end(writing, reply.outcome(), new);
            account.retire_all_but(&known);
            was_alone && account.is_its_owners_alone()
        };
        if reply.status == 401 && sure && known.len() == 1 && was_alone {
            return self.violate("the right password was refused when it was to be changed");
        }
        self.end_sessions(&reply);
    }

    /// The sessions before a new password end with it, whether or not it was heard that it is there.
    fn end_sessions(&mut self, reply: &Reply) {
        self.session = None;
        if reply.outcome() == Outcome::Done {
            self.begin_session(reply.text("/token"));
        }
    }

    pub(crate) async fn reset_password(&mut self) {
        let id = self.id();
        let Some(email) = self.ledger().account(&id).email.only().cloned() else { return };
        let body = json!({"email": email});
        let asked_of = self.ledger().owners_of(&email);
        let forgot = self.ask(Method::POST, "/api/auth/forgot-password", body).await;
        if forgot.outcome() != Outcome::Done {
            return;
        }
        let Some(token) = self.await_mail(&email).await else { return };
        // Whose address it is may change meanwhile, and with it whose password is reset.
        let new = self.word("password-");
        let writings: Vec<_> = {
            let mut ledger = self.ledger();
            ledger.resets.push(Reset { email: email.clone(), password: new.clone(), whose: None });
            let owners_now = ledger.owners_of(&email);
            let is_owner = |id: &String| asked_of.contains(id) || owners_now.contains(id);
            let owners = ledger.accounts.iter_mut().filter(|(id, _)| is_owner(id));
            owners
                .map(|(id, one)| {
                    (id.clone(), one.password.values().to_vec(), one.password.begin(new.clone()))
                })
                .collect()
        };
        let path = format!("/api/auth/reset-password/{token}");
        let reply = self.ask(Method::PATCH, &path, json!({"password": new})).await;
        let whose =
            self.crowd.verifier.verify(&reply.text("/token")).map(|caller| caller.account.to_string());
        self.ledger().settle_reset(&new, reply.outcome(), whose.as_ref());
        for (owner, known, writing) in writings {
            let outcome = match reply.outcome() {
                Outcome::Done if whose.as_ref() != Some(&owner) => Outcome::Refused,
                other => other,
            };
            let mut ledger = self.ledger();
            let account = ledger.account(&owner);
            account.password.end(writing, outcome, new.clone());
            account.retire_all_but(&known);
        }
        self.session = None;
        if whose == Some(id) {
            self.begin_session(reply.text("/token"));
        }
    }

    async fn await_mail(&self, email: &str) -> Option<String> {
        let to_me = Filter { to: Some(email.to_owned()), ..Filter::default() };
        for _ in 0..LOOKS_MAX {
            sleep(ms(100)).await;
            let newest = Mailbox::look(&self.crowd.mailbox).newest(&to_me).expect("the mailbox can be read");
            if let Some(mail) = newest {
                return mail.token;
            }
        }
        None
    }

    pub(crate) async fn leave(&mut self) {
        let (id, sure) = (self.id(), self.is_sure_of_session());
        let writing = self.ledger().account(&id).status.begin(Status::Disabled);
        let reply = self.ask(Method::DELETE, "/api/users/delete-me", Value::Null).await;
        self.ledger().account(&id).status.end(writing, reply.outcome(), Status::Disabled);
        if reply.status == 401 && sure {
            // Its own wish to leave does not count as somebody's doing.
            self.session = None;
        }
        if reply.outcome() != Outcome::Done {
            return;
        }
        let since = self.ledger().account(&id).status.calm();
        let token = self.session.as_ref().map(|session| session.token.as_str());
        let call = Call { method: Method::GET, path: "/api/users/me", token, body: Value::Null };
        let after = self.crowd.client.ask(call).await;
        if after.status == 200 && !self.ledger().account(&id).status.admits(since, &Status::Active) {
            self.violate("I4: a token works after its account was deactivated");
        }
        self.session = None;
        self.account = None;
    }
}
