//! The three services and the network between them, as one state that an action changes.
//!
//! What a service does is in the file of its name; here is what carries it there.

use crate::action::Action;
use crate::bug::Bug;
use crate::lane::Message;
use crate::state::{ACCOUNTS, Account, Route, Service, State, Task};

/// A state in the hands of services that may have a bug.
pub(crate) struct World<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) bug: Option<Bug>,
}

impl World<'_> {
    /// Whether the services have `bug`.
    pub(crate) fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// Commits a message with the change that is being made.
    pub(crate) fn send(&mut self, account: Account, route: Route, message: Message) {
        self.state.lanes[account][route as usize].push(message);
    }

    /// Lets `action` happen.
    pub(crate) fn act(&mut self, action: Action) {
        match action {
            Action::Register { account, email, name } => self.begin(account, email, name),
            Action::Create(account) => self.create(account),
            Action::Read(account, reply) => self.read(account, reply),
            Action::MissAnswer(account) => {
                if let Task::Asking { again, .. } = &mut self.state.auth.tasks[account] {
                    *again = true;
                }
            }
            Action::GiveUp(account) => self.give_up(account),
            Action::Overdue(account) => self.abort(account),
            Action::Confirm(account) => self.confirm(account),
            Action::Answer(account, session) => self.accept(account, Some(session)),
            Action::Deliver(account, route, message) => {
                if self.deliver(account, route, message) {
                    self.state.lanes[account][route as usize].hear();
                }
            }
            Action::Remove(account, route) => self.delivered(account, route),
            Action::Drop(account, route) => drop(self.state.lanes[account][route as usize].pop()),
            Action::Repeat(account, route, message) => drop(self.deliver(account, route, message)),
            Action::LogIn(account) => self.log_in(account),
            Action::ChangePassword(account) => self.change_password(account),
            Action::Write(account, session) => self.write(account, session),
            Action::Deactivate(account) => self.deactivate(account),
            Action::Reactivate(account) => self.reactivate(account),
            Action::Erase(account) => self.erase(account),
            Action::Move(account) => self.begin_move(account),
            Action::Reserve(account) => self.reserve(account),
            Action::EndMove(account, hold) => self.end_move(account, hold),
            Action::Purge(account) => self.purge(account),
            Action::Crash(service) => self.crash(service),
        }
    }

    /// The receiver takes a message; `false` when it is not done with it.
    fn deliver(&mut self, account: Account, route: Route, message: Message) -> bool {
        match (route, message) {
            (Route::AuthToUser, Message::Abort) => self.abort_profile(account),
            (Route::AuthToUser, Message::Standing(told)) => self.user_hears(account, told),
            (Route::UserToAuth, Message::Moved) => return self.moved(account),
            (Route::UserToAuth, Message::Released) => self.released(account),
            (Route::UserToAuth, Message::Standing(told)) => return self.auth_hears(account, told),
            (_, Message::Standing(told)) => return self.notes_hears(account, told),
            (_, Message::Abort | Message::Moved | Message::Released) => {
                unreachable!("{route:?} carries no {message}")
            }
        }
        true
    }

    /// The sender removes what was heard, with what that settles.
    fn delivered(&mut self, account: Account, route: Route) {
        if self.state.lanes[account][route as usize].pop() == Some(Message::Abort) {
            self.bury(account);
        }
    }

    /// A service dies and starts again: answers from and to it are lost, and so is what it only had in mind.
    fn crash(&mut self, service: Service) {
        let in_memory = self.has(Bug::OutboxInMemory);
        for account in 0..ACCOUNTS {
            for route in Route::ALL.into_iter().filter(|route| route.ends().contains(&service)) {
                let lane = &mut self.state.lanes[account][route as usize];
                lane.unhear();
                if in_memory && route.ends()[0] == service {
                    lane.lose();
                }
            }
        }
        match service {
            Service::Auth => self.restart_auth(),
            Service::User => self.restart_user(),
            Service::Notes => {}
        }
    }
}
