//! The gateway through its edge, before stub services on real sockets, while the calendar stands still.

#![cfg(test)]

mod answers;
mod bodies;
mod crowd;
mod headers;
mod limits;
mod opening;
mod paths;
mod sockets;
mod stub;
mod world;
