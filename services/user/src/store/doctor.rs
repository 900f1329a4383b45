//! What the doctor needs of the store: lists of everything, all that is kept of one account, and its remedies.
//!
//! A remedy decides again on the writer thread: what it was called for may have mended itself. Which one helps is
//! for the doctor to say.

use std::collections::BTreeSet;

use chassis::id::AccountId;
use chassis::outbox::Sequence;

use super::doc::{ClaimDoc, PROFILE, ProfileDoc, TOMBSTONE, TombstoneDoc, USERNAME_CLAIM};
use super::engine::{EngineError, Tx};
use super::{Store, StoreError, bury, change, find_listed, is_gone, remove, roster, send};
use crate::doctor::{Activity, Kept};
use crate::news;

impl Store {
    /// The next `limit` accounts after `after` that are or were here or move to another e-mail, in order.
    pub(crate) fn accounts(
        &self,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountId>, StoreError> {
        let is_next = |account: &AccountId| Some(*account) > after;
        let mut accounts: BTreeSet<_> = change::moving(&self.engine)?.into_iter().filter(is_next).collect();
        for collection in [PROFILE, TOMBSTONE] {
            let read = |id: &str| AccountId::parse(id).filter(is_next);
            accounts.append(&mut self.engine.least(collection, limit, read)?);
        }
        Ok(accounts.into_iter().take(limit).collect())
    }

    /// The next `limit` usernames after `after` that are held, canonical and in order.
    pub(crate) fn usernames(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, StoreError> {
        let read = |id: &str| (Some(id) > after).then(|| id.to_owned());
        Ok(self.engine.least(USERNAME_CLAIM, limit, read)?.into_iter().collect())
    }

    /// All that is kept of `accounts`, each by itself: one that cannot be read hides no other.
    pub(crate) fn kept(&self, accounts: &[AccountId]) -> Result<Vec<(AccountId, Option<Kept>)>, StoreError> {
        let moving = change::moving(&self.engine)?;
        let mut kept = Vec::new();
        for account in accounts {
            kept.push((*account, readable(self.kept_of(*account))?));
        }
        // Asked last: a change that was read above has its message by now.
        let busy = self.outbox().busy(accounts);
        for (account, kept) in &mut kept {
            if let Some(kept) = kept {
                kept.activity = match (busy.contains(account), moving.contains(account)) {
                    (true, _) => Activity::Busy,
                    (false, true) => Activity::Left,
                    (false, false) => Activity::Quiet,
                };
            }
        }
        Ok(kept)
    }

    fn kept_of(&self, account: AccountId) -> Result<Kept, StoreError> {
        let tombstone = self.engine.find::<TombstoneDoc>(TOMBSTONE, account.to_string())?;
        let mut kept = Kept {
            profile: None,
            is_gone: tombstone.is_some(),
            holder: None,
            is_listed: false,
            activity: Activity::Quiet,
        };
        if let Some(doc) = self.engine.find::<ProfileDoc>(PROFILE, account.to_string())? {
            kept.is_listed = roster::lists(&self.engine, account, doc.chunk)?;
            let profile = doc.read()?;
            let claim = self.engine.find::<ClaimDoc>(USERNAME_CLAIM, profile.username.canonical())?;
            kept.holder = claim.map(|claim| claim.account);
            kept.profile = Some(profile);
        }
        Ok(kept)
    }

    /// Those of `names` that no profile bears.
    pub(crate) fn ownerless(&self, names: &[String]) -> Result<Vec<String>, StoreError> {
        let mut ownerless = Vec::new();
        for name in names {
            let Some(claim) = self.engine.find::<ClaimDoc>(USERNAME_CLAIM, name.as_str())? else { continue };
            // Of one that cannot be read the name stays held.
            let Some(bearer) = readable(self.find(claim.account))? else { continue };
            if bearer.is_none_or(|bearer| bearer.username.canonical() != *name) {
                ownerless.push(name.clone());
            }
        }
        Ok(ownerless)
    }

    /// Lets go a username that no profile bears.
    pub(crate) fn let_go_ownerless(&self, name: String) -> Result<bool, StoreError> {
        self.write("let_go_ownerless", move |tx| {
            let Some(claim) = tx.find::<ClaimDoc>(USERNAME_CLAIM, name.as_str())? else { return Ok(false) };
            let bearer = find_listed(tx, claim.account)?;
            if bearer.is_some_and(|bearer| bearer.profile.username.canonical() == name) {
                return Ok(false);
            }
            Ok(tx.remove(USERNAME_CLAIM, name.as_str())?)
        })
    }

    /// Claims the profile's username for it, unless someone else has it.
    pub(crate) fn claim_own(&self, account: AccountId) -> Result<bool, StoreError> {
        self.write("claim_own", move |tx| {
            let Some(listed) = find_listed(tx, account)? else { return Ok(false) };
            if tx.find::<ClaimDoc>(USERNAME_CLAIM, listed.profile.username.canonical())?.is_some() {
                return Ok(false);
            }
            tx.insert(USERNAME_CLAIM, &ClaimDoc::of(&listed.profile))?;
            Ok(true)
        })
    }

    /// Lists a profile at the end of all people.
    pub(crate) fn list_again(&self, account: AccountId) -> Result<bool, StoreError> {
        self.write("list_again", move |tx| {
            let Some(listed) = find_listed(tx, account)? else { return Ok(false) };
            let chunk = roster::append(tx, account)?;
            tx.replace(PROFILE, &ProfileDoc::of(&listed.profile, chunk))?;
            Ok(true)
        })
    }

    /// Tells the others again that an account is gone for good.
    pub(crate) fn tell_erased(&self, account: AccountId) -> Result<Vec<Sequence>, StoreError> {
        self.write("tell_erased", move |tx| {
            if is_gone(tx, account)? { Ok(send(tx, news::gone(account).into())?) } else { Ok(Vec::new()) }
        })
    }

    /// Gives up the changes of the account's e-mail that nobody carries out any more.
    pub(crate) fn abandon_left(&self, account: AccountId) -> Result<Vec<Sequence>, StoreError> {
        self.write("abandon_left", move |tx: &Tx| Ok(change::abandon_of(tx, account)?))
    }

    /// Offers every parked message again.
    pub(crate) fn unpark(&self) -> Result<(), StoreError> {
        Ok(self.engine.unpark()?)
    }
}

/// Makes sure that nothing of a deleted account is left, and that the others know; without a profile they do.
pub(super) fn entomb(tx: &Tx, account: AccountId) -> Result<Vec<Sequence>, EngineError> {
    let listed = find_listed(tx, account)?;
    bury(tx, account)?;
    let Some(listed) = listed else { return Ok(Vec::new()) };
    remove(tx, &listed)?;
    send(tx, news::erased(&listed.profile))
}

/// `None` for a document that cannot be read; what else fails stops the pass.
fn readable<T>(read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Err(StoreError::Corrupt(EngineError::Corrupt { .. })) => Ok(None),
        read => read.map(Some),
    }
}
