//! The protocol between the services, every history of it within a scope (PROMISES.md A3).
//!
//! A model, not the code: it mirrors what the code commits and sends, takes the ladder itself from the chassis, and
//! knows neither HTTP nor a database. `make torture` goes through the wide scopes.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a proof that meets the unexpected stops right there, and its helpers are no test functions"
)]

mod action;
mod auth;
mod bug;
mod lane;
mod model;
mod moving;
mod notes;
mod proof;
mod property;
mod scope;
mod state;
mod user;
mod world;
