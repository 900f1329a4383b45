//! What a person tells of themselves: a biography and a username, changed by update-me.

use serde_json::{Value, json};

use super::{Account, Name};
use crate::crash::asker::Asker;
use crate::crash::kind::Kind;
use crate::kit::Request;

impl Account {
    pub(super) fn change_bio(&mut self, asker: &mut Asker<'_>) -> Result<(), String> {
        if !self.bio.is_sure() {
            return Ok(());
        }
        let bio = Value::from(format!("Bio number {} of {}.", self.written, self.name));
        self.bio.attempt(bio.clone());
        let outcome = asker.ask(Kind::ChangeBio, &self.actor, update(&json!({"bio": bio})), 200)?;
        outcome.settle(&mut self.bio);
        Ok(())
    }

    pub(super) fn change_username(&mut self, asker: &mut Asker<'_>) -> Result<(), String> {
        if !self.username.is_sure() {
            return Ok(());
        }
        let username = format!("{} the {}th", self.name, self.written);
        let before = self.username.sure().clone();
        self.username.attempt(Some(username.clone()));
        let outcome =
            asker.ask(Kind::ChangeUsername, &self.actor, update(&json!({"username": username})), 200)?;
        if outcome.settle(&mut self.username).is_some() {
            self.released.extend(before.map(Name::Username));
        }
        Ok(())
    }

    /// What the administrator sees of it must be what is known; an unanswered change is settled by it.
    pub(super) fn settle_profile(&mut self, found: &Value, asker: &mut Asker<'_>) -> Result<(), String> {
        let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
        asker.counts.compare(self.bio.settle(found["bio"].clone())?);
        asker.counts.compare(self.role.settle(text("role"))?);
        asker.counts.compare(self.settle_username(&text("username"))?);
        let emails: Vec<_> = self.email.candidates().cloned().collect();
        asker.counts.compare(self.email.settle(text("email"))?);
        let lost = emails.into_iter().filter(|email| email != self.email.sure());
        self.released.extend(lost.map(Name::Email));
        self.actor = self.actor.called(self.email.sure());
        Ok(())
    }

    fn settle_username(&mut self, found: &str) -> Result<bool, String> {
        let candidates: Vec<_> = self.username.candidates().flatten().cloned().collect();
        let is_generated = self.username.sure().is_none() && !candidates.iter().any(|name| name == found);
        if is_generated && !looks_generated(found, self.email.sure()) {
            return Err(format!("a username that nobody chose: {found}"));
        }
        if is_generated {
            self.username.settle_as(false);
            self.username.attempt(Some(found.to_owned()));
            self.username.settle_as(true);
        }
        let happened = self.username.settle(Some(found.to_owned()))?;
        self.released.extend(candidates.into_iter().filter(|name| name != found).map(Name::Username));
        Ok(happened)
    }

    /// The person reads what the administrator sees.
    pub(super) fn reads_its_own_profile(&self, asker: &mut Asker<'_>) -> Result<(), String> {
        let me = self.actor.at(asker.spot.doors.gateway).get("/api/users/me");
        let user = || me.json()["data"]["user"].clone();
        let is_right = me.status == 200
            && user()["email"] == self.email.sure().as_str()
            && user()["username"].as_str() == self.username.sure().as_deref()
            && user()["bio"] == *self.bio.sure();
        asker.counts.compare(false);
        is_right.then_some(()).ok_or_else(|| format!("not its own profile: {me}"))
    }
}

/// `<local part>_<4 digits>`, after the e-mail that it registered with.
fn looks_generated(username: &str, email: &str) -> bool {
    let digits = username.rsplit_once('_').map_or("", |(_, digits)| digits);
    email.contains('@') && digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn update(body: &Value) -> Request {
    Request::new("PATCH", "/api/users/update-me").json(body)
}
