//! The user service through its router, with stub peers on real sockets and the clock under control.

#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]
#![expect(clippy::indexing_slicing, reason = "an absent JSON field reads as null")]

mod access;
mod admin;
mod copies;
mod email;
mod internal;
mod keys;
mod me;
mod start;
mod stub;
mod world;
