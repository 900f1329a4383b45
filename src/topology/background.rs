//! What the services of this process do besides answering: they tell each other what changed, and look for faults.
//!
//! How either is done is for the services to say; here it is started, once, among the tasks of the world.

use chassis::shutdown::Shutdown;
use tokio::task::JoinSet;

use super::Services;

impl Services {
    /// Starts delivering what is to be told.
    pub(super) fn relay(&self, tasks: &mut JoinSet<()>, shutdown: &Shutdown) {
        if let Some(auth) = &self.auth {
            tasks.spawn(auth.relay(shutdown.clone()));
        }
        if let Some(user) = &self.user {
            tasks.spawn(user.relay(shutdown.clone()));
        }
    }

    /// Starts the doctors.
    pub(super) fn examine(&self, tasks: &mut JoinSet<()>, shutdown: &Shutdown) {
        if let Some(auth) = &self.auth {
            tasks.spawn(auth.doctor(shutdown.clone()));
        }
        if let Some(user) = &self.user {
            tasks.spawn(user.doctor(shutdown.clone()));
        }
        if let Some(notes) = &self.notes {
            tasks.spawn(notes.doctor(shutdown.clone()));
        }
    }
}
