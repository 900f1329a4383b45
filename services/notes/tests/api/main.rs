//! Notes through its router: no socket, a frozen clock, ids from a seed.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests may fail loudly"
)]

mod copies;
mod fields;
mod internal;
mod keys;
mod label;
mod listing;
mod notes;
mod search;
mod strict;
mod world;
