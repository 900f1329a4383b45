//! The control API: who may steer a world, and that it then does as it is told, in one process and in four.

mod clock;
mod door;
mod reset;
mod service;
mod snapshot;
