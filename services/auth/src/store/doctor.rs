//! What the doctor needs of the store: lists of everything, all that is kept of one account, and its remedies.
//!
//! A remedy decides again on the writer thread: what it was called for may have mended itself. Which one helps is
//! for the doctor to say.

use std::collections::BTreeSet;

use chassis::id::AccountId;
use chassis::outbox::{Message, Sequence};

use super::doc::{CLAIM, ClaimDoc, IDENTITY, INDEX, MarkDoc, OpenRegistration, REGISTRATIONS, TOMBSTONE};
use super::engine::EngineError;
use super::{Store, StoreError, find_claim, find_identity, registration};
use crate::account::{Claim, Identity};
use crate::doctor::{Kept, Progress};

impl Store {
    /// The next `limit` accounts after `after` that are or were here or register, in order.
    pub(crate) fn accounts(
        &self,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountId>, StoreError> {
        let is_next = |account: &AccountId| Some(*account) > after;
        let open = registration::listed(self.engine.find(INDEX, REGISTRATIONS)?)?;
        let mut accounts: BTreeSet<_> = open.iter().map(|one| one.account).filter(is_next).collect();
        for collection in [IDENTITY, TOMBSTONE] {
            let read = |id: &str| AccountId::parse(id).filter(is_next);
            accounts.append(&mut self.engine.least(collection, limit, read)?);
        }
        Ok(accounts.into_iter().take(limit).collect())
    }

    /// The next `limit` e-mails after `after` that are held, in order.
    pub(crate) fn emails(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, StoreError> {
        let read = |id: &str| (Some(id) > after).then(|| id.to_owned());
        Ok(self.engine.least(CLAIM, limit, read)?.into_iter().collect())
    }

    /// All that is kept of `accounts`, each by itself: one that cannot be read hides no other.
    pub(crate) fn kept(&self, accounts: &[AccountId]) -> Result<Vec<(AccountId, Option<Kept>)>, StoreError> {
        let open = registration::listed(self.engine.find(INDEX, REGISTRATIONS)?)?;
        let mut kept = Vec::new();
        for account in accounts {
            let listed = open.iter().find(|one| one.account == *account);
            kept.push((*account, readable(self.kept_of(*account, listed))?));
        }
        // Asked last: a change that was read above has its message by now.
        let busy = self.outbox().busy(accounts);
        for (account, kept) in &mut kept {
            if let Some(kept) = kept {
                kept.is_busy = busy.contains(account);
            }
        }
        Ok(kept)
    }

    fn kept_of(&self, account: AccountId, listed: Option<&OpenRegistration>) -> Result<Kept, StoreError> {
        let identity = self.find(account)?;
        let tombstone = self.engine.find::<MarkDoc>(TOMBSTONE, account.to_string())?;
        let claim = match &identity {
            Some(identity) => self.claim(identity.email.as_str())?,
            None => None,
        };
        Ok(Kept {
            identity,
            is_gone: tombstone.is_some(),
            holder: claim.map(|claim| claim.account),
            registration: listed.map_or(Progress::None, |one| self.progress(one)),
            is_busy: false,
        })
    }

    /// Who holds `email`.
    pub(crate) fn claim(&self, email: &str) -> Result<Option<Claim>, StoreError> {
        Ok(self.engine.find::<ClaimDoc>(CLAIM, email)?.map(ClaimDoc::read).transpose()?)
    }

    /// The claims on those of `emails` that are held for a change, or for an account that has another e-mail or is
    /// not there.
    pub(crate) fn doubtful_claims(&self, emails: &[String]) -> Result<Vec<Claim>, StoreError> {
        let mut doubtful = Vec::new();
        for email in emails {
            let Some(claim) = readable(self.claim(email))?.flatten() else { continue };
            // Of one that cannot be read the e-mail stays held.
            let Some(owner) = readable(self.find(claim.account))? else { continue };
            let is_owned = owner.is_some_and(|owner| owner.email == claim.email);
            if !is_owned || claim.change.is_some() {
                doubtful.push(claim);
            }
        }
        Ok(doubtful)
    }

    /// Lets go an e-mail that no account has and no change is about.
    pub(crate) fn let_go_unowned(&self, claim: Claim) -> Result<bool, StoreError> {
        self.write("let_go_unowned", move |tx| {
            let owner = find_identity(tx, claim.account)?.filter(|owner| owner.email == claim.email);
            if owner.is_some() || find_claim(tx, &claim.email)?.as_ref() != Some(&claim) {
                return Ok(false);
            }
            Ok(tx.remove(CLAIM, claim.email.as_str())?)
        })
    }

    /// Claims the account's e-mail for it, unless someone else has it.
    pub(crate) fn claim_own(&self, account: AccountId) -> Result<bool, StoreError> {
        self.write("claim_own", move |tx| {
            let Some(identity) = find_identity(tx, account)? else { return Ok(false) };
            if find_claim(tx, &identity.email)?.is_some() {
                return Ok(false);
            }
            let claim = Claim { email: identity.email, account, change: None };
            tx.insert(CLAIM, &ClaimDoc::of(&claim))?;
            Ok(true)
        })
    }

    /// Sends what `news` makes of the account as it is by then, if anything.
    pub(crate) fn tell<F>(&self, account: AccountId, news: F) -> Result<Option<Sequence>, StoreError>
    where
        F: Fn(Option<&Identity>) -> Option<Message> + Send + 'static,
    {
        self.write("tell", move |tx| {
            let identity = find_identity(tx, account)?;
            Ok(news(identity.as_ref()).map(|message| tx.send(message)).transpose()?)
        })
    }

    /// Offers every parked message again.
    pub(crate) fn unpark(&self) -> Result<(), StoreError> {
        Ok(self.engine.unpark()?)
    }

    /// Whether a message still waits to end the undoing of `one`.
    fn progress(&self, one: &OpenRegistration) -> Progress {
        match one.abort {
            None => Progress::Running,
            Some(sequence) if self.outbox().holds(sequence) => Progress::Undone,
            Some(_) => Progress::Stuck,
        }
    }
}

/// `None` for a document that cannot be read; what else fails stops the pass.
fn readable<T>(read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Err(StoreError::Corrupt(EngineError::Corrupt { .. })) => Ok(None),
        read => read.map(Some),
    }
}
