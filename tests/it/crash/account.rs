//! One account as its client believes it to be, and how that is compared with what the world says.
//!
//! What can be done with an account lies beside this file, one kind of thing in each.

mod note;
mod password;
mod profile;
mod standing;

use std::net::SocketAddr;

use serde_json::{Value, json};

use self::note::Notes;
pub(super) use self::standing::Standing;
use super::asker::{Asker, Outcome};
use super::kind::Kind;
use super::ledger::Known;
use crate::kit::actor::token_of;
use crate::kit::{Actor, Request, token};

/// What a client knows of one account.
#[derive(Debug)]
pub(super) struct Account {
    /// Known from the first token on.
    id: Option<String>,
    /// The last token, which is good for as long as nothing ended the session.
    actor: Actor,
    /// A name that no other account ever has, for passwords and texts.
    name: String,
    /// Makes every text unlike all others.
    written: u32,
    standing: Known<Standing>,
    email: Known<String>,
    /// `None` for a generated one that nobody has seen yet.
    username: Known<Option<String>>,
    password: Known<String>,
    bio: Known<Value>,
    role: Known<String>,
    notes: Notes,
    /// A reset mail was asked for and did not come: another one could be told from it by nobody.
    is_owed_mail: bool,
    /// E-mails and usernames that it let go.
    released: Vec<Name>,
}

/// Something that only one account can have.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Name {
    Email(String),
    Username(String),
}

impl Account {
    /// Somebody who is about to register as `name` with these e-mails and usernames, or with a fresh e-mail and a
    /// generated username; of several the last counts.
    pub(super) fn heir(door: SocketAddr, name: String, names: &[Name]) -> Self {
        let (mut email, mut username) = (format!("{name}@example.test"), None);
        for name in names.iter().cloned() {
            match name {
                Name::Email(inherited) => email = inherited,
                Name::Username(inherited) => username = Some(inherited),
            }
        }
        Self {
            id: None,
            actor: Actor::anon(door),
            password: Known::new(format!("first password of {name}")),
            name,
            written: 0,
            standing: Known::new(Standing::Absent),
            email: Known::new(email),
            username: Known::new(username),
            bio: Known::new(Value::Null),
            role: Known::new("user".to_owned()),
            notes: Notes::default(),
            is_owed_mail: false,
            released: Vec::new(),
        }
    }

    /// Registers.
    fn register(&mut self, asker: &mut Asker<'_>) -> Result<(), String> {
        self.standing.attempt(Standing::Active);
        let outcome =
            asker.ask(Kind::Register, &Actor::anon(asker.spot.doors.gateway), self.registration(), 201)?;
        self.take_over(outcome);
        Ok(())
    }

    /// Registers with names that others let go: they must be free by now, and nothing old may come with them.
    pub(super) fn inherit(&mut self, asker: &mut Asker<'_>) -> Result<(), String> {
        let anon = Actor::anon(asker.spot.doors.gateway);
        let body = self.registration();
        let registered = || Some(anon.send(body.clone())).filter(|answer| answer.status == 201);
        let answer = asker.soon(&format!("{:?} can be registered", self.names()), registered)?;
        self.standing.attempt(Standing::Active);
        self.take_over(Outcome::Acknowledged(answer));
        asker.acknowledged(Kind::Register);
        asker.counts.compare(false);
        Ok(())
    }

    /// One thing that can be done with it now; `false` when there is none.
    pub(super) fn act(&mut self, asker: &mut Asker<'_>) -> Result<bool, String> {
        if !self.standing.is_sure() || !self.password.is_sure() {
            return Ok(false);
        }
        let kind = match self.standing.sure() {
            Standing::Active if self.actor.token.is_none() => Kind::LogIn,
            Standing::Active => Kind::drawn(asker.draw(100)),
            Standing::Disabled => Kind::Reactivate,
            Standing::Absent => return Ok(false),
        };
        self.perform(kind, asker)?;
        Ok(true)
    }

    /// Does one operation of this kind, which must be possible now.
    pub(super) fn perform(&mut self, kind: Kind, asker: &mut Asker<'_>) -> Result<(), String> {
        self.written += 1;
        match kind {
            Kind::Register => self.register(asker),
            Kind::LogIn => self.log_in(asker),
            Kind::ChangePassword => self.change_password(asker),
            Kind::ForgetPassword | Kind::ResetPassword => self.reset_password(asker),
            Kind::ChangeBio => self.change_bio(asker),
            Kind::ChangeUsername => self.change_username(asker),
            Kind::Leave => self.leave(asker),
            Kind::Deactivate => self.is_deactivated(asker),
            Kind::Reactivate => self.come_back(asker),
            Kind::Erase => self.erase(asker),
            Kind::ChangeRole => self.change_role(asker),
            Kind::ChangeEmail => self.move_to_another_email(asker),
            notes => self.use_notes(notes, asker),
        }
    }

    /// Compares everything with what the world says once its services agree, and goes on with what is there.
    pub(super) fn check(&mut self, asker: &mut Asker<'_>) -> Result<(), String> {
        let compared = self.compare(asker);
        compared.map_err(|complaint| format!("{complaint}\n{self:#?}"))
    }

    fn compare(&mut self, asker: &mut Asker<'_>) -> Result<(), String> {
        match self.settle_standing(asker)? {
            Standing::Absent => self.is_gone(asker),
            Standing::Disabled => self.is_refused(asker),
            Standing::Active => {
                self.settle_password(asker)?;
                self.reads_its_own_profile(asker)?;
                self.notes.check(&self.actor, asker)
            }
        }
    }

    /// Whether it is there for certain.
    pub(super) fn is_there(&self) -> bool {
        self.standing.is_sure() && *self.standing.sure() != Standing::Absent
    }

    /// What others may have now that it let go, all of it if it is gone.
    pub(super) fn release(&mut self) -> Vec<Name> {
        let mut released = std::mem::take(&mut self.released);
        if !self.is_there() {
            released.extend(self.names());
        }
        released
    }

    fn names(&self) -> Vec<Name> {
        let email = Name::Email(self.email.sure().clone());
        std::iter::once(email).chain(self.username.sure().clone().map(Name::Username)).collect()
    }

    fn registration(&self) -> Request {
        let mut body = json!({"email": self.email.sure(), "password": self.password.sure()});
        if let Some(username) = self.username.sure() {
            body["username"] = username.as_str().into();
        }
        Request::new("POST", "/api/auth/register").json(&body)
    }

    fn take_over(&mut self, registered: Outcome) {
        if let Some(answer) = registered.settle(&mut self.standing) {
            self.enter(&token_of(&answer));
        }
    }

    /// Goes on with a new token.
    fn enter(&mut self, token: &str) {
        self.actor = self.actor.called(self.email.sure()).with_token(token);
        self.id = Some(token::account(token));
    }

    /// The administrator's view of this account.
    fn target(&self) -> String {
        format!("/api/users/{}", self.id.as_deref().unwrap_or_default())
    }
}
