//! Accounts that come ready-made.
//!
//! What they may look like is checked where they are read.

use std::collections::BTreeSet;

use chassis::email::Email;
use chassis::id::AccountId;

use super::doc::{CLAIM, ClaimDoc, IDENTITY, IdentityDoc, MarkDoc, TOMBSTONE};
use super::engine::{EngineError, Tx};
use super::{Store, StoreError, find_claim, find_identity, is_gone};
use crate::account::{Claim, Identity};
use crate::news;
use crate::peer::NOTES;

impl Store {
    /// Whether an account has never been here.
    pub(crate) fn is_new(&self, account: AccountId) -> Result<bool, StoreError> {
        let tombstone = self.engine.find::<MarkDoc>(TOMBSTONE, account.to_string())?;
        Ok(tombstone.is_none() && self.find(account)?.is_none())
    }

    /// Whether an account has never been here and could not have `email`.
    pub(crate) fn is_refused(&self, account: AccountId, email: &Email) -> Result<bool, StoreError> {
        let claim = self.engine.find::<ClaimDoc>(CLAIM, email.as_str())?;
        Ok(claim.is_some() && self.is_new(account)?)
    }

    /// Adds the accounts that have never been here and tells how many those were; one whose e-mail is taken
    /// refuses them all.
    pub(crate) fn insert_new(&self, identities: Vec<Identity>) -> Result<u64, StoreError> {
        // Their profiles and notes are on the way.
        for identity in &identities {
            self.outbox().touch(identity.account);
        }
        self.write("insert_new", move |tx| {
            let mut new = Vec::new();
            let (mut accounts, mut emails) = (BTreeSet::new(), BTreeSet::new());
            for identity in &identities {
                if !accounts.insert(identity.account) || !is_new(tx, identity.account)? {
                    continue;
                }
                if !emails.insert(&identity.email) || find_claim(tx, &identity.email)?.is_some() {
                    return Err(StoreError::EmailTaken);
                }
                new.push(identity);
            }
            for identity in &new {
                // Notes takes an author that it never heard of for one in use.
                if !identity.is_active() {
                    tx.send(news::standing(NOTES, identity))?;
                }
                let claim = Claim { email: identity.email.clone(), account: identity.account, change: None };
                tx.insert(CLAIM, &ClaimDoc::of(&claim))?;
                tx.insert(IDENTITY, &IdentityDoc::of(identity))?;
            }
            Ok(new.len() as u64)
        })
    }
}

fn is_new(tx: &Tx, account: AccountId) -> Result<bool, EngineError> {
    Ok(find_identity(tx, account)?.is_none() && !is_gone(tx, account)?)
}
