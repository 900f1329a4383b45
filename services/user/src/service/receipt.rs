//! Receipts of messages: kept for as long as a message may be repeated.
//!
//! Who writes them and what they say is the store's.

use std::sync::Arc;
use std::time::Duration;

use chassis::blocking;
use chassis::shutdown::Shutdown;

use super::Service;

/// Between two looks for old receipts: they are kept for days, and a look walks over all of them.
const SWEEP: Duration = Duration::from_hours(1);

impl Service {
    /// Forgets, until `shutdown`, the receipts that no message on its way can ask for any more.
    pub(crate) async fn forget_receipts(self: Arc<Self>, mut shutdown: Shutdown) {
        loop {
            tokio::select! {
                () = shutdown.requested() => return,
                () = tokio::time::sleep(SWEEP) => {}
            }
            let (store, now) = (Arc::clone(&self.store), self.clock.now());
            match blocking::run(move || store.prune(now)).await {
                Ok(count) => tracing::debug!(count, "old receipts are gone"),
                Err(error) => tracing::warn!(%error, "old receipts could not be removed"),
            }
        }
    }
}
