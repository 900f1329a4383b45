//! The rules of the house, as tests that read the tree as text.
//!
//! A rule that matters fails here, with its place and its remedy. Scanning is crude on purpose: it needs no
//! compiler, takes an instant, and what it cannot see is a question for the reader of a change.

#![expect(clippy::expect_used, reason = "a tree that cannot be read is a failed test, also in a helper")]

mod arrows;
mod docs;
mod fixtures;
mod homes;
mod rings;
mod routes;
mod rule;
mod secrets;
mod source;
mod tidy;
mod tree;
mod twins;
