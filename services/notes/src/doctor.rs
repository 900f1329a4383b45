//! What can be wrong with authors and their notes, and how each fault shows.
//!
//! Pure: what is on record here and what the others said comes in as values. Who asks them and what is done about
//! a fault is the doctor's business.

use chassis::audit::{Entry, Record};
use chassis::doctor::{Cure, Kind};
use chassis::id::AccountId;
use chassis::standing::{Rung, Standing};

use crate::note::NoteId;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// Notes of a deleted account.
    UndeletedNotes,
    /// An author in use whom auth has never heard of.
    UnknownAuthor,
    /// An author's counters that are not the numbers of notes.
    DifferingCounts,
    /// Notes that are not found or counted under their tags, or are under others.
    DifferingTags,
    /// Notes of a large author that the trigrams lack, or have too many.
    DifferingTrigrams,
    /// Notes whose author is not on record.
    AuthorlessNotes,
    /// A database that SQLite finds damaged.
    DamagedFile,
    /// A note that is not as it was written.
    DamagedNote,
    /// A search index that is damaged or has other notes than the database.
    DifferingIndex,
    /// Authors that could not be held against another service.
    NotCompared,
}

impl Fault {
    /// Every kind there is.
    pub(crate) const ALL: [Self; 10] = [
        Self::UndeletedNotes,
        Self::UnknownAuthor,
        Self::DifferingCounts,
        Self::DifferingTags,
        Self::DifferingTrigrams,
        Self::AuthorlessNotes,
        Self::DamagedFile,
        Self::DamagedNote,
        Self::DifferingIndex,
        Self::NotCompared,
    ];

    /// How it is told, and when it is repaired.
    pub(crate) const fn kind(self) -> Kind {
        let (name, what, remedy, cure) = match self {
            Self::UndeletedNotes => {
                ("undeletedNotes", "a deleted account is still an author", "purge the notes", Cure::OnRequest)
            }
            Self::UnknownAuthor => (
                "unknownAuthor",
                "an author in use has no account: auth may have lost data",
                "deactivate the author; restore a backup of auth",
                Cure::Contains,
            ),
            Self::DifferingCounts => {
                ("differingCounts", "an author's totals are wrong", "count again", Cure::OnRequest)
            }
            Self::DifferingTags => (
                "differingTags",
                "notes are not found or counted under their tags",
                "write the rows of the tags again",
                Cure::OnRequest,
            ),
            Self::DifferingTrigrams => (
                "differingTrigrams",
                "the substring search of a large author misses notes",
                "write the missing trigrams and remove the others",
                Cure::OnRequest,
            ),
            Self::AuthorlessNotes => {
                ("authorlessNotes", "notes belong to nobody on record", "restore a backup", Cure::Person)
            }
            Self::DamagedFile => {
                ("damagedFile", "the database is damaged", "build its indexes again", Cure::OnRequest)
            }
            Self::DamagedNote => {
                ("damagedNote", "a note is damaged and not served", "restore a backup", Cure::Person)
            }
            Self::DifferingIndex => {
                ("differingIndex", "the search index differs from the notes", "build it again", Cure::Always)
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
    /// An author of whom only the number is known.
    Number(i64),
    Note(NoteId),
    Database,
    /// The search index, which is derived from the notes.
    Index,
    Service(&'static str),
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Account(account) => account.fmt(f),
            Self::Number(number) => write!(f, "author {number}"),
            Self::Note(note) => note.fmt(f),
            Self::Database => f.write_str("notes.db"),
            Self::Index => f.write_str("index"),
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

/// All that notes has on record of an author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) account: AccountId,
    /// Where the author is in the order of all.
    pub(crate) number: i64,
    pub(crate) standing: Standing,
    /// How many notes there are by the counters, and how many there are: in use, archived.
    pub(crate) counters: [u32; 2],
    pub(crate) counted: [u32; 2],
    pub(crate) has_right_tags: bool,
    pub(crate) has_right_grams: bool,
}

/// What the other services said of an account; none if they could not be asked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Said {
    pub(crate) auth: Option<Entry>,
    pub(crate) user: Option<Entry>,
}

/// Where an author stands, for others who ask.
pub(crate) fn record(known: Option<Standing>) -> Record {
    match known {
        Some(Standing { rung: Rung::Deleted, .. }) => Record::Gone,
        Some(standing) => Record::Standing(standing),
        None => Record::Absent,
    }
}

impl Kept {
    /// What is wrong with the author.
    pub(crate) fn faults(&self, said: Said) -> Vec<Fault> {
        let counts = (self.counters != self.counted).then_some(Fault::DifferingCounts);
        let tags = (!self.has_right_tags).then_some(Fault::DifferingTags);
        let grams = (!self.has_right_grams).then_some(Fault::DifferingTrigrams);
        let is_busy = [said.auth, said.user].iter().flatten().any(|entry| entry.busy);
        let account = if is_busy { None } else { self.account_fault(said.auth) };
        [counts, tags, grams, account].into_iter().flatten().collect()
    }

    fn account_fault(&self, auth: Option<Entry>) -> Option<Fault> {
        let record = auth?.record;
        match self.standing.rung {
            Rung::Deleted => (self.counted != [0, 0]).then_some(Fault::UndeletedNotes),
            _ if record == Record::Gone => Some(Fault::UndeletedNotes),
            Rung::Active if record == Record::Absent => Some(Fault::UnknownAuthor),
            Rung::Pending | Rung::Active | Rung::Disabled => None,
        }
    }
}
