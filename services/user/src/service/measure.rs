//! What an operator may count of user: messages that wait, changes of e-mails that are neither done nor given up, and
//! what the doctor found.
//!
//! How the numbers are written is the chassis'.

use chassis::blocking;
use chassis::doctor::Chart;
use chassis::metrics::Metrics;

use super::Service;
use crate::error::Error;
use crate::peer::{AUTH, NOTES};

impl Service {
    /// Messages to deliver and changes of e-mails under way; parked messages wait for a person and do not count.
    pub(crate) fn waiting(&self) -> Result<u64, Error> {
        let changes = blocking::brief(|| self.store.open_changes())?;
        let undelivered = self.store.outbox().total() - self.store.outbox().parked().len();
        Ok(u64::try_from(undelivered + changes).unwrap_or(u64::MAX))
    }

    /// The numbers of this moment, with what `chart` says of the doctor's passes.
    pub(crate) fn measure(&self, chart: &Chart) -> Result<Metrics, Error> {
        let changes = blocking::brief(|| self.store.open_changes())?;
        let metrics = Metrics::default();
        metrics.outbox(self.store.outbox(), &[AUTH, NOTES], self.clock.now());
        metrics.sagas("email", "started", changes);
        metrics.findings(chart);
        Ok(metrics)
    }
}
