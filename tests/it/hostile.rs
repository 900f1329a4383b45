//! Clients that mean harm, or are broken: odd framing, slow senders, crowds of connections.

mod agreement;
mod crowd;
mod framing;
mod heads;
mod paths;
mod slow;
mod tunnel;
