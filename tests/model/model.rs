//! The protocol as a state machine that a checker can walk through.

use stateright::{Model, Property};

use crate::action::Action;
use crate::auth::Reply;
use crate::bug::Bug;
use crate::moving::Hold;
use crate::property;
use crate::scope::{Life, Scope};
use crate::state::{ACCOUNTS, Account, Move, Outcome, Route, Saga, Service, State, Task};
use crate::world::World;

/// The services, right or with a bug, within a scope.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Protocol {
    pub(crate) scope: Scope,
    pub(crate) bug: Option<Bug>,
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::first(self.scope.crashes)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for account in 0..ACCOUNTS {
            let Some(life) = self.scope.lives[account] else { continue };
            if state.people[account].outcome == Outcome::None {
                register(&self.scope, state, account, actions);
                continue;
            }
            request(state, account, actions);
            self.messages(state, account, actions);
            people(life, state, account, actions);
        }
        let services = [Service::Auth, Service::User, Service::Notes];
        let mortal = services.into_iter().filter(|service| state.mortal[*service as usize]);
        actions.extend(mortal.map(Action::Crash));
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut next = last.clone();
        World { state: &mut next, bug: self.bug }.act(action);
        if next == *last {
            return None;
        }
        if let Action::Crash(service) = action {
            next.mortal[service as usize] = false;
        }
        next.fell |= property::falls(last, &next);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        property::all()
    }

    fn format_action(&self, action: &Action) -> String {
        action.to_string()
    }
}

impl Protocol {
    /// Whether the services can still do something that they owe.
    pub(crate) fn goes_on(&self, state: &State) -> bool {
        let mut actions = Vec::new();
        self.actions(state, &mut actions);
        let mut owed = actions.into_iter().filter(|action| action.is_owed());
        owed.any(|action| self.next_state(state, action).is_some())
    }

    fn messages(&self, state: &State, account: Account, actions: &mut Vec<Action>) {
        for route in Route::ALL {
            let lane = &state.lanes[account][route as usize];
            if let Some(message) = lane.head() {
                if lane.is_heard() {
                    actions.push(Action::Remove(account, route));
                } else {
                    actions.push(Action::Deliver(account, route, message));
                }
                if self.bug == Some(Bug::DropOnUnknown) {
                    actions.push(Action::Drop(account, route));
                }
            }
            actions.extend(lane.late().map(|message| Action::Repeat(account, route, message)));
        }
    }
}

/// What people and administrators do, and what services still owe for it.
fn people(life: Life, state: &State, account: Account, actions: &mut Vec<Action>) {
    let person = &state.people[account];
    let may = [
        (life.log_in, Action::LogIn(account)),
        (life.password && !person.tokens.is_empty(), Action::ChangePassword(account)),
        (life.deactivation, Action::Deactivate(account)),
        (life.reactivation, Action::Reactivate(account)),
        (life.erasure, Action::Erase(account)),
        (life.moving, Action::Move(account)),
    ];
    actions.extend(may.into_iter().filter(|(may, _)| *may).map(|(_, action)| action));
    if life.note {
        actions.extend(person.tokens.iter().map(|session| Action::Write(account, session)));
    }
    actions.push(Action::Purge(account));
    if state.user.moves[account] != Move::None {
        actions.push(Action::Reserve(account));
    }
    if let Move::Asking { held, taken } = state.user.moves[account] {
        let there = [(held, Some(Hold::Held)), (taken, Some(Hold::Taken)), (true, None)];
        actions.extend(there.iter().filter(|(is, _)| *is).map(|(_, hold)| Action::EndMove(account, *hold)));
    }
}

/// Ada comes first.
fn register(scope: &Scope, state: &State, account: Account, actions: &mut Vec<Action>) {
    let wishes: &[(u8, u8)] = if account == 0 { &[(0, 0)] } else { scope.wishes };
    if account == 0 || state.people[0].outcome != Outcome::None {
        let wish = |(email, name): &(u8, u8)| Action::Register { account, email: *email, name: *name };
        actions.extend(wishes.iter().map(wish));
    }
}

/// The request that registers, what user hears of it, and the doctor who finds it late.
fn request(state: &State, account: Account, actions: &mut Vec<Action>) {
    actions.push(Action::Create(account));
    match state.auth.tasks[account] {
        Task::Over => {}
        Task::Confirming => actions.push(Action::Confirm(account)),
        Task::Answering(session) => actions.push(Action::Answer(account, session)),
        Task::Asking { again, answers } => {
            let there =
                [(answers.made, Reply::Made), (answers.taken, Reply::Taken), (answers.gone, Reply::Gone)];
            actions
                .extend(there.iter().filter(|(is, _)| *is).map(|(_, reply)| Action::Read(account, *reply)));
            actions.push(if again { Action::GiveUp(account) } else { Action::MissAnswer(account) });
        }
    }
    if state.auth.sagas[account] == Saga::Running {
        actions.push(Action::Overdue(account));
    }
}
