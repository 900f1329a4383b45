//! Whether the database is all that it was, judged by its own count and its witness.
//!
//! PoloDB opens without a word when the newest part of its log is damaged or gone.

use chassis::history::{History, Testimony, Witness};

use super::{EngineError, Setting};

/// What became of the database before it was opened.
#[derive(Clone, Copy, Debug)]
pub(super) enum Past {
    /// Nothing is known to be missing.
    Whole(History),
    /// Its end is gone.
    Lost {
        /// How far it goes.
        found: History,
        /// How far it had come.
        recorded: History,
    },
    /// Its end is gone, the operator knows, and it goes on from here.
    Accepted(History),
}

impl Past {
    /// Where numbers go on.
    pub(super) const fn history(&self) -> History {
        match self {
            Self::Whole(history) | Self::Accepted(history) | Self::Lost { found: history, .. } => *history,
        }
    }

    pub(super) const fn is_lost(&self) -> bool {
        matches!(self, Self::Lost { .. })
    }

    pub(super) const fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted(_))
    }

    /// Refuses changes to a database that lost its end: they would hide what is missing.
    pub(super) const fn admits_changes(&self) -> Result<(), EngineError> {
        match self {
            Self::Whole(_) | Self::Accepted(_) => Ok(()),
            Self::Lost { found, recorded } => Err(EngineError::Lost { found: *found, recorded: *recorded }),
        }
    }
}

/// Compares how far the database was `found` to go with what its witness saw; brings the witness up to date unless
/// it knows more.
pub(super) fn examine(
    setting: &Setting<'_>,
    found: History,
    witness: &mut Witness,
) -> Result<Past, EngineError> {
    let service = setting.service;
    match witness.testimony()? {
        Testimony::Seen(recorded) if recorded.commits > found.commits => {
            return Ok(lost(setting, found, recorded));
        }
        Testimony::Seen(_) => {}
        Testimony::Nothing if found == History::START => {}
        Testimony::Nothing => {
            tracing::warn!(service, "the history file is new: a loss before now stays unseen");
        }
        Testimony::Unreadable => {
            tracing::error!(
                service,
                "the history file is damaged and made anew: a loss before now stays unseen"
            );
        }
    }
    witness.renew(found)?;
    Ok(Past::Whole(found))
}

fn lost(setting: &Setting<'_>, found: History, recorded: History) -> Past {
    let (service, has, had) = (setting.service, found.commits, recorded.commits);
    if setting.accept_loss {
        tracing::warn!(service, has, had, "the database lost its end, which is accepted: it goes on");
        return Past::Accepted(found.beyond(recorded));
    }
    tracing::error!(
        service,
        has,
        had,
        "THE DATABASE LOST ITS END: acknowledged changes are gone. Reads are answered, changes are refused. Restore \
         a backup, or start once with --accept-loss to go on without them"
    );
    Past::Lost { found, recorded }
}
