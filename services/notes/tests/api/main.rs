//! Notes through its router: no socket, a frozen clock, ids from a seed.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests may fail loudly"
)]

mod fields;
mod internal;
mod listing;
mod notes;
mod strict;
mod world;
