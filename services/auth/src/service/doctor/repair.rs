//! What the doctor of auth does about each fault.
//!
//! Only ordinary verbs and messages; each decides again whether there is something to do.

use std::sync::Arc;

use chassis::doctor::Repair;
use chassis::id::AccountId;
use chassis::outbox::{Message, SETTLE_WITHIN, Sequence};
use chassis::standing::Rung;
use chassis::{audit, blocking};

use super::Doctor;
use crate::account::Identity;
use crate::doctor::{Case, Fault, Said, Subject};
use crate::error::Error;
use crate::news;
use crate::peer::{NOTES, USER};

impl Doctor {
    /// Applies the remedy for `case`.
    pub(super) async fn repair(&self, case: &Case) -> Result<Repair, Error> {
        match &case.subject {
            Subject::Account(account) => self.repair_account(case.fault, *account).await,
            Subject::Email(email) => self.release(email.clone()).await,
            Subject::Message(sequence) => self.send_again(*sequence).await,
            Subject::Service(_) => Ok(Repair::Needless),
        }
    }

    async fn repair_account(&self, fault: Fault, account: AccountId) -> Result<Repair, Error> {
        let store = Arc::clone(&self.store);
        match fault {
            Fault::OverdueRegistration | Fault::StuckRegistration => {
                Ok(Repair::sent(blocking::run(move || store.abort_left(account)).await?))
            }
            Fault::UnclaimedEmail => {
                Ok(Repair::silent(blocking::run(move || store.claim_own(account)).await?))
            }
            Fault::MissingProfile => self.tell(account, |found| known(found).map(news::lost_profile)).await,
            Fault::LaggingAccount => self.catch_up(account).await,
            Fault::LaggingProfile => {
                self.tell(account, |found| Some(news::standing(USER, known(found)?))).await
            }
            Fault::LaggingAuthor => {
                self.tell(account, |found| Some(news::standing(NOTES, known(found)?))).await
            }
            Fault::HalfDeleted => {
                self.tell(account, move |found| found.is_none().then(|| news::erased(account))).await
            }
            Fault::OwnerlessEmail
            | Fault::SharedEmail
            | Fault::ParkedMessage
            | Fault::OldMessage
            | Fault::CorruptRecord
            | Fault::NotCompared => Ok(Repair::Needless),
        }
    }

    /// Offers parked messages again and waits for what becomes of this one.
    async fn send_again(&self, sequence: Sequence) -> Result<Repair, Error> {
        let store = Arc::clone(&self.store);
        blocking::run(move || store.unpark()).await?;
        let is_heard = self.store.outbox().settled(&[sequence], SETTLE_WITHIN).await;
        Ok(if is_heard { Repair::Done(Vec::new()) } else { Repair::InVain })
    }

    async fn tell<F>(&self, account: AccountId, news: F) -> Result<Repair, Error>
    where
        F: Fn(Option<&Identity>) -> Option<Message> + Send + 'static,
    {
        let store = Arc::clone(&self.store);
        Ok(Repair::sent(blocking::run(move || store.tell(account, news)).await?))
    }

    /// Takes over an end of sessions that only others know of.
    async fn catch_up(&self, account: AccountId) -> Result<Repair, Error> {
        let said = self.said_of(account).await?;
        let store = Arc::clone(&self.store);
        let caught_up = blocking::run(move || {
            let beyond = store.find(account)?.and_then(|identity| said.epoch_beyond(&identity));
            let Some(copy) = beyond else { return Ok(false) };
            store.apply_standing(account, copy, None).map(|()| true)
        });
        Ok(Repair::silent(caught_up.await?))
    }

    async fn said_of(&self, account: AccountId) -> Result<Said, Error> {
        let user = audit::ask(&self.user, &[account]).await.map_err(Error::NotCompared)?;
        let notes = audit::ask(&self.notes, &[account]).await.map_err(Error::NotCompared)?;
        Ok(Said { user: user.of(account), notes: notes.of(account) })
    }

    /// Frees an e-mail that is held for nobody; one that is held for a change is given back as the change would.
    async fn release(&self, email: String) -> Result<Repair, Error> {
        let store = Arc::clone(&self.store);
        let released = blocking::run(move || {
            let Some(claim) = store.claim(&email)? else { return Ok(false) };
            match claim.change.clone() {
                Some(change) => store.release(claim.email, claim.account, change, None).map(|()| true),
                None => store.let_go_unowned(claim),
            }
        });
        Ok(Repair::silent(released.await?))
    }
}

/// An account that anyone outside may know of.
fn known(found: Option<&Identity>) -> Option<&Identity> {
    found.filter(|identity| identity.standing.rung != Rung::Pending)
}
