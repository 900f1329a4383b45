//! What an operator may count of auth: messages that wait, registrations that are neither done nor
//! undone, and what the doctor found.
//!
//! How the numbers are written is the chassis'.

use chassis::blocking;
use chassis::doctor::Chart;
use chassis::metrics::Metrics;

use super::Service;
use crate::error::Error;
use crate::peer::{NOTES, USER};

impl Service {
    /// The numbers of this moment, with what `chart` says of the doctor's passes.
    pub(crate) fn measure(&self, chart: &Chart) -> Result<Metrics, Error> {
        let open = blocking::brief(|| self.store.open_registrations())?;
        let metrics = Metrics::default();
        metrics.outbox(self.store.outbox(), &[USER, NOTES], self.clock.now());
        metrics.sagas("register", "started", open.started);
        metrics.sagas("register", "aborting", open.aborting);
        metrics.findings(chart);
        Ok(metrics)
    }
}
