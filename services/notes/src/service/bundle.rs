//! Notes on their way into a bundle and out of one.
//!
//! What is handed out is one state of the data, that of the moment in which it begins, whatever is written meanwhile.
//! How records are written is not known here.

use std::sync::Arc;

use chassis::blocking;
use chassis::bundle::{Fit, Taken, refusal};
use chassis::turn::Turn;

use super::Service;
use crate::bundle::Record;
use crate::error::Error;

impl Service {
    /// Shows `each` everything that is kept, until it answers `false`; it reads for long, so it has a `turn` to. For a
    /// thread that may wait.
    pub(crate) fn hand_out(&self, _turn: &Turn, each: &mut dyn FnMut(Record) -> bool) -> Result<(), Error> {
        Ok(self.store.view(|notes| notes.each_record(each))?)
    }

    /// How each of `records` fits what is here; nothing is changed.
    pub(crate) async fn compare(&self, records: Vec<Record>) -> Result<Vec<Fit>, Error> {
        let (store, turn) = (Arc::clone(&self.store), self.turn().await?);
        let fits = blocking::run(move || {
            let fits = store.view(|notes| notes.fits(&records));
            drop(turn);
            fits
        });
        Ok(fits.await?)
    }

    /// Adds all of `records` that are new, or none if one is refused.
    pub(crate) async fn take_in(&self, records: Vec<Record>) -> Result<Taken, Error> {
        self.change("take_in", move |notes| {
            let fits = notes.fits(&records)?;
            if let Some(reason) = refusal(&fits) {
                return Err(Error::RecordRefused(reason));
            }
            let new = records.iter().zip(&fits).filter(|(_, fit)| **fit == Fit::New);
            new.map(|(record, _)| record).try_for_each(|record| notes.insert_record(record))?;
            Ok(Taken::of(&fits))
        })
        .await
    }
}
