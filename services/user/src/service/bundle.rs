//! Profiles on their way into a bundle and out of one.
//!
//! A bundle holds what is settled: it is handed out when no e-mail is moving and no message waits, which whoever
//! asks for it has to see to. How records are written is not known here.

use std::sync::Arc;

use chassis::blocking;
use chassis::bundle::{Fit, Taken, refusal};

use super::Service;
use crate::bundle::Record;
use crate::error::Error;
use crate::store::Store;

impl Service {
    /// Shows `each` everything that is kept, until it answers `false`. For a thread that may wait.
    pub(crate) fn hand_out(&self, each: &mut dyn FnMut(Record) -> bool) -> Result<(), Error> {
        if !is_settled(&self.store)? {
            return Err(Error::Unsettled);
        }
        Ok(self.store.each_record(each)?)
    }

    /// How each of `records` fits what is here; nothing is changed.
    pub(crate) async fn compare(&self, records: Vec<Record>) -> Result<Vec<Fit>, Error> {
        let store = Arc::clone(&self.store);
        Ok(blocking::run(move || store.fits(records)).await?)
    }

    /// Adds all of `records` that are new, or none if one is refused. Nobody is told: what others keep of these
    /// accounts comes in the same bundle.
    pub(crate) async fn take_in(&self, records: Vec<Record>) -> Result<Taken, Error> {
        let store = Arc::clone(&self.store);
        let fits = blocking::run(move || store.insert_records(records)).await?;
        match refusal(&fits) {
            Some(reason) => Err(Error::RecordRefused(reason)),
            None => Ok(Taken::of(&fits)),
        }
    }
}

fn is_settled(store: &Store) -> Result<bool, Error> {
    Ok(store.open_changes()? == 0 && store.outbox().total() == 0)
}
