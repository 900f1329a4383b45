//! What an operator may count of user: messages that wait, and changes of e-mails that are neither done nor given up.
//!
//! How the numbers are written is the chassis'.

use chassis::blocking;
use chassis::metrics::Metrics;

use super::Service;
use crate::error::Error;
use crate::peer::{AUTH, NOTES};

impl Service {
    /// The numbers of this moment.
    pub(crate) fn measure(&self) -> Result<Metrics, Error> {
        let changes = blocking::brief(|| self.store.open_changes())?;
        let metrics = Metrics::default();
        metrics.outbox(self.store.outbox(), &[AUTH, NOTES], self.clock.now());
        metrics.sagas("email", "started", changes);
        Ok(metrics)
    }
}
