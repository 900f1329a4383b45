//! What an operator may count of auth: messages that wait, registrations that are neither done nor
//! undone, passwords that are hashed, and what the doctor found.
//!
//! How the numbers are written is the chassis'.

use chassis::blocking;
use chassis::doctor::Chart;
use chassis::metrics::Metrics;

use super::Service;
use crate::error::Error;
use crate::peer::{NOTES, USER};

impl Service {
    /// Messages to deliver and registrations under way; parked messages wait for a person and do not count.
    pub(crate) fn waiting(&self) -> Result<u64, Error> {
        let open = blocking::brief(|| self.store.open_registrations())?;
        let undelivered = self.store.outbox().total() - self.store.outbox().parked().len();
        Ok(u64::try_from(undelivered + open.started + open.aborting).unwrap_or(u64::MAX))
    }

    /// The numbers of this moment, with what `chart` says of the doctor's passes.
    pub(crate) fn measure(&self, chart: &Chart) -> Result<Metrics, Error> {
        let open = blocking::brief(|| self.store.open_registrations())?;
        let metrics = Metrics::default();
        metrics.outbox(self.store.outbox(), &[USER, NOTES], self.clock.now());
        metrics.sagas("register", "started", open.started);
        metrics.sagas("register", "aborting", open.aborting);
        metrics.findings(chart);
        let (running, waiting) = self.hashing.load();
        let number = |count| u64::try_from(count).unwrap_or(u64::MAX);
        metrics.set("satchel_hashes_running", "Password hashes that are made now", &[], number(running));
        metrics.set("satchel_hashes_waiting", "Password hashes that wait for a core", &[], number(waiting));
        Ok(metrics)
    }
}
