//! Profiles that come and, when their registration is undone, go again.
//!
//! The same registration may ask twice and an abort may overtake it: a tombstone decides.

use std::collections::BTreeSet;

use chassis::clock::Timestamp;
use chassis::id::AccountId;
use chassis::inbox::Receipt;
use chassis::profile::Username;

use super::doc::{ClaimDoc, PROFILE, ProfileDoc, TOMBSTONE, TombstoneDoc, USERNAME_CLAIM};
use super::engine::{EngineError, Tx};
use super::inbox::{answered, once};
use super::{Store, StoreError, bury, find_listed, is_gone, remove, roster};
use crate::profile::{Draft, Profile};

/// A profile to insert.
#[derive(Clone, Debug)]
pub(crate) struct Newcomer {
    pub(crate) draft: Draft,
    /// Names that it may bear, best first.
    pub(crate) names: Vec<Username>,
    /// When it came, unless the draft says otherwise.
    pub(crate) now: Timestamp,
}

impl Store {
    /// R2: makes the profile of an account that is being registered. That the account is gone outranks what was
    /// answered before, but no key passes for another message's.
    pub(crate) fn register(&self, newcomer: Newcomer, receipt: Option<Receipt>) -> Result<(), StoreError> {
        self.write("register", move |tx| {
            if is_gone(tx, newcomer.draft.account)? {
                receipt.as_ref().map(|receipt| answered(tx, receipt)).transpose()?;
                return Err(StoreError::Erased);
            }
            once(tx, receipt.as_ref(), |tx| make(tx, &newcomer))
        })
    }

    /// Inserts all of `newcomers` or, if one is refused, none; tells how many were not there before.
    ///
    /// A registration takes only its own profile for done; one that came with a fixture takes any, and also
    /// that the account is gone.
    pub(crate) fn insert(&self, newcomers: Vec<Newcomer>) -> Result<usize, StoreError> {
        self.write("insert", move |tx| {
            let (mut fresh, mut names) = (Vec::new(), BTreeSet::new());
            for newcomer in &newcomers {
                if !is_done(tx, newcomer)? {
                    fresh.push(named(tx, newcomer, &mut names)?);
                }
            }
            fresh.iter().try_for_each(|profile| write(tx, profile))?;
            Ok(fresh.len())
        })
    }

    /// Whether an account has never been here and could not be called `name`.
    pub(crate) fn is_refused(&self, account: AccountId, name: &Username) -> Result<bool, StoreError> {
        let claim = self.engine.find::<ClaimDoc>(USERNAME_CLAIM, name.canonical())?;
        let tombstone = self.engine.find::<TombstoneDoc>(TOMBSTONE, account.to_string())?;
        Ok(claim.is_some() && tombstone.is_none() && self.find(account)?.is_none())
    }

    /// Makes sure that the registration `saga` leaves no profile, whether it came already or is yet to come.
    pub(crate) fn abort(
        &self,
        account: AccountId,
        saga: String,
        receipt: Option<Receipt>,
    ) -> Result<(), StoreError> {
        self.receive("abort", receipt, move |tx| {
            let listed = find_listed(tx, account)?;
            bury(tx, account)?;
            match listed.filter(|listed| listed.profile.saga.as_ref() == Some(&saga)) {
                Some(listed) => Ok(remove(tx, &listed)?),
                None => Ok(()),
            }
        })
    }
}

/// Makes the profile of `newcomer` unless it is there.
fn make(tx: &Tx, newcomer: &Newcomer) -> Result<(), StoreError> {
    if is_done(tx, newcomer)? {
        return Ok(());
    }
    match named(tx, newcomer, &mut BTreeSet::new()) {
        Ok(profile) => Ok(write(tx, &profile)?),
        // Another try draws other names.
        Err(StoreError::UsernameTaken { .. }) if newcomer.draft.username.is_none() => {
            Err(StoreError::NoUsernameFree)
        }
        Err(error) => Err(error),
    }
}

/// Whether there is nothing left to do for `newcomer`.
fn is_done(tx: &Tx, newcomer: &Newcomer) -> Result<bool, StoreError> {
    let Draft { account, saga, .. } = &newcomer.draft;
    if is_gone(tx, *account)? {
        return if saga.is_some() { Err(StoreError::Erased) } else { Ok(true) };
    }
    match find_listed(tx, *account)? {
        None => Ok(false),
        Some(listed) if saga.is_none() || listed.profile.saga == *saga => Ok(true),
        Some(_) => Err(StoreError::AccountTaken),
    }
}

/// The profile of `newcomer` under the first of its names that is free, also of those `given` out before.
fn named(tx: &Tx, newcomer: &Newcomer, given: &mut BTreeSet<String>) -> Result<Profile, StoreError> {
    for name in &newcomer.names {
        let canonical = name.canonical();
        let is_free = tx.find::<ClaimDoc>(USERNAME_CLAIM, canonical.as_str())?.is_none();
        if is_free && given.insert(canonical) {
            return Ok(newcomer.draft.clone().into_profile(name.clone(), newcomer.now));
        }
    }
    let wanted = newcomer.names.first().map_or_else(String::new, |name| name.as_str().to_owned());
    Err(StoreError::UsernameTaken { name: wanted })
}

fn write(tx: &Tx, profile: &Profile) -> Result<(), EngineError> {
    tx.insert(USERNAME_CLAIM, &ClaimDoc::of(profile))?;
    let chunk = roster::append(tx, profile.account)?;
    tx.insert(PROFILE, &ProfileDoc::of(profile, chunk))
}
