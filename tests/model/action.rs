//! What can happen next, in words that make a counterexample read as a story.

use std::fmt;

use chassis::standing::Session;

use crate::auth::Reply;
use crate::lane::Message;
use crate::moving::Hold;
use crate::state::{Account, Route, Service};

/// One step of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Someone registers, and auth claims the e-mail (R1).
    Register { account: Account, email: u8, name: u8 },
    /// A request for a profile arrives at user (R2): the first one, a retry, or a copy.
    Create(Account),
    /// Auth reads user's answer.
    Read(Account, Reply),
    /// One try stays without an answer.
    MissAnswer(Account),
    /// The last try stays without an answer.
    GiveUp(Account),
    /// The doctor finds the registration overdue.
    Overdue(Account),
    /// The pivot, apart from the answer; only a bug separates them.
    Confirm(Account),
    /// 201 arrives, with a token.
    Answer(Account, Session),
    /// The oldest message of a lane arrives.
    Deliver(Account, Route, Message),
    /// Its sender hears of that and removes it.
    Remove(Account, Route),
    /// Its sender gives it up; only a bug does.
    Drop(Account, Route),
    /// A copy of an old message arrives.
    Repeat(Account, Route, Message),
    /// Someone logs in.
    LogIn(Account),
    /// Someone changes their password.
    ChangePassword(Account),
    /// Someone writes a note with a token of this session.
    Write(Account, Session),
    /// The owner leaves, or an administrator deactivates the account (S1).
    Deactivate(Account),
    /// An administrator brings it back.
    Reactivate(Account),
    /// An administrator erases it (H1).
    Erase(Account),
    /// An administrator moves it to the other e-mail.
    Move(Account),
    /// A request to hold that e-mail arrives at auth (M1): the first one, or a copy.
    Reserve(Account),
    /// User reads auth's answer, or gives up waiting for one.
    EndMove(Account, Option<Hold>),
    /// Notes removes what a deleted author wrote.
    Purge(Account),
    /// A service dies and starts again.
    Crash(Service),
}

impl Action {
    /// Whether the services owe it: not what people, bad luck and the network's memory add.
    pub(crate) fn is_owed(self) -> bool {
        match self {
            Self::Read(..)
            | Self::MissAnswer(_)
            | Self::GiveUp(_)
            | Self::Overdue(_)
            | Self::Confirm(_)
            | Self::Answer(..)
            | Self::Deliver(..)
            | Self::Remove(..)
            | Self::EndMove(..)
            | Self::Purge(_) => true,
            Self::Register { .. }
            | Self::Create(_)
            | Self::Drop(..)
            | Self::Repeat(..)
            | Self::LogIn(_)
            | Self::ChangePassword(_)
            | Self::Write(..)
            | Self::Deactivate(_)
            | Self::Reactivate(_)
            | Self::Erase(_)
            | Self::Move(_)
            | Self::Reserve(_)
            | Self::Crash(_) => false,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Register { account, email, name } => {
                write!(f, "{} registers e-mail {email} as username {name}", who(account))
            }
            Self::Create(account) => write!(f, "user is asked for {}'s profile", who(account)),
            Self::Read(account, reply) => write!(f, "auth reads of {}'s profile: {reply:?}", who(account)),
            Self::MissAnswer(account) => write!(f, "a try for {}'s profile stays unanswered", who(account)),
            Self::GiveUp(account) => write!(f, "auth gives up on {}'s profile", who(account)),
            Self::Overdue(account) => write!(f, "the doctor aborts {}'s registration", who(account)),
            Self::Confirm(account) => write!(f, "auth confirms {}", who(account)),
            Self::Answer(account, _) => write!(f, "{} reads 201", who(account)),
            Self::Deliver(account, route, message) => {
                write!(f, "{route:?} delivers of {}: {message}", who(account))
            }
            Self::Remove(account, route) => write!(f, "{route:?} removes its row of {}", who(account)),
            Self::Drop(account, route) => write!(f, "{route:?} drops its row of {}", who(account)),
            Self::Repeat(account, route, message) => {
                write!(f, "{route:?} repeats of {}, late: {message}", who(account))
            }
            Self::LogIn(account) => write!(f, "{} logs in", who(account)),
            Self::ChangePassword(account) => write!(f, "{} changes the password", who(account)),
            Self::Write(account, Session { generation, epoch }) => {
                let who = who(account);
                write!(f, "{who} writes a note with a token of generation {generation}, epoch {epoch}")
            }
            Self::Deactivate(account) => write!(f, "{} is deactivated", who(account)),
            Self::Reactivate(account) => write!(f, "{} is reactivated", who(account)),
            Self::Erase(account) => write!(f, "{} is erased", who(account)),
            Self::Move(account) => write!(f, "{} is to move to e-mail 1", who(account)),
            Self::Reserve(account) => write!(f, "auth is asked to hold e-mail 1 for {}", who(account)),
            Self::EndMove(account, hold) => {
                write!(f, "user hears of {}'s new e-mail: {hold:?}", who(account))
            }
            Self::Purge(account) => write!(f, "notes purges {}", who(account)),
            Self::Crash(service) => write!(f, "{service:?} dies and starts again"),
        }
    }
}

fn who(account: Account) -> &'static str {
    if account == 0 { "Ada" } else { "Bob" }
}
