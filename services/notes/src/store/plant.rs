//! Faults for the doctor to find: what no change of the store would ever write.

use super::{Store, StoreError};

impl Store {
    /// Runs SQL that breaks what the store's changes keep together.
    pub(crate) fn plant(&self, sql: &'static str) {
        self.change("plant", move |notes| notes.connection().execute_batch(sql).map_err(StoreError::from))
            .unwrap();
    }
}
