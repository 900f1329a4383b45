//! One open service, whichever of the four it is: its routes, its work in the background, its data.
//!
//! How any of it is done is for the services to say.

use std::path::Path;

use chassis::edge::Edge;
use chassis::shutdown::Shutdown;
use tokio::task::JoinSet;

use crate::Failed;

/// A service of this process, open.
pub(super) enum Service {
    Gateway(gateway::Gateway),
    Auth(auth::Auth),
    User(user::User),
    Notes(notes::Notes),
}

impl Service {
    /// Its routes.
    pub(super) fn edge(&self) -> Edge {
        match self {
            Self::Gateway(gateway) => gateway.router(),
            Self::Auth(auth) => auth.router(),
            Self::User(user) => user.router(),
            Self::Notes(notes) => notes.router(),
        }
    }

    /// Starts delivering what is to be told, until `shutdown`.
    pub(super) fn relay(&self, tasks: &mut JoinSet<()>, shutdown: &Shutdown) {
        match self {
            Self::Auth(auth) => drop(tasks.spawn(auth.relay(shutdown.clone()))),
            Self::User(user) => drop(tasks.spawn(user.relay(shutdown.clone()))),
            Self::Gateway(_) | Self::Notes(_) => {}
        }
    }

    /// Copies what it keeps into the folder `to`.
    pub(super) fn copy(&self, to: &Path) -> Result<(), Failed> {
        match self {
            Self::Gateway(_) => Ok(()),
            Self::Auth(auth) => Ok(auth.copy(to)?),
            Self::User(user) => Ok(user.copy(to)?),
            Self::Notes(notes) => Ok(notes.copy(to)?),
        }
    }

    /// Starts looking for faults, until `shutdown`.
    pub(super) fn examine(&self, tasks: &mut JoinSet<()>, shutdown: &Shutdown) {
        match self {
            Self::Gateway(_) => {}
            Self::Auth(auth) => drop(tasks.spawn(auth.doctor(shutdown.clone()))),
            Self::User(user) => drop(tasks.spawn(user.doctor(shutdown.clone()))),
            Self::Notes(notes) => drop(tasks.spawn(notes.doctor(shutdown.clone()))),
        }
    }
}
