//! Coming and going: the person leaves, an administrator deactivates, reactivates, erases, and changes role and e-mail.

use serde_json::{Value, json};

use super::{Account, Name};
use crate::crash::asker::{Asker, Outcome};
use crate::crash::kind::Kind;
use crate::kit::actor::token_of;
use crate::kit::{Actor, Request};

/// Where an account stands for its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::crash) enum Standing {
    /// Not registered, or erased.
    Absent,
    Active,
    Disabled,
}

impl Account {
    pub(super) fn leave(&mut self, asker: &mut Asker<'_>) -> Result<(), String> {
        self.standing.attempt(Standing::Disabled);
        let outcome =
            asker.ask(Kind::Leave, &self.actor, Request::new("DELETE", "/api/users/delete-me"), 204)?;
        outcome.settle(&mut self.standing);
        Ok(())
    }

    pub(super) fn is_deactivated(&mut self, asker: &mut Asker<'_>) -> Result<(), String> {
        self.set_active(false, Standing::Disabled, asker)
    }

    /// An administrator reactivates it; the person has to log in again.
    pub(super) fn come_back(&mut self, asker: &mut Asker<'_>) -> Result<(), String> {
        self.set_active(true, Standing::Active, asker)?;
        self.actor.token = None;
        Ok(())
    }

    fn set_active(&mut self, is: bool, standing: Standing, asker: &mut Asker<'_>) -> Result<(), String> {
        self.standing.attempt(standing);
        let kind = if is { Kind::Reactivate } else { Kind::Deactivate };
        let outcome = self.patch(kind, &json!({"isActive": is}), asker)?;
        outcome.settle(&mut self.standing);
        Ok(())
    }

    /// An administrator erases it for good.
    pub(in crate::crash) fn erase(&mut self, asker: &mut Asker<'_>) -> Result<(), String> {
        self.standing.attempt(Standing::Absent);
        let outcome = asker.ask_as_admin(Kind::Erase, Request::new("DELETE", self.target()), 204)?;
        outcome.settle(&mut self.standing);
        Ok(())
    }

    pub(super) fn change_role(&mut self, asker: &mut Asker<'_>) -> Result<(), String> {
        if !self.role.is_sure() {
            return Ok(());
        }
        let role = if self.role.sure() == "user" { "admin" } else { "user" };
        self.role.attempt(role.to_owned());
        self.patch(Kind::ChangeRole, &json!({"role": role}), asker)?.settle(&mut self.role);
        Ok(())
    }

    pub(super) fn move_to_another_email(&mut self, asker: &mut Asker<'_>) -> Result<(), String> {
        if !self.email.is_sure() {
            return Ok(());
        }
        let (before, email) =
            (self.email.sure().clone(), format!("{}.moved{}@example.test", self.name, self.written));
        self.email.attempt(email.clone());
        if self.patch(Kind::ChangeEmail, &json!({"email": email}), asker)?.settle(&mut self.email).is_some() {
            self.released.push(Name::Email(before));
            self.actor = self.actor.called(&email);
        }
        Ok(())
    }

    fn patch(&self, kind: Kind, body: &Value, asker: &mut Asker<'_>) -> Result<Outcome, String> {
        asker.ask_as_admin(kind, Request::new("PATCH", self.target()).json(body), 200)
    }

    /// Where it stands, by what the administrator sees; everything else that is seen there is settled too.
    pub(super) fn settle_standing(&mut self, asker: &mut Asker<'_>) -> Result<Standing, String> {
        if self.id.is_none() {
            return self.settle_registration(asker);
        }
        let answer = asker.spot.admin.get(&self.target());
        let (status, user) = (answer.status, || answer.json()["data"]["user"].clone());
        let found = match status {
            404 => Standing::Absent,
            200 if user()["isActive"] == true => Standing::Active,
            200 => Standing::Disabled,
            _ => return Err(format!("the administrator sees {answer}")),
        };
        asker.counts.compare(self.standing.settle(found)?);
        if found != Standing::Absent {
            self.settle_profile(&user(), asker)?;
        }
        Ok(found)
    }

    /// A registration that nobody answered is wholly there or wholly absent; in that case it is done now.
    fn settle_registration(&mut self, asker: &mut Asker<'_>) -> Result<Standing, String> {
        if self.standing.is_sure() {
            return Ok(*self.standing.sure());
        }
        let anon = Actor::anon(asker.spot.doors.gateway);
        let (user, password, registration) =
            (anon.called(self.email.sure()), self.password.sure().clone(), self.registration());
        let there = || Some(user.try_log_in(&password)).filter(|answer| answer.status == 200);
        let free = || Some(anon.send(registration.clone())).filter(|answer| answer.status == 201);
        let what = format!("{} is there, or free", user.email);
        let answer = asker.soon(&what, || there().or_else(free))?;
        asker.counts.compare(answer.status == 200);
        self.standing.settle(Standing::Active)?;
        self.enter(&token_of(&answer));
        let seen = asker.spot.admin.get(&self.target());
        self.settle_profile(&seen.json()["data"]["user"], asker)?;
        Ok(Standing::Active)
    }

    /// A disabled account: its password is right and of no use, its tokens are dead.
    pub(super) fn is_refused(&mut self, asker: &mut Asker<'_>) -> Result<(), String> {
        self.try_passwords(asker, 403)?;
        self.tokens_are_dead(asker)
    }

    /// An account that is gone, or never came: nobody can tell that it was ever there.
    pub(super) fn is_gone(&self, asker: &mut Asker<'_>) -> Result<(), String> {
        let actor = self.actor.at(asker.spot.doors.gateway).called(self.email.sure());
        for password in self.password.candidates() {
            let what = format!("{} cannot log in", actor.email);
            asker.soon(&what, || (actor.try_log_in(password).status == 401).then_some(()))?;
            asker.counts.compare(false);
        }
        self.tokens_are_dead(asker)
    }

    fn tokens_are_dead(&self, asker: &mut Asker<'_>) -> Result<(), String> {
        if self.actor.token.is_none() {
            return Ok(());
        }
        let doors = asker.spot.doors;
        for (door, target) in [(doors.user, "/users/me"), (doors.notes, "/notes")] {
            let actor = self.actor.at(door);
            let what = format!("the token of {} is dead at {target}", actor.email);
            asker.soon(&what, || (actor.get(target).status == 401).then_some(()))?;
            asker.counts.compare(false);
        }
        Ok(())
    }
}
