//! A disk that forgets what was not committed, and fails when it is told to.

/// The documents of one database, as they survive a crash; clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct Disk;
