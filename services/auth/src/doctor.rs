//! What can be wrong with the records of accounts, and how each fault shows.
//!
//! Pure: what is on record here and what the others said comes in as values. Who asks them and what is done about
//! a fault is the doctor's business.

use chassis::audit::{Entry, Facts, Record};
use chassis::doctor::{Cure, Kind};
use chassis::id::AccountId;
use chassis::outbox::Sequence;
use chassis::standing::{Rung, Standing};

use crate::account::Identity;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// A registration that nobody is carrying out any more.
    OverdueRegistration,
    /// A registration that is being undone, with no message that would end that.
    StuckRegistration,
    /// An e-mail that is held for nobody.
    OwnerlessEmail,
    /// An account whose e-mail someone else could take.
    UnclaimedEmail,
    /// An account whose e-mail is someone else's too.
    SharedEmail,
    /// An account without a profile.
    MissingProfile,
    /// An account that only auth knows to be deleted.
    HalfDeleted,
    /// An account that has forgotten an end of sessions.
    LaggingAccount,
    /// A profile that admits sessions that were ended.
    LaggingProfile,
    /// An author that stands lower than the account.
    LaggingAuthor,
    /// A message that its receiver refused.
    ParkedMessage,
    /// Messages that do not arrive.
    OldMessage,
    /// A document that cannot be read.
    CorruptRecord,
    /// Accounts that could not be held against another service.
    NotCompared,
}

impl Fault {
    /// Every kind there is.
    pub(crate) const ALL: [Self; 14] = [
        Self::OverdueRegistration,
        Self::StuckRegistration,
        Self::OwnerlessEmail,
        Self::UnclaimedEmail,
        Self::SharedEmail,
        Self::MissingProfile,
        Self::HalfDeleted,
        Self::LaggingAccount,
        Self::LaggingProfile,
        Self::LaggingAuthor,
        Self::ParkedMessage,
        Self::OldMessage,
        Self::CorruptRecord,
        Self::NotCompared,
    ];

    /// How it is told, and when it is repaired.
    pub(crate) const fn kind(self) -> Kind {
        let (name, what, remedy, cure) = match self {
            Self::OverdueRegistration => {
                ("overdueRegistration", "a registration was left half done", "undo it", Cure::Always)
            }
            Self::StuckRegistration => (
                "stuckRegistration",
                "nothing ends the undoing of a registration",
                "undo it again",
                Cure::Always,
            ),
            Self::OwnerlessEmail => {
                ("ownerlessEmail", "an e-mail is held for nobody", "let it go", Cure::OnRequest)
            }
            Self::UnclaimedEmail => {
                ("unclaimedEmail", "an account does not hold its e-mail", "claim it", Cure::OnRequest)
            }
            Self::SharedEmail => (
                "sharedEmail",
                "an account's e-mail is held by another account",
                "an administrator gives it another e-mail",
                Cure::Person,
            ),
            Self::MissingProfile => (
                "missingProfile",
                "an account has no profile",
                "make a bare one under a generated username",
                Cure::OnRequest,
            ),
            Self::HalfDeleted => {
                ("halfDeleted", "user does not know that an account is deleted", "tell it", Cure::OnRequest)
            }
            Self::LaggingAccount => (
                "laggingAccount",
                "others know of an end of sessions that auth has lost",
                "take it over; the password may be an old one",
                Cure::OnRequest,
            ),
            Self::LaggingProfile => {
                ("laggingProfile", "user does not know that sessions have ended", "tell it", Cure::OnRequest)
            }
            Self::LaggingAuthor => {
                ("laggingAuthor", "notes does not know where an account stands", "tell it", Cure::OnRequest)
            }
            Self::ParkedMessage => {
                ("parkedMessage", "a message was refused", "send it again", Cure::OnRequest)
            }
            Self::OldMessage => (
                "oldMessage",
                "messages do not arrive",
                "see that the service runs, then look at its log",
                Cure::Person,
            ),
            Self::CorruptRecord => {
                ("corruptRecord", "a document cannot be read", "restore a backup", Cure::Person)
            }
            Self::NotCompared => (
                "notCompared",
                "a service could not be asked",
                "see that it runs and look again",
                Cure::Person,
            ),
        };
        Kind { name, what, remedy, cure }
    }
}

/// What a fault is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    Account(AccountId),
    Email(String),
    Message(Sequence),
    Service(&'static str),
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Account(account) => account.fmt(f),
            Self::Email(email) => f.write_str(email),
            Self::Message(sequence) => write!(f, "message {sequence}"),
            Self::Service(name) => f.write_str(name),
        }
    }
}

