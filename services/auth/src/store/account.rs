//! What the user service decides about accounts: their standing, role and e-mail.
//!
//! Each verb may be repeated and may come late; none can bring back what is gone.

use chassis::contract::Role;
use chassis::email::Email;
use chassis::id::AccountId;
use chassis::inbox::Receipt;
use chassis::standing::{Rung, Standing};

use super::doc::{CLAIM, ClaimDoc, SETTLED, SettledDoc};
use super::engine::{EngineError, Tx};
use super::{Store, StoreError, entomb, find_claim, find_identity, is_gone, remove, save};
use crate::account::{Claim, Identity};
use crate::news;

impl Store {
    /// Joins `told` to where the account stands; deletion removes it and keeps its tombstone.
    pub(crate) fn apply_standing(
        &self,
        account: AccountId,
        told: Standing,
        receipt: Option<Receipt>,
    ) -> Result<(), StoreError> {
        self.receive("apply_standing", receipt, move |tx| {
            if told.rung == Rung::Deleted {
                return Ok(erase(tx, account)?);
            }
            let Some(before) = find_identity(tx, account)? else {
                return absent(tx, account);
            };
            let mut after = before.clone();
            after.apply_standing(told);
            save(tx, &before, &after)?;
            // Only auth knows the epoch in which the account comes back; copies must not lag behind.
            if before.is_known() && after.is_active() && !after.standing.is_level(&before.standing) {
                news::sessions_ended(&after).into_iter().try_for_each(|news| tx.send(news).map(drop))?;
            }
            Ok(())
        })
    }

    /// Takes over the role of a later version of the profile.
    pub(crate) fn apply_role(
        &self,
        account: AccountId,
        role: Role,
        version: u64,
        receipt: Option<Receipt>,
    ) -> Result<(), StoreError> {
        let apply = move |tx: &Tx| update(tx, account, |identity| identity.apply_role(role, version));
        self.receive("apply_role", receipt, apply)
    }

    /// Makes `email`, which was held for the account, its own, and lets the old one go.
    pub(crate) fn apply_email(
        &self,
        account: AccountId,
        email: Email,
        version: u64,
        receipt: Option<Receipt>,
    ) -> Result<(), StoreError> {
        self.receive("apply_email", receipt, move |tx| {
            let Some(before) = find_identity(tx, account)? else {
                absent(tx, account)?;
                return Ok(give_back(tx, &email, account)?);
            };
            if version <= before.email_version {
                return Ok(());
            }
            let held = find_claim(tx, &email)?;
            if held.as_ref().is_some_and(|claim| claim.account != account) {
                return Err(StoreError::EmailTaken);
            }
            let mut after = before.clone();
            after.apply_email(email.clone(), version);
            own(tx, &after, held)?;
            if before.email != after.email {
                let_go(tx, &before.email)?;
            }
            Ok(save(tx, &before, &after)?)
        })
    }

    /// Holds `email` for a change of the account; the same change may ask again until it is settled.
    pub(crate) fn reserve(
        &self,
        email: Email,
        account: AccountId,
        change: String,
        receipt: Option<Receipt>,
    ) -> Result<(), StoreError> {
        self.receive("reserve", receipt, move |tx| {
            if find_identity(tx, account)?.is_none() {
                return Err(StoreError::AccountUnknown);
            }
            if is_settled(tx, &change)? {
                return Err(StoreError::EmailTaken);
            }
            let claim = Claim { email: email.clone(), account, change: Some(change.clone()) };
            match find_claim(tx, &email)? {
                None => Ok(tx.insert(CLAIM, &ClaimDoc::of(&claim))?),
                Some(held) if held == claim => Ok(()),
                // Its own e-mail, which an earlier change may be about to let go.
                Some(held) if held.account == account && held.change.is_none() => {
                    Ok(tx.replace(CLAIM, &ClaimDoc::of(&claim))?)
                }
                // Another change of the same account, which is about to own it or to give it back.
                Some(held) if held.account == account => Err(StoreError::EmailHeld),
                Some(_) => Err(StoreError::EmailTaken),
            }
        })
    }

    /// Ends a change that did not happen: its e-mail is free, and a reservation that comes late is refused.
    pub(crate) fn release(
        &self,
        email: Email,
        account: AccountId,
        change: String,
        receipt: Option<Receipt>,
    ) -> Result<(), StoreError> {
        self.receive("release", receipt, move |tx| {
            settle(tx, &change)?;
            let held = find_claim(tx, &email)?;
            let Some(claim) = held.filter(|claim| claim.account == account) else {
                return Ok(());
            };
            if claim.change.as_ref() != Some(&change) {
                return Ok(());
            }
            match find_identity(tx, account)? {
                Some(owner) if owner.email == email => {
                    Ok(tx.replace(CLAIM, &ClaimDoc::of(&Claim { change: None, ..claim }))?)
                }
                Some(_) | None => Ok(tx.remove(CLAIM, email.as_str()).map(drop)?),
            }
        })
    }
}

fn update(tx: &Tx, account: AccountId, change: impl Fn(&mut Identity)) -> Result<(), StoreError> {
    let Some(before) = find_identity(tx, account)? else {
        return absent(tx, account);
    };
    let mut after = before.clone();
    change(&mut after);
    Ok(save(tx, &before, &after)?)
}

/// News of an account that is gone is old; of one that never was, a fault that somebody must look at.
fn absent(tx: &Tx, account: AccountId) -> Result<(), StoreError> {
    if is_gone(tx, account)? { Ok(()) } else { Err(StoreError::AccountUnknown) }
}

fn erase(tx: &Tx, account: AccountId) -> Result<(), EngineError> {
    if let Some(identity) = find_identity(tx, account)? {
        remove(tx, &identity)?;
    }
    entomb(tx, account)
}

/// Makes the claim on the account's e-mail its own, and settles the change that held it.
fn own(tx: &Tx, identity: &Identity, held: Option<Claim>) -> Result<(), EngineError> {
    let claim = Claim { email: identity.email.clone(), account: identity.account, change: None };
    match held {
        None => tx.insert(CLAIM, &ClaimDoc::of(&claim)),
        Some(Claim { change: None, .. }) => Ok(()),
        Some(Claim { change: Some(change), .. }) => {
            settle(tx, &change)?;
            tx.replace(CLAIM, &ClaimDoc::of(&claim))
        }
    }
}

/// Frees an e-mail, unless a later change of the same account holds it already.
fn let_go(tx: &Tx, email: &Email) -> Result<(), EngineError> {
    match find_claim(tx, email)? {
        Some(Claim { change: None, .. }) => tx.remove(CLAIM, email.as_str()).map(drop),
        Some(_) | None => Ok(()),
    }
}

/// Frees an e-mail that was held for `account`, which is gone: nobody else will.
fn give_back(tx: &Tx, email: &Email, account: AccountId) -> Result<(), EngineError> {
    match find_claim(tx, email)?.filter(|claim| claim.account == account) {
        Some(_) => tx.remove(CLAIM, email.as_str()).map(drop),
        None => Ok(()),
    }
}

fn is_settled(tx: &Tx, change: &str) -> Result<bool, EngineError> {
    Ok(tx.find::<SettledDoc>(SETTLED, change)?.is_some())
}

fn settle(tx: &Tx, change: &str) -> Result<(), EngineError> {
    if is_settled(tx, change)? {
        return Ok(());
    }
    tx.insert(SETTLED, &SettledDoc { id: change.to_owned(), at: tx.now().as_millis() })
}
