//! The auth service through its router, with stub peers on real sockets and the clock under control.

#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]
#![expect(clippy::indexing_slicing, reason = "an absent JSON field reads as null")]

mod access;
mod copies;
mod fields;
mod instrument;
mod internal;
mod keys;
mod login;
mod loss;
mod mail;
mod password;
mod register;
mod repeat;
mod stub;
mod world;
