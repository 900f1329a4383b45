//! One life of a service: from the opening of its store to the end of its work in the background.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chassis::edge::Edge;
use chassis::entropy::Entropy;
use chassis::shutdown::{self, Shutdown, Trigger};
use tokio::task::JoinSet;

use super::service::Service;

/// An open service with its tasks.
pub(super) struct Generation {
    pub(super) edge: Edge,
    pub(super) service: Service,
    /// What it draws from.
    pub(super) entropy: Entropy,
    /// Which life it is, from 0.
    pub(super) number: u64,
    trigger: Trigger,
    shutdown: Shutdown,
    tasks: Mutex<JoinSet<()>>,
    is_working: AtomicBool,
}

impl Generation {
    /// A life that has not begun to do anything of its own accord.
    pub(super) fn new(service: Service, entropy: Entropy, number: u64) -> Self {
        let (trigger, shutdown) = shutdown::channel();
        let (tasks, is_working) = (Mutex::default(), AtomicBool::new(false));
        Self { edge: service.edge(), service, entropy, number, trigger, shutdown, tasks, is_working }
    }

    /// Starts delivering what is to be told.
    pub(super) fn relay(&self) {
        self.is_working.store(true, Ordering::Relaxed);
        self.service.relay(&mut self.tasks(), &self.shutdown);
    }

    /// Starts looking for faults.
    pub(super) fn examine(&self) {
        self.service.examine(&mut self.tasks(), &self.shutdown);
    }

    /// Ends what it does of its own accord, for good.
    pub(super) async fn quiet(&self) {
        self.trigger.fire();
        let mut tasks = std::mem::take(&mut *self.tasks());
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a part of the world ended badly");
            }
        }
    }

    /// Whether that has ended.
    pub(super) fn is_quiet(&self) -> bool {
        self.shutdown.is_requested()
    }

    /// Whether that has begun.
    pub(super) fn is_working(&self) -> bool {
        self.is_working.load(Ordering::Relaxed)
    }

    fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
