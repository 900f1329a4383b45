//! The administrator: made once, then busy with other people's accounts.

use std::cell::RefMut;

use http::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::chance::Chance;
use crate::client::{Call, Outcome, Reply};
use crate::director::ms;
use crate::ledger::{Account, EMAILS, Ledger, Status, USERNAMES};
use crate::person::Crowd;

const EMAIL: &str = "root@example.test";
const PASSWORD: &str = "a password of root";

/// Someone with the role `admin`.
#[derive(Clone)]
pub(crate) struct Admin {
    crowd: Crowd,
    token: String,
}

impl Admin {
    /// Registers the administrator, as the operator's command would.
    pub(crate) async fn appoint(crowd: Crowd) -> Self {
        let body = json!({"email": EMAIL, "password": PASSWORD});
        let call = Call { method: Method::POST, path: "/api/auth/register", token: None, body };
        let reply = crowd.client.ask(call).await;
        assert_eq!(reply.status, 201, "the administrator cannot register: {}", reply.body);
        let token = reply.text("/token");
        let account = crowd.verifier.verify(&token).expect("a token").account.to_string();
        let path = format!("/internal/accounts/{account}/role");
        let body = json!({"role": "admin", "version": 0});
        let call = Call { method: Method::PUT, path: &path, token: None, body };
        let reply = crowd.client.command("user", call).await;
        assert!(reply.status < 300, "the administrator is none: {} {}", reply.status, reply.body);
        crowd.ledger.borrow_mut().open(&account, EMAIL, PASSWORD);
        Self { crowd, token }
    }

    /// The same person as one of another crowd.
    pub(crate) fn on(&self, crowd: Crowd) -> Self {
        Self { crowd, token: self.token.clone() }
    }

    /// Does `operations` things to other accounts, or fewer when the end is called.
    pub(crate) async fn rule(self, chance: Chance, operations: u32, pause_ms: u32) {
        for turn in 0..operations {
            sleep(ms(chance.below(pause_ms + 1))).await;
            let subjects: Vec<String> = {
                let ledger = self.ledger();
                if ledger.closing || ledger.violation.is_some() {
                    return;
                }
                let others = ledger.accounts.iter().filter(|(_, one)| !one.email.may_be(&EMAIL.to_owned()));
                others.map(|(id, _)| id.clone()).collect()
            };
            if !subjects.is_empty() {
                let subject = &chance.pick(&subjects);
                match chance.below(10) {
                    0..2 => self.set_active(subject, false).await,
                    2..5 => self.set_active(subject, true).await,
                    5..7 => self.move_to(subject, &address(&chance, turn)).await,
                    7 => self.patch(subject, json!({"role": chance.pick(&["user", "admin"])})).await,
                    8 => self.patch(subject, json!({"username": chance.pick(&USERNAMES)})).await,
                    _ => self.erase(subject).await,
                }
            }
        }
    }

    fn ledger(&self) -> RefMut<'_, Ledger> {
        self.crowd.ledger.borrow_mut()
    }

    fn account(&self, id: &str) -> RefMut<'_, Account> {
        RefMut::map(self.ledger(), |ledger| ledger.account(id))
    }

    async fn ask(&self, method: Method, id: &str, body: Value) -> Reply {
        let path = format!("/api/users/{id}");
        let reply = self.crowd.client.ask(Call { method, path: &path, token: Some(&self.token), body }).await;
        self.ledger().count(reply.outcome());
        reply
    }

    /// Switches the account `id` on or off.
    pub(crate) async fn set_active(&self, id: &str, is_active: bool) {
        let status = if is_active { Status::Active } else { Status::Disabled };
        let writing = self.account(id).status.begin(status);
        let reply = self.ask(Method::PATCH, id, json!({"isActive": is_active})).await;
        self.account(id).status.end(writing, reply.outcome(), status);
        self.doubt_absence(id, &reply);
    }

    /// Gives the account `id` another e-mail.
    pub(crate) async fn move_to(&self, id: &str, email: &str) {
        let writing = self.account(id).email.begin(email.to_owned());
        let reply = self.ask(Method::PATCH, id, json!({"email": email})).await;
        self.account(id).email.end(writing, reply.outcome(), email.to_owned());
        self.doubt_absence(id, &reply);
    }

    async fn patch(&self, id: &str, body: Value) {
        let reply = self.ask(Method::PATCH, id, body).await;
        self.doubt_absence(id, &reply);
    }

    /// Erases the account `id`.
    pub(crate) async fn erase(&self, id: &str) {
        let writing = self.account(id).status.begin(Status::Gone);
        let reply = self.ask(Method::DELETE, id, Value::Null).await;
        self.account(id).status.end(writing, reply.outcome(), Status::Gone);
        match reply.outcome() {
            Outcome::Done => self.account(id).status.seal(Status::Gone),
            Outcome::Refused => self.doubt_absence(id, &reply),
            Outcome::Unknown => {}
        }
    }

    /// An account that certainly is there cannot be missing.
    fn doubt_absence(&self, id: &str, reply: &Reply) {
        let may_be_gone = self.account(id).status.may_be(&Status::Gone);
        if reply.status == 404 && !may_be_gone {
            self.ledger().violate(format!("I1: the profile of {id} is gone"));
        }
    }
}

/// An e-mail that others want too, or one that nobody has.
fn address(chance: &Chance, turn: u32) -> String {
    if chance.per_mille(500) { chance.pick(&EMAILS).to_owned() } else { format!("moved{turn}@example.test") }
}
