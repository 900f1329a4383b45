//! What notes puts into a bundle: each author's standing, those of deleted ones too, and each note.
//!
//! Tags, counters and indexes follow from these. How a record is written is the wire's business.

use chassis::id::AccountId;
use chassis::standing::Standing;

use crate::note::Note;

/// One of the things that notes keeps.
#[derive(Clone, Debug)]
pub(crate) enum Record {
    /// Where the account of an author stands.
    Author(AccountId, Standing),
    /// A note.
    Note(Box<Note>),
}
