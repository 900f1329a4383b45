//! Logging in, changing the password, and having it reset by mail.

use std::time::Duration;

use serde_json::json;

use super::Account;
use crate::crash::asker::{AGREED_WITHIN, Asker, Outcome};
use crate::crash::kind::Kind;
use crate::kit::actor::token_of;
use crate::kit::{Actor, Answer, Request, mail, wait};

/// A mail is written right after its answer; one that was promised before a kill may never come.
const MAIL_WITHIN: Duration = Duration::from_millis(500);

impl Account {
    /// A right password logs in; right after a reactivation as soon as auth has heard of it.
    pub(super) fn log_in(&mut self, asker: &mut Asker<'_>) -> Result<(), String> {
        if !self.email.is_sure() {
            return Ok(());
        }
        let body = json!({"email": self.email.sure(), "password": self.password.sure()});
        let (anon, request) =
            (Actor::anon(asker.spot.doors.gateway), Request::new("POST", "/api/auth/login").json(&body));
        let logged_in = || {
            let answer = anon.try_send(request.clone()).ok().filter(|answer| answer.status == 200);
            (answer.is_some() || asker.sky.is_faulty()).then_some(answer)
        };
        let tried = wait::poll(AGREED_WITHIN, logged_in);
        let answer = tried.map_err(|looks| format!("{} cannot log in ({looks} tries)", self.email.sure()))?;
        if let Some(answer) = answer {
            asker.acknowledged(Kind::LogIn);
            self.enter(&token_of(&answer));
        }
        Ok(())
    }

    pub(super) fn change_password(&mut self, asker: &mut Asker<'_>) -> Result<(), String> {
        let password = self.next_password();
        let body = json!({"currentPassword": self.password.sure(), "newPassword": password});
        self.password.attempt(password);
        let request = Request::new("PATCH", "/api/auth/update-password").json(&body);
        let outcome = asker.ask(Kind::ChangePassword, &self.actor, request, 200)?;
        if let Some(answer) = outcome.settle(&mut self.password) {
            self.enter(&token_of(&answer));
        }
        Ok(())
    }

    pub(super) fn reset_password(&mut self, asker: &mut Asker<'_>) -> Result<(), String> {
        if !self.email.is_sure() || self.is_owed_mail {
            return Ok(());
        }
        let anon = Actor::anon(asker.spot.doors.gateway);
        let email = self.email.sure().clone();
        let forgot = Request::new("POST", "/api/auth/forgot-password").json(&json!({"email": email}));
        let before = mail::newest(&asker.spot.data, &email).map(|(id, _)| id);
        self.is_owed_mail = true;
        if !matches!(asker.ask(Kind::ForgetPassword, &anon, forgot, 200)?, Outcome::Acknowledged(_)) {
            return Ok(());
        }
        let newer = || mail::newest(&asker.spot.data, &email).filter(|(id, _)| Some(id) > before.as_ref());
        let Ok((_, token)) = wait::poll(MAIL_WITHIN, newer) else { return Ok(()) };
        self.is_owed_mail = false;
        let password = self.next_password();
        self.password.attempt(password.clone());
        let target = format!("/api/auth/reset-password/{token}");
        let request = Request::new("PATCH", target).json(&json!({"password": password}));
        if let Some(answer) = asker.ask(Kind::ResetPassword, &anon, request, 200)?.settle(&mut self.password)
        {
            self.enter(&token_of(&answer));
        }
        Ok(())
    }

    /// Logs in with the password that must work, which tells whether it is the unanswered one.
    pub(super) fn settle_password(&mut self, asker: &mut Asker<'_>) -> Result<(), String> {
        let answer = self.try_passwords(asker, 200)?;
        self.enter(&token_of(&answer));
        self.is_owed_mail = false;
        Ok(())
    }

    /// Demands that one of the passwords that may be right is soon answered with `status`.
    pub(super) fn try_passwords(&mut self, asker: &mut Asker<'_>, status: u16) -> Result<Answer, String> {
        let actor = self.actor.at(asker.spot.doors.gateway).called(self.email.sure());
        let candidates: Vec<_> = self.password.candidates().cloned().collect();
        let fitting = |password: &String| {
            let answer = actor.try_log_in(password);
            (answer.status == status).then(|| (password.clone(), answer))
        };
        let what = format!("logging in as {} is answered with {status}", actor.email);
        let (password, answer) = asker.soon(&what, || candidates.iter().find_map(fitting))?;
        asker.counts.compare(self.password.settle(password)?);
        Ok(answer)
    }

    fn next_password(&self) -> String {
        format!("password {} of {}", self.written, self.name)
    }
}
