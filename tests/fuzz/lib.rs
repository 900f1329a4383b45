//! What reads the bytes of strangers, held against its promises for any bytes.
//!
//! Each target takes bytes and panics when a promise is broken. `make fuzz` lets libFuzzer search for such bytes; the
//! tests of this crate try some thousands near the seeds. The parsers are compiled from the files of the services, so
//! that a target links no engine and a search is fast. What a service does with what was read is not known here.

// The unit tests of these modules run where the modules live.
#![cfg(not(test))]
#![expect(clippy::missing_panics_doc, reason = "a panic is how every target tells")]

#[allow(dead_code, unreachable_pub, reason = "a target needs a part of it")]
#[path = "../../services/gateway/src"]
mod gateway {
    #[path = "path/obliging.rs"]
    pub(crate) mod obliging;
    pub(crate) mod path;
    pub(crate) mod routes;
}
#[allow(dead_code, unused_imports, reason = "a target needs a part of it")]
#[path = "../../services/notes/src"]
mod notes {
    pub(crate) mod folding;
    pub(crate) mod note;
    pub(crate) mod ranked;
}
// Where these modules look for each other.
use gateway::routes;
use notes::{folding, note};

mod document;
mod head;
mod json;
mod query;
mod target;
mod token;

pub use document::fixture;
pub use head::head;
pub use json::json;
pub use query::query;
pub use target::path;
pub use token::token;
