//! One life of a service: from the opening of its store to the end of its work in the background.

use std::sync::Mutex;
use std::sync::PoisonError;

use chassis::edge::Edge;
use chassis::shutdown::{self, Shutdown, Trigger};
use tokio::task::JoinSet;

use super::service::Service;

/// An open service with its tasks.
pub(super) struct Generation {
    pub(super) edge: Edge,
    service: Service,
    trigger: Trigger,
    shutdown: Shutdown,
    tasks: Mutex<JoinSet<()>>,
}

impl Generation {
    /// A life that has not begun to do anything of its own accord.
    pub(super) fn new(service: Service) -> Self {
        let (trigger, shutdown) = shutdown::channel();
        Self { edge: service.edge(), service, trigger, shutdown, tasks: Mutex::default() }
    }

    /// Starts delivering what is to be told.
    pub(super) fn relay(&self) {
        self.service.relay(&mut self.tasks.lock().unwrap_or_else(PoisonError::into_inner), &self.shutdown);
    }

    /// Starts looking for faults.
    pub(super) fn examine(&self) {
        self.service.examine(&mut self.tasks.lock().unwrap_or_else(PoisonError::into_inner), &self.shutdown);
    }

    /// Ends what it does of its own accord, for good.
    pub(super) async fn quiet(&self) {
        self.trigger.fire();
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a part of the world ended badly");
            }
        }
    }
}
