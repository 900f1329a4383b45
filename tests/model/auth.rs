//! What auth does, commit by commit: the model of its `service/registration.rs`, `store/registration.rs` and
//! `store/account.rs`.
//!
//! Each method is one commit with what it sends, or one step of the request that registers.

use chassis::standing::{Rung, Session, Standing};

use crate::bug::Bug;
use crate::lane::Message;
use crate::state::{Account, Answers, Claim, Identity, Outcome, Route, Saga, Task};
use crate::world::World;

/// What the user service says of a profile that auth asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Made,
    Taken,
    Gone,
}

impl World<'_> {
    /// R1: claims the e-mail; a taken one changes nothing.
    pub(crate) fn begin(&mut self, account: Account, email: u8, name: u8) {
        let claim = &mut self.state.auth.claims[usize::from(email)];
        if claim.is_some() {
            return;
        }
        *claim = Some(Claim { account, is_held: false });
        let identity =
            Identity { standing: Standing::new(Rung::Pending), email, confirmed: false, changed: false };
        self.state.auth.identities[account] = Some(identity);
        self.state.auth.sagas[account] = Saga::Running;
        self.state.auth.tasks[account] = Task::Asking { again: false, answers: Answers::default() };
        let early = self.has(Bug::TokenBeforePivot);
        let person = &mut self.state.people[account];
        (person.email, person.name, person.outcome) = (email, name, Outcome::Unknown);
        if early {
            person.tokens.insert(identity.session());
        }
    }

    /// A reply that the request still waits for.
    pub(crate) fn reply(&mut self, account: Account, reply: Reply) {
        if let Task::Asking { answers, .. } = &mut self.state.auth.tasks[account] {
            match reply {
                Reply::Made => answers.made = true,
                Reply::Taken => answers.taken = true,
                Reply::Gone => answers.gone = true,
            }
        }
    }

    /// The request goes on with what the user service said.
    pub(crate) fn read(&mut self, account: Account, reply: Reply) {
        let again = matches!(self.state.auth.tasks[account], Task::Asking { again: true, .. });
        match reply {
            Reply::Made if self.has(Bug::AnswerBeforeCommit) => {
                let session = self.state.auth.identities[account].map(|identity| identity.session());
                self.accept(account, session);
                self.state.auth.tasks[account] = Task::Confirming;
            }
            Reply::Made => self.confirm(account),
            Reply::Taken => self.refused(account, again, Outcome::Refused),
            // There was a profile once, so news of it may be on its way here: a tombstone must be left for it.
            Reply::Gone => self.refused(account, true, Outcome::Unknown),
        }
    }

    /// R3, the pivot, if the registration is still under way.
    pub(crate) fn confirm(&mut self, account: Account) {
        self.state.auth.tasks[account] = Task::Over;
        let running = self.state.auth.sagas[account] == Saga::Running || self.has(Bug::PivotWithoutGuard);
        if !running {
            return;
        }
        let Some(identity) = &mut self.state.auth.identities[account] else {
            self.state.auth.sagas[account] = Saga::Over;
            return;
        };
        if identity.standing.rung == Rung::Disabled {
            return self.abort(account);
        }
        identity.standing.rung = Rung::Active;
        identity.confirmed = true;
        let (standing, session) = (identity.standing, identity.session());
        self.state.auth.sagas[account] = Saga::Over;
        self.send(account, Route::AuthToNotes, Message::Standing(standing));
        if self.state.people[account].outcome != Outcome::Accepted {
            self.state.auth.tasks[account] = Task::Answering(session);
        }
    }

    /// R4.
    pub(crate) fn accept(&mut self, account: Account, token: Option<Session>) {
        self.state.auth.tasks[account] = Task::Over;
        let person = &mut self.state.people[account];
        person.outcome = Outcome::Accepted;
        if let Some(session) = token {
            person.tokens.insert(session);
        }
    }

    /// The outcome stays unknown: the user service has to hear first that it did not happen.
    pub(crate) fn give_up(&mut self, account: Account) {
        if self.has(Bug::TimeoutIsRefusal) {
            self.undo(account);
        } else {
            self.abort(account);
        }
        self.state.auth.tasks[account] = Task::Over;
    }

    fn refused(&mut self, account: Account, again: bool, outcome: Outcome) {
        if again {
            self.abort(account);
        } else {
            self.undo(account);
        }
        self.state.auth.tasks[account] = Task::Over;
        self.state.people[account].outcome = outcome;
    }

    fn undo(&mut self, account: Account) {
        if self.state.auth.sagas[account] == Saga::Running {
            self.state.auth.sagas[account] = Saga::Over;
            self.remove(account, true);
        }
    }

    /// What is under way did not happen: by the request itself, by a start, or by the doctor who finds it overdue.
    pub(crate) fn abort(&mut self, account: Account) {
        if self.state.auth.sagas[account] == Saga::Running {
            self.state.auth.sagas[account] = Saga::Aborting;
            self.send(account, Route::AuthToUser, Message::Abort);
        }
    }

    /// The user service heard of the abort: with the row goes the account.
    pub(crate) fn bury(&mut self, account: Account) {
        if self.state.auth.sagas[account] == Saga::Aborting {
            self.state.auth.sagas[account] = Saga::Over;
            self.remove(account, !self.has(Bug::ClaimKept));
            self.state.auth.gone[account] = true;
        }
    }

    /// News from the user service; `false` when it is refused.
    pub(crate) fn auth_hears(&mut self, account: Account, told: Standing) -> bool {
        if told.rung == Rung::Deleted {
            self.remove(account, true);
            self.state.auth.gone[account] = true;
            return true;
        }
        let overwrite = self.has(Bug::OverwriteStanding);
        let known_early = self.has(Bug::KnownBeforePivot);
        let Some(identity) = &mut self.state.auth.identities[account] else {
            return self.state.auth.gone[account];
        };
        let before = identity.standing;
        identity.standing =
            if overwrite { Standing { epoch: before.epoch, ..told } } else { before.join(told) };
        identity.standing.epoch += ends(identity.standing).saturating_sub(ends(before));
        identity.confirmed |= known_early && identity.standing.rung == Rung::Active;
        true
    }

    /// A log-in by e-mail and password.
    pub(crate) fn log_in(&mut self, account: Account) {
        if let Some(identity) = self.state.auth.identities[account].filter(Identity::is_active) {
            self.state.people[account].tokens.insert(identity.session());
        }
    }

    /// A new password, by someone whose session stands; it ends every session there is.
    pub(crate) fn change_password(&mut self, account: Account) {
        let keep_epoch = self.has(Bug::EpochKept);
        let person = &mut self.state.people[account];
        let Some(identity) = &mut self.state.auth.identities[account] else { return };
        let admitted = person.tokens.iter().any(|session| identity.standing.admits(session).is_ok());
        if !admitted || !identity.is_active() || person.changed {
            return;
        }
        identity.changed = true;
        person.changed = true;
        person.ended = person.tokens;
        identity.standing.epoch += u32::from(!keep_epoch);
        person.tokens.insert(identity.session());
        let news = Message::Standing(identity.standing);
        self.send(account, Route::AuthToUser, news);
        self.send(account, Route::AuthToNotes, news);
    }

    fn remove(&mut self, account: Account, with_claim: bool) {
        if let Some(identity) = self.state.auth.identities[account].take()
            && with_claim
        {
            self.state.auth.claims[usize::from(identity.email)] = None;
        }
    }

    /// A death and the start after it: requests are forgotten, and what none of them finished did not happen.
    pub(crate) fn restart_auth(&mut self) {
        for account in 0..crate::state::ACCOUNTS {
            self.state.auth.tasks[account] = Task::Over;
            self.abort(account);
        }
    }
}

/// How often an account was deactivated by the time it stands there.
fn ends(standing: Standing) -> u32 {
    standing.generation + u32::from(standing.rung >= Rung::Disabled)
}
