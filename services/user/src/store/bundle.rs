//! Everything that is kept, record by record, and records from elsewhere.
//!
//! A page of records is taken in with one commit or not at all. That nothing is under way meanwhile is the verbs'
//! business.

use chassis::bundle::{Fit, refusal};

use super::doc::{ClaimDoc, PROFILE, ProfileDoc, TOMBSTONE, TombstoneDoc, USERNAME_CLAIM};
use super::engine::{EngineError, Tx};
use super::{Store, StoreError, bury, find_listed, is_gone, roster};
use crate::bundle::Record;
use crate::profile::Profile;
use crate::roster::Slice;

impl Store {
    /// Shows `each` every record until it answers `false`: profiles in the order of the list, then tombstones by id.
    pub(crate) fn each_record(&self, each: &mut dyn FnMut(Record) -> bool) -> Result<(), StoreError> {
        for slice in roster::find(&self.engine)?.slices(0, u64::MAX) {
            if !self.each_listed(slice, each)? {
                return Ok(());
            }
        }
        let mut goes_on = true;
        self.engine.each(TOMBSTONE, |doc: TombstoneDoc| {
            goes_on = goes_on && each(Record::Tombstone(doc.account));
        })?;
        Ok(())
    }

    fn each_listed(&self, slice: Slice, each: &mut dyn FnMut(Record) -> bool) -> Result<bool, StoreError> {
        for account in roster::accounts(&self.engine, slice)? {
            if let Some(profile) = self.find(account)?
                && !each(Record::Profile(Box::new(profile)))
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// How each of `records` fits what is here.
    pub(crate) fn fits(&self, records: Vec<Record>) -> Result<Vec<Fit>, StoreError> {
        self.write("fits", move |tx| Ok(fits(tx, &records)?))
    }

    /// Adds the new ones among `records`, unless one of them is refused; tells how each fitted.
    pub(crate) fn insert_records(&self, records: Vec<Record>) -> Result<Vec<Fit>, StoreError> {
        self.write("insert_records", move |tx| {
            let fits = fits(tx, &records)?;
            if refusal(&fits).is_none() {
                let new = records.iter().zip(&fits).filter(|(_, fit)| **fit == Fit::New);
                insert(tx, new.map(|(record, _)| record))?;
            }
            Ok(fits)
        })
    }
}

fn fits(tx: &Tx, records: &[Record]) -> Result<Vec<Fit>, EngineError> {
    records.iter().map(|record| fit(tx, record)).collect()
}

fn fit(tx: &Tx, record: &Record) -> Result<Fit, EngineError> {
    match record {
        Record::Profile(profile) => fit_of_profile(tx, profile),
        Record::Tombstone(account) if is_gone(tx, *account)? => Ok(Fit::Same),
        Record::Tombstone(account) => Ok(match find_listed(tx, *account)? {
            Some(_) => Fit::Refused("the account has a profile here"),
            None => Fit::New,
        }),
    }
}

fn fit_of_profile(tx: &Tx, profile: &Profile) -> Result<Fit, EngineError> {
    if let Some(known) = find_listed(tx, profile.account)? {
        let is_same = known.profile == *profile;
        return Ok(if is_same { Fit::Same } else { Fit::Held("the profile is here and is different") });
    }
    if is_gone(tx, profile.account)? {
        return Ok(Fit::Held("the account was erased here"));
    }
    Ok(match tx.find::<ClaimDoc>(USERNAME_CLAIM, profile.username.canonical())? {
        Some(_) => Fit::Refused("its username belongs to another account here"),
        None => Fit::New,
    })
}

fn insert<'a>(tx: &Tx, records: impl Iterator<Item = &'a Record>) -> Result<(), EngineError> {
    let mut profiles = Vec::new();
    for record in records {
        match record {
            Record::Profile(profile) => profiles.push(profile),
            Record::Tombstone(account) => bury(tx, *account)?,
        }
    }
    let accounts: Vec<_> = profiles.iter().map(|profile| profile.account).collect();
    for (profile, chunk) in profiles.into_iter().zip(roster::extend(tx, &accounts)?) {
        tx.insert(USERNAME_CLAIM, &ClaimDoc::of(profile))?;
        tx.insert(PROFILE, &ProfileDoc::of(profile, chunk))?;
    }
    Ok(())
}
