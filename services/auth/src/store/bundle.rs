//! Everything that is kept, record by record, and records from elsewhere.
//!
//! A page of records is taken in with one commit or not at all. That nothing is under way meanwhile is the verbs'
//! business.

use chassis::bundle::{Fit, refusal};
use chassis::id::AccountId;

use super::doc::{CLAIM, ClaimDoc, IDENTITY, IdentityDoc, KEY, KeyDoc, MarkDoc, RESET, ResetDoc, TOMBSTONE};
use super::engine::{EngineError, Tx};
use super::{Store, StoreError, entomb, find_claim, find_identity, is_gone};
use crate::account::{Claim, Identity};
use crate::bundle::{Account, Record};

impl Store {
    /// Shows `each` every record until it answers `false`: accounts and then tombstones, both by id.
    pub(crate) fn each_record(&self, each: &mut dyn FnMut(Record) -> bool) -> Result<(), StoreError> {
        let mut state = Ok(true);
        self.engine.each(IDENTITY, |doc: IdentityDoc| {
            show(&mut state, each, || {
                let account = Account { identity: doc.read()?, password: None };
                Ok(Record::Account(Box::new(account)))
            });
        })?;
        self.engine.each(TOMBSTONE, |mark: MarkDoc| {
            show(&mut state, each, || mark.read().map(Record::Tombstone));
        })?;
        Ok(state.map(drop)?)
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
                new.map(|(record, _)| record).try_for_each(|record| insert(tx, record))?;
            }
            Ok(fits)
        })
    }
}

/// Shows `each` one more record, unless one could not be read or nobody wants more.
fn show(
    state: &mut Result<bool, EngineError>,
    each: &mut dyn FnMut(Record) -> bool,
    read: impl FnOnce() -> Result<Record, EngineError>,
) {
    if matches!(state, Ok(true)) {
        *state = read().map(each);
    }
}

fn fits(tx: &Tx, records: &[Record]) -> Result<Vec<Fit>, EngineError> {
    records.iter().map(|record| fit(tx, record)).collect()
}

fn fit(tx: &Tx, record: &Record) -> Result<Fit, EngineError> {
    match record {
        Record::Account(account) => fit_of_account(tx, account),
        Record::Tombstone(account) if is_gone(tx, *account)? => Ok(Fit::Same),
        Record::Tombstone(account) => Ok(match find_identity(tx, *account)? {
            Some(_) => Fit::Refused("the account is in use here"),
            None => Fit::New,
        }),
    }
}

fn fit_of_account(tx: &Tx, account: &Account) -> Result<Fit, EngineError> {
    let Identity { account: id, email, reset, repeatable, .. } = &account.identity;
    if let Some(known) = find_identity(tx, *id)? {
        return Ok(if account.is(&known) {
            Fit::Same
        } else {
            Fit::Held("the account is here and is different")
        });
    }
    if is_gone(tx, *id)? {
        return Ok(Fit::Held("the account was erased here"));
    }
    if find_claim(tx, email)?.is_some() {
        return Ok(Fit::Refused("its e-mail belongs to another account here"));
    }
    if let Some(reset) = reset
        && tx.find::<ResetDoc>(RESET, reset.hash.as_str())?.is_some()
    {
        return Ok(Fit::Refused("its reset token belongs to another account here"));
    }
    if let Some(repeatable) = repeatable
        && tx.find::<KeyDoc>(KEY, repeatable.key.as_str())?.is_some()
    {
        return Ok(Fit::Refused("its registration key belongs to another account here"));
    }
    Ok(Fit::New)
}

fn insert(tx: &Tx, record: &Record) -> Result<(), EngineError> {
    let identity = match record {
        Record::Account(account) => &account.identity,
        Record::Tombstone(account) => return entomb(tx, *account),
    };
    let claim = Claim { email: identity.email.clone(), account: identity.account, change: None };
    tx.insert(CLAIM, &ClaimDoc::of(&claim))?;
    if let Some(reset) = &identity.reset {
        tx.insert(RESET, &ResetDoc::of(identity.account, reset))?;
    }
    if let Some(repeatable) = &identity.repeatable {
        tx.insert(KEY, &KeyDoc::of(identity.account, &repeatable.key))?;
    }
    tx.insert(IDENTITY, &IdentityDoc::of(identity))
}

impl MarkDoc {
    fn read(self) -> Result<AccountId, EngineError> {
        let what = || "expected an account id".to_owned();
        let corrupt =
            |id: &str| EngineError::Corrupt { collection: TOMBSTONE, id: id.to_owned(), what: what() };
        AccountId::parse(&self.id).ok_or_else(|| corrupt(&self.id))
    }
}
