//! What an operator may count of notes: deleted authors whose notes are not all gone, and what the doctor found.
//!
//! How the numbers are written is the chassis'.

use chassis::blocking;
use chassis::doctor::Chart;
use chassis::metrics::Metrics;

use super::Service;
use crate::error::Error;
use crate::store::{StoreError, View};

impl Service {
    /// The numbers of this moment, with what `chart` says of the doctor's passes.
    pub(crate) fn measure(&self, chart: &Chart) -> Result<Metrics, Error> {
        let to_purge = |notes: &View<'_>| -> Result<_, StoreError> { notes.to_purge() };
        let purges = blocking::brief(|| self.store.view(to_purge))?;
        let metrics = Metrics::default();
        metrics.sagas("purge", "started", purges.len());
        metrics.findings(chart);
        let (authors, bytes) = self.store.copies();
        let number = |count| u64::try_from(count).unwrap_or(0);
        metrics.set(
            "satchel_search_copies",
            "Authors whose folded notes are in memory",
            &[],
            number(authors),
        );
        metrics.set("satchel_search_copies_bytes", "The memory that these copies take", &[], number(bytes));
        Ok(metrics)
    }
}
