//! What every service stands on: time, randomness, tokens, envelopes, peers and the accept loop.
//!
//! Reading order: the vocabulary ([`clock`], [`entropy`], [`id`], [`email`], [`profile`], [`standing`],
//! [`secret`]), what a request meets ([`serve`], [`head`], [`address`], [`window`], [`edge`], [`token`], [`internal`],
//! [`vouch`], [`inbox`], [`body`], [`query`], [`page`], [`failure`], [`reply`]), what a service does to others ([`peer`], [`outbox`],
//! [`relay`], [`contract`], [`beat`]), how it hands out what it keeps ([`bundle`]), and how services are held
//! against each other ([`audit`], [`doctor`], [`recent`]); [`metrics`] tells operators of it; [`history`] is what a
//! store knows of its own past. Tests see and disturb what services ask each other with [`span`] and [`fault`].
//! [`description`] tells people of their routes. Where too much is asked at once, [`turn`] says who waits and who is refused; [`labour`] is what must
//! hold up nobody.
//!
//! The chassis knows no service by its rules and no database at all.

pub mod address;
pub mod audit;
pub mod beat;
pub mod blocking;
pub mod body;
pub mod bundle;
pub mod clock;
pub mod connect;
pub mod contract;
pub mod description;
pub mod dir;
pub mod doctor;
pub mod edge;
pub mod email;
pub mod entropy;
pub mod etag;
pub mod failure;
pub mod fault;
pub mod field;
pub mod gate;
pub mod head;
pub mod history;
pub mod id;
pub mod inbox;
pub mod internal;
mod jws;
pub mod labour;
pub mod metrics;
pub mod outbox;
pub mod page;
pub mod peer;
pub mod profile;
pub mod query;
pub mod recent;
pub mod relay;
pub mod reply;
pub mod request;
pub mod secret;
pub mod serve;
pub mod shutdown;
#[cfg(feature = "simulation")]
pub mod simulation;
pub mod span;
pub mod standing;
pub mod task;
pub mod token;
pub mod turn;
pub mod vouch;
pub mod window;
pub mod writer;
