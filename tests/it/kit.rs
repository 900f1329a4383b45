//! What the tests share: worlds, actors, requests and answers. It knows no route's rules.
//!
//! A test reads as "actor does thing": `alice.post("/api/notes", &note).expect(201)`.

pub(crate) mod actor;
pub(crate) mod command;
pub(crate) mod gauge;
pub(crate) mod http;
pub(crate) mod lonely;
pub(crate) mod mail;
pub(crate) mod mounts;
pub(crate) mod port;
pub(crate) mod process;
pub(crate) mod proof;
pub(crate) mod ranks;
pub(crate) mod site;
pub(crate) mod split;
pub(crate) mod strace;
pub(crate) mod times;
pub(crate) mod token;
pub(crate) mod wait;
pub(crate) mod world;

pub(crate) use actor::Actor;
pub(crate) use gauge::Gauges;
pub(crate) use http::{Answer, Request};
pub(crate) use site::Site;
pub(crate) use split::Split;
pub(crate) use times::Times;
pub(crate) use world::{Setup, World};
