//! The four services on one thread, in simulated time, over a network and disks that fail as a seed says.
//!
//! Everything is real but what a seed could not repeat: threads, sockets, disks of documents, time and chance. A
//! failing run prints its seed and what happened; `SATCHEL_SEED=n` repeats it.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::future_not_send,
    reason = "a test that meets the unexpected stops right there; its helpers are no test functions, and a run has one thread"
)]

/// The allocator of the product: a run is many small allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod admin;
mod audit;
mod author;
mod books;
mod bugs;
mod chance;
mod client;
mod crew;
mod director;
mod failures;
mod flow;
mod ledger;
mod matrix;
mod mix;
mod network;
mod oracle;
mod person;
mod possible;
mod run;
mod seeds;
mod site;
mod stage;
mod storm;
mod tap;
mod trace;
mod watch;