/// A fault and what it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Case {
    pub(crate) fault: Fault,
    pub(crate) subject: Subject,
}

/// All that auth has on record of an account.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kept {
    pub(crate) identity: Option<Identity>,
    pub(crate) is_gone: bool,
    /// Whose the account's e-mail is, if anyone's.
    pub(crate) holder: Option<AccountId>,
    pub(crate) registration: Progress,
    /// Whether something about the account is under way here, or was a moment ago.
    pub(crate) is_busy: bool,
}

/// How far an account's registration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Not listed as open.
    None,
    /// Under way.
    Running,
    /// Being undone, and a message will end that.
    Undone,
    /// Being undone, and nothing will end that.
    Stuck,
}

/// What the other services said of an account; none if they could not be asked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Said {
    pub(crate) user: Option<Entry>,
    pub(crate) notes: Option<Entry>,
}

impl Said {
    /// The highest epoch that others have on record for the account where it stands, if auth's own is lower.
    pub(crate) fn epoch_beyond(&self, identity: &Identity) -> Option<Standing> {
        let copies = [self.user, self.notes].into_iter().flatten().filter_map(|entry| match entry.record {
            Record::Standing(copy) => Some(copy),
            Record::Absent | Record::Gone => None,
        });
        let beyond = copies.filter(|copy| copy.is_level(&identity.standing) && identity.standing.lags(copy));
        beyond.max_by_key(|copy| copy.epoch)
    }
}

impl Kept {
    /// What is known of the account, for others who ask.
    pub(crate) fn record(&self) -> Record {
        match &self.identity {
            _ if self.is_gone => Record::Gone,
            Some(identity) => Record::Standing(identity.standing),
            None => Record::Absent,
        }
    }

    /// What is kept of the account's profile, for user to hold against its own.
    pub(crate) fn facts(&self) -> Option<Facts> {
        let identity = self.identity.as_ref().filter(|identity| identity.standing.rung != Rung::Pending)?;
        let version = identity.email_version.max(identity.role_version);
        Some(Facts { email: identity.email.to_string(), role: identity.role, version })
    }

    /// Whether the account's registration is still open.
    pub(crate) fn is_open(&self) -> bool {
        self.registration != Progress::None
    }

    /// What is wrong with the account, as far as auth is to say.
    pub(crate) fn faults(&self, said: Said) -> Vec<Fault> {
        let is_busy = self.is_busy || [said.user, said.notes].iter().flatten().any(|entry| entry.busy);
        if is_busy {
            return Vec::new();
        }
        match &self.identity {
            _ if self.registration == Progress::Stuck => vec![Fault::StuckRegistration],
            None if self.is_gone => {
                said.user.filter(Entry::is_absent).map(|_| Fault::HalfDeleted).into_iter().collect()
            }
            None => Vec::new(),
            Some(identity) if identity.standing.rung == Rung::Pending => match self.registration {
                Progress::None | Progress::Running => vec![Fault::OverdueRegistration],
                Progress::Undone | Progress::Stuck => Vec::new(),
            },
            Some(identity) => [
                self.claim_fault(identity),
                said.epoch_beyond(identity).map(|_| Fault::LaggingAccount),
                profile_fault(identity, said.user),
                author_fault(identity, said.notes),
            ]
            .into_iter()
            .flatten()
            .collect(),
        }
    }

    fn claim_fault(&self, identity: &Identity) -> Option<Fault> {
        match self.holder {
            None => Some(Fault::UnclaimedEmail),
            Some(holder) if holder != identity.account => Some(Fault::SharedEmail),
            Some(_) => None,
        }
    }
}

fn profile_fault(identity: &Identity, user: Option<Entry>) -> Option<Fault> {
    match user?.record {
        Record::Absent => Some(Fault::MissingProfile),
        // Which of two heights is right is for the user service to say; epochs are ours.
        Record::Standing(profile)
            if profile.is_level(&identity.standing) && profile.lags(&identity.standing) =>
        {
            Some(Fault::LaggingProfile)
        }
        Record::Standing(_) | Record::Gone => None,
    }
}

fn author_fault(identity: &Identity, notes: Option<Entry>) -> Option<Fault> {
    let author = match notes?.record {
        // What the first token of an unknown author vouches for.
        Record::Absent => Standing::new(Rung::Active),
        Record::Standing(author) => author,
        Record::Gone => return None,
    };
    author.lags(&identity.standing).then_some(Fault::LaggingAuthor)
}
