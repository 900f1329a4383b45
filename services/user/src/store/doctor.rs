//! What the doctor needs of the store: lists of everything, all that is kept of one account, and its remedies.
//!
//! A remedy decides again on the writer thread: what it was called for may have mended itself. Which one helps is
//! for the doctor to say.

use chassis::id::AccountId;
use chassis::outbox::Sequence;

use super::doc::{ClaimDoc, PROFILE, ProfileDoc, TOMBSTONE, TombstoneDoc, USERNAME_CLAIM};
use super::engine::{EngineError, Tx};
use super::{Store, StoreError, bury, change, find_listed, is_gone, remove, roster, send};
use crate::doctor::{Activity, Kept};
use crate::news;

/// Documents of a kind that one pass lists: their ids take some 60 MB for the moment of it.
const LISTED_MAX: usize = 1_000_000;

impl Store {
    /// Every account that is or was here or moves to another e-mail, once.
    pub(crate) fn accounts(&self) -> Result<Vec<AccountId>, StoreError> {
        let mut accounts: Vec<_> = change::moving(&self.engine)?.into_iter().collect();
        for collection in [PROFILE, TOMBSTONE] {
            let ids = self.engine.scan(collection, LISTED_MAX)?;
            accounts.extend(ids.iter().filter_map(|id| AccountId::parse(id.as_str()?)));
        }
        accounts.sort_unstable();
        accounts.dedup();
        Ok(accounts)
    }

    /// Every username that is held, in its canonical form.
    pub(crate) fn usernames(&self) -> Result<Vec<String>, StoreError> {
        let ids = self.engine.scan(USERNAME_CLAIM, LISTED_MAX)?;
        Ok(ids.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect())
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
