//! What can be wrong with the records of people, and how each fault shows.
//!
//! Pure: what is on record here and what the others said comes in as values. Who asks them and what is done about
//! a fault is the doctor's business.

use chassis::audit::{Entry, Facts, Record};
use chassis::doctor::{Cure, Kind};
use chassis::id::AccountId;
use chassis::outbox::Sequence;
use chassis::standing::Rung;

use crate::profile::Profile;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// A change of an e-mail that nobody is carrying out any more.
    OverdueChange,
    /// A username that is held for nobody.
    OwnerlessUsername,
    /// A profile whose username someone else could take.
    UnclaimedUsername,
    /// A profile whose username is someone else's too.
    SharedUsername,
    /// A profile that the list of all people leaves out.
    UnlistedProfile,
    /// A profile of an account that auth knows to be deleted.
    UndeletedProfile,
    /// A profile in use whose account auth has never heard of.
    LostAccount,
    /// A profile and an account that stand at different heights.
    DifferingStanding,
    /// A profile whose e-mail or role auth has otherwise.
    DifferingFacts,
    /// An account that only user knows to be deleted.
    HalfDeleted,
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
        Self::OverdueChange,
        Self::OwnerlessUsername,
        Self::UnclaimedUsername,
        Self::SharedUsername,
        Self::UnlistedProfile,
        Self::UndeletedProfile,
        Self::LostAccount,
        Self::DifferingStanding,
        Self::DifferingFacts,
        Self::HalfDeleted,
        Self::ParkedMessage,
        Self::OldMessage,
        Self::CorruptRecord,
        Self::NotCompared,
    ];

    /// How it is told, and when it is repaired.
    pub(crate) const fn kind(self) -> Kind {
        let (name, what, remedy, cure) = match self {
            Self::OverdueChange => {
                ("overdueChange", "a change of an e-mail was left half done", "give it up", Cure::Always)
            }
            Self::OwnerlessUsername => {
                ("ownerlessUsername", "a username is held for nobody", "let it go", Cure::OnRequest)
            }
            Self::UnclaimedUsername => {
                ("unclaimedUsername", "a profile does not hold its username", "claim it", Cure::OnRequest)
            }
            Self::SharedUsername => (
                "sharedUsername",
                "a profile's username is held by another profile",
                "an administrator gives it another username",
                Cure::Person,
            ),
            Self::UnlistedProfile => {
                ("unlistedProfile", "the list of all people leaves a profile out", "list it", Cure::OnRequest)
            }
            Self::UndeletedProfile => {
                ("undeletedProfile", "a deleted account still has a profile", "erase it", Cure::OnRequest)
            }
            Self::LostAccount => (
                "lostAccount",
                "a profile in use has no account: auth may have lost data",
                "deactivate it; restore a backup of auth",
                Cure::Contains,
            ),
            Self::DifferingStanding => (
                "differingStanding",
                "profile and account disagree on where the account stands",
                "raise the lower one",
                Cure::OnRequest,
            ),
            Self::DifferingFacts => (
                "differingFacts",
                "profile and account disagree on the e-mail or the role",
                "let the later version hold for both",
                Cure::OnRequest,
            ),
            Self::HalfDeleted => {
                ("halfDeleted", "auth does not know that an account is deleted", "tell it", Cure::OnRequest)
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
    Username(String),
    Message(Sequence),
    Service(&'static str),
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Account(account) => account.fmt(f),
            Self::Username(name) => f.write_str(name),
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

/// All that user has on record of an account.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kept {
    pub(crate) profile: Option<Profile>,
    pub(crate) is_gone: bool,
    /// Whose the profile's username is, if anyone's.
    pub(crate) holder: Option<AccountId>,
    /// Whether the list of all people has the profile.
    pub(crate) is_listed: bool,
    pub(crate) activity: Activity,
}

/// What goes on about an account here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activity {
    /// Nothing.
    Quiet,
    /// Something is under way, or was a moment ago.
    Busy,
    /// A change of its e-mail is open, and nobody has touched it for a while.
    Left,
}

impl Kept {
    /// What is known of the account, for others who ask.
    pub(crate) fn record(&self) -> Record {
        match &self.profile {
            _ if self.is_gone => Record::Gone,
            Some(profile) => Record::Standing(profile.standing),
            None => Record::Absent,
        }
    }

    /// Whether a difference to another service's record means nothing yet.
    pub(crate) fn is_busy(&self) -> bool {
        self.activity != Activity::Quiet
    }

    /// What is wrong with the account, as far as user is to say; `auth` and `facts` are what auth said, if it could
    /// be asked.
    pub(crate) fn faults(&self, auth: Option<Entry>, facts: Option<&Facts>) -> Vec<Fault> {
        if self.activity == Activity::Left {
            return vec![Fault::OverdueChange];
        }
        if self.activity == Activity::Busy || auth.is_some_and(|entry| entry.busy) {
            return Vec::new();
        }
        match &self.profile {
            Some(profile) => self.profile_faults(profile, auth, facts).collect(),
            None if self.is_gone => auth.and_then(tombstone_fault).into_iter().collect(),
            None => Vec::new(),
        }
    }

    fn profile_faults(
        &self,
        profile: &Profile,
        auth: Option<Entry>,
        facts: Option<&Facts>,
    ) -> impl Iterator<Item = Fault> {
        let claim = match self.holder {
            None => Some(Fault::UnclaimedUsername),
            Some(holder) if holder != profile.account => Some(Fault::SharedUsername),
            Some(_) => None,
        };
        let listing = (!self.is_listed).then_some(Fault::UnlistedProfile);
        let account = auth.and_then(|entry| account_fault(profile, entry));
        let facts = facts.filter(|facts| differ(profile, facts)).map(|_| Fault::DifferingFacts);
        [claim, listing, account, facts].into_iter().flatten()
    }
}

/// Whether auth has another e-mail or role of the profile.
pub(crate) fn differ(profile: &Profile, facts: &Facts) -> bool {
    facts.email != profile.email.as_str() || facts.role != profile.role
}

fn account_fault(profile: &Profile, auth: Entry) -> Option<Fault> {
    match auth.record {
        Record::Gone => Some(Fault::UndeletedProfile),
        Record::Absent => profile.is_active().then_some(Fault::LostAccount),
        // A registration that is being undone: auth sees to it.
        Record::Standing(standing) if standing.rung == Rung::Pending => None,
        Record::Standing(standing) => {
            (!standing.is_level(&profile.standing)).then_some(Fault::DifferingStanding)
        }
    }
}

fn tombstone_fault(auth: Entry) -> Option<Fault> {
    match auth.record {
        Record::Gone => None,
        Record::Absent | Record::Standing(_) => Some(Fault::HalfDeleted),
    }
}
