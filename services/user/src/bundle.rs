//! What user puts into a bundle: each profile in the order of the list of all people, and each account that is gone.
//!
//! Claims on usernames and the list itself follow from these. What is under way is in no bundle: one is made when
//! nothing is. How a record is written is the wire's business.

use chassis::id::AccountId;

use crate::profile::Profile;

/// One of the things that user keeps.
#[derive(Clone, Debug)]
pub(crate) enum Record {
    /// A profile.
    Profile(Box<Profile>),
    /// An account that never comes back.
    Tombstone(AccountId),
}
