//! One state of the model: what each service keeps, what is under way, and what people know.
//!
//! Only what the protocol decides by is here; who may change it is said in the files of the services.

use chassis::standing::{Rung, Session, Standing};

use crate::lane::Lane;

/// Accounts: enough for one to want what another has.
pub(crate) const ACCOUNTS: usize = 2;
/// E-mails, and usernames.
pub(crate) const NAMES: usize = 2;
/// Bits of a generation's sessions in [`Sessions`].
const EPOCHS: u32 = 4;

/// An account, by number.
pub(crate) type Account = usize;

/// Everything at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) auth: Auth,
    pub(crate) user: User,
    pub(crate) notes: [Notebook; ACCOUNTS],
    /// For each account its messages by [`Route`].
    pub(crate) lanes: [[Lane; 4]; ACCOUNTS],
    pub(crate) people: [Person; ACCOUNTS],
    /// Whether each service may still die.
    pub(crate) mortal: [bool; 3],
    /// Whether an account went down its ladder somewhere.
    pub(crate) fell: bool,
}

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    AuthToUser,
    AuthToNotes,
    UserToAuth,
    UserToNotes,
}

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Auth,
    User,
    Notes,
}

/// What auth keeps, and in `tasks` what it only has in mind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Auth {
    pub(crate) identities: [Option<Identity>; ACCOUNTS],
    pub(crate) gone: [bool; ACCOUNTS],
    pub(crate) sagas: [Saga; ACCOUNTS],
    /// Whose each e-mail is.
    pub(crate) claims: [Option<Claim>; NAMES],
    /// Moves to another e-mail that are over, however they ended.
    pub(crate) settled: [bool; ACCOUNTS],
    pub(crate) tasks: [Task; ACCOUNTS],
}

/// Who has an e-mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Claim {
    pub(crate) account: Account,
    /// Whether it is only held until the account moves there.
    pub(crate) is_held: bool,
}

/// An account at auth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    pub(crate) standing: Standing,
    pub(crate) email: u8,
    /// Whether the pivot of its registration was committed.
    pub(crate) confirmed: bool,
    /// Whether its password is the second one.
    pub(crate) changed: bool,
}

/// A registration on record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Saga {
    #[default]
    Over,
    Running,
    Aborting,
}

/// The request that registers someone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Task {
    #[default]
    Over,
    /// It waits for the user service; `again` once a try stayed without an answer.
    Asking { again: bool, answers: Answers },
    /// It confirms; only a bug answers before that.
    Confirming,
    /// The pivot is committed, its answer not sent.
    Answering(Session),
}

/// Answers of the user service that are on their way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Answers {
    pub(crate) made: bool,
    pub(crate) taken: bool,
    pub(crate) gone: bool,
}

/// What user keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct User {
    pub(crate) profiles: [Option<Profile>; ACCOUNTS],
    pub(crate) gone: [bool; ACCOUNTS],
    /// Whose each username is.
    pub(crate) claims: [Option<Account>; NAMES],
    /// Registrations whose username was refused: the inbox remembers it.
    pub(crate) refused: [bool; ACCOUNTS],
    /// Registrations whose profile was made once: the inbox remembers that too, for a while.
    pub(crate) made: [bool; ACCOUNTS],
    pub(crate) moves: [Move; ACCOUNTS],
}

/// The move of an account to another e-mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Move {
    /// Nobody asked for one.
    #[default]
    None,
    /// On record, while auth is asked to hold the e-mail; its answers are on their way.
    Asking { held: bool, taken: bool },
    /// Committed or given up.
    Over,
}

/// An account at user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Profile {
    pub(crate) standing: Standing,
    pub(crate) name: u8,
    pub(crate) email: u8,
}

/// What notes keeps of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Notebook {
    pub(crate) author: Option<Standing>,
    pub(crate) has_note: bool,
    /// Only a bug purges before it marks.
    pub(crate) purged: bool,
}

/// Whoever registers an account, and what they can rely on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Person {
    pub(crate) email: u8,
    pub(crate) name: u8,
    pub(crate) outcome: Outcome,
    /// Tokens in hand.
    pub(crate) tokens: Sessions,
    /// Those of them that a later event ended.
    pub(crate) ended: Sessions,
    /// Whether a change of the password was acknowledged.
    pub(crate) changed: bool,
    /// Whether anyone asked to deactivate or erase the account.
    pub(crate) left: bool,
}

/// What someone heard of their registration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    /// They did not register yet.
    #[default]
    None,
    /// Nothing, or a 503.
    Unknown,
    /// 201.
    Accepted,
    /// 409.
    Refused,
}

/// A set of sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Sessions(u8);

impl Sessions {
    pub(crate) fn insert(&mut self, session: Session) {
        assert!(session.generation < 2 && session.epoch < EPOCHS, "a history within the scope");
        self.0 |= 1 << (session.generation * EPOCHS + session.epoch);
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Session> {
        let held = move |bit: &u32| self.0 & (1 << bit) != 0;
        (0..2 * EPOCHS).filter(held).map(|bit| Session { generation: bit / EPOCHS, epoch: bit % EPOCHS })
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl State {
    /// Nobody is there yet, and each service may die if `crashes`.
    pub(crate) fn first(crashes: bool) -> Self {
        Self {
            auth: Auth::default(),
            user: User::default(),
            notes: Default::default(),
            lanes: Default::default(),
            people: Default::default(),
            mortal: [crashes; 3],
            fell: false,
        }
    }

    /// Whether all is done that the services owe: nothing runs, nothing waits.
    pub(crate) fn is_settled(&self) -> bool {
        let is_over = |account: Account| {
            let Notebook { author, has_note, .. } = self.notes[account];
            self.auth.tasks[account] == Task::Over
                && self.auth.sagas[account] == Saga::Over
                && !matches!(self.user.moves[account], Move::Asking { .. })
                && self.lanes[account].iter().all(Lane::is_empty)
                && !(has_note && is_deleted(author))
        };
        (0..ACCOUNTS).all(is_over)
    }

    /// Where an account stands in each service that has it, deletion included.
    pub(crate) fn standings(&self, account: Account) -> [Option<Standing>; 3] {
        let deleted = |is_gone: bool| is_gone.then_some(Standing::new(Rung::Deleted));
        [
            self.auth.identities[account].map(|one| one.standing).or(deleted(self.auth.gone[account])),
            self.user.profiles[account].map(|one| one.standing).or(deleted(self.user.gone[account])),
            self.notes[account].author,
        ]
    }
}

impl Identity {
    /// Whether its owner may log in.
    pub(crate) fn is_active(&self) -> bool {
        self.confirmed && self.standing.rung == Rung::Active
    }

    /// The session of a token minted now.
    pub(crate) fn session(&self) -> Session {
        Session { generation: self.standing.generation, epoch: self.standing.epoch }
    }
}

impl Route {
    pub(crate) const ALL: [Self; 4] =
        [Self::AuthToUser, Self::AuthToNotes, Self::UserToAuth, Self::UserToNotes];

    /// Who sends and who receives.
    pub(crate) fn ends(self) -> [Service; 2] {
        match self {
            Self::AuthToUser => [Service::Auth, Service::User],
            Self::AuthToNotes => [Service::Auth, Service::Notes],
            Self::UserToAuth => [Service::User, Service::Auth],
            Self::UserToNotes => [Service::User, Service::Notes],
        }
    }
}

/// Whether someone stands there as deleted.
pub(crate) fn is_deleted(standing: Option<Standing>) -> bool {
    standing.is_some_and(|standing| standing.rung == Rung::Deleted)
}
