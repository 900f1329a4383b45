//! The whole system from outside: the real binary, real processes, loopback sockets, the public API.
//!
//! Nothing here knows a store or a type of a service; what a test needs, it sets up as a client would.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "a test that meets the unexpected stops right there, and its helpers are no test functions"
)]

mod access;
mod bundle;
mod command;
mod consistency;
mod contract;
mod control;
mod crash;
mod determinism;
mod disk;
mod doctor;
mod durability;
mod enumeration;
mod examples;
mod hostile;
mod hygiene;
mod instrument;
mod journeys;
mod kit;
mod noise;
mod openapi;
mod overload;
mod register;
mod replay;
mod revocation;
mod search;
mod secrecy;
mod strict;
mod tokens;
