//! What an operator may count of notes: deleted authors whose notes are not all gone, what the doctor found, and how
//! far the search index is.
//!
//! How the numbers are written is the chassis'.

use chassis::blocking;
use chassis::doctor::Chart;
use chassis::metrics::Metrics;

use super::Service;
use crate::error::Error;
use crate::store::{StoreError, View};

impl Service {
    /// Deleted authors whose notes are not all gone.
    pub(crate) fn waiting(&self) -> Result<u64, Error> {
        let purges = blocking::brief(|| self.store.view(|notes: &View<'_>| notes.to_purge()))?;
        Ok(u64::try_from(purges.len()).unwrap_or(u64::MAX))
    }

    /// The numbers of this moment, with what `chart` says of the doctor's passes.
    pub(crate) fn measure(&self, chart: &Chart) -> Result<Metrics, Error> {
        let count = |notes: &View<'_>| -> Result<_, StoreError> {
            Ok((notes.to_purge()?, self.index.gauges(notes)?))
        };
        let (purges, gauges) = blocking::brief(|| self.store.view(count))?;
        let metrics = Metrics::default();
        metrics.sagas("purge", "started", purges.len());
        metrics.findings(chart);
        let (authors, bytes) = self.store.copies();
        let number = |count| u64::try_from(count).unwrap_or(0);
        let set = |name, about, value| metrics.set(name, about, &[], value);
        set("satchel_search_copies", "Authors whose folded notes are in memory", number(authors));
        set("satchel_search_copies_bytes", "The memory that these copies take", number(bytes));
        set("satchel_index_documents", "Notes in the search index", gauges.documents);
        set("satchel_index_lag", "Changes that the search index has not taken up", gauges.lag);
        set("satchel_index_builds", "How often the search index was built since the start", gauges.builds);
        set("satchel_index_progress", "Per cent of the notes that the search index covers", gauges.percent);
        Ok(metrics)
    }
}
