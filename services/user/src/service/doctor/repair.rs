//! What the doctor of user does about each fault.
//!
//! Only ordinary verbs and messages; each decides again whether there is something to do.

use std::sync::Arc;

use chassis::audit::{self, Facts, Record};
use chassis::blocking;
use chassis::doctor::Repair;
use chassis::email::Email;
use chassis::id::AccountId;
use chassis::outbox::{SETTLE_WITHIN, Sequence};
use chassis::standing::{Rung, Standing};

use super::Doctor;
use crate::doctor::{Case, Fault, Subject, differ};
use crate::error::Error;
use crate::news;
use crate::profile::{Edit, Profile};
use crate::store::{Revision, Written};

impl Doctor {
    /// Applies the remedy for `case`.
    pub(super) async fn repair(&self, case: &Case) -> Result<Repair, Error> {
        match &case.subject {
            Subject::Account(account) => self.repair_account(case.fault, *account).await,
            Subject::Username(name) => {
                let (store, name) = (Arc::clone(&self.store), name.clone());
                Ok(Repair::silent(blocking::run(move || store.let_go_ownerless(name)).await?))
            }
            Subject::Message(sequence) => self.send_again(*sequence).await,
            Subject::Service(_) => Ok(Repair::Needless),
        }
    }

    async fn repair_account(&self, fault: Fault, account: AccountId) -> Result<Repair, Error> {
        let store = Arc::clone(&self.store);
        match fault {
            Fault::OverdueChange => Ok(done(blocking::run(move || store.abandon_left(account)).await?)),
            Fault::UnclaimedUsername => {
                Ok(Repair::silent(blocking::run(move || store.claim_own(account)).await?))
            }
            Fault::UnlistedProfile => {
                Ok(Repair::silent(blocking::run(move || store.list_again(account)).await?))
            }
            Fault::UndeletedProfile => {
                let removed = blocking::run(move || store.remove(account, news::erased)).await?;
                Ok(removed.map_or(Repair::Needless, Repair::Done))
            }
            Fault::LostAccount => self.contain(account).await,
            Fault::DifferingStanding => self.level(account).await,
            Fault::DifferingFacts => self.agree(account).await,
            Fault::HalfDeleted => Ok(done(blocking::run(move || store.tell_erased(account)).await?)),
            Fault::OwnerlessUsername
            | Fault::SharedUsername
            | Fault::ParkedMessage
            | Fault::OldMessage
            | Fault::CorruptRecord
            | Fault::NotCompared => Ok(Repair::Needless),
        }
    }

    /// Deactivates a profile whose account auth does not know. Auth would refuse to hear of it.
    async fn contain(&self, account: AccountId) -> Result<Repair, Error> {
        let now = self.clock.now();
        self.replace(account, move |before| {
            let profile = before.edited(&Edit::deactivation(), now);
            let news = news::told_notes(&profile);
            before.is_active().then_some(Revision { profile, news: vec![news], ends: None })
        })
        .await
    }

    /// Raises the profile to where auth says the account stands, if that is higher, and tells both others.
    async fn level(&self, account: AccountId) -> Result<Repair, Error> {
        let said = audit::ask(&self.auth, &[account]).await.map_err(Error::NotCompared)?;
        let Some(Record::Standing(theirs)) = said.of(account).map(|entry| entry.record) else {
            return Ok(Repair::Needless);
        };
        self.replace(account, move |before| levelled(before, theirs)).await
    }

    /// Takes over the e-mail and the role of a later version, or tells auth again what they are.
    async fn agree(&self, account: AccountId) -> Result<Repair, Error> {
        let said = audit::ask(&self.auth, &[account]).await.map_err(Error::NotCompared)?;
        let Some(theirs) = said.facts_of(account).cloned() else { return Ok(Repair::Needless) };
        self.replace(account, move |before| agreed(before, &theirs)).await
    }

    /// Offers parked messages again and waits for what becomes of this one.
    async fn send_again(&self, sequence: Sequence) -> Result<Repair, Error> {
        let store = Arc::clone(&self.store);
        blocking::run(move || store.unpark()).await?;
        let is_heard = self.store.outbox().settled(&[sequence], SETTLE_WITHIN).await;
        Ok(if is_heard { Repair::Done(Vec::new()) } else { Repair::InVain })
    }

    async fn replace<F>(&self, account: AccountId, revise: F) -> Result<Repair, Error>
    where
        F: Fn(&Profile) -> Option<Revision> + Send + 'static,
    {
        let store = Arc::clone(&self.store);
        let written = blocking::run(move || store.replace(account, revise)).await?;
        Ok(written.map_or(Repair::Needless, |Written { sent, .. }| Repair::Done(sent)))
    }
}

/// The profile at the higher of the two heights, with the news of it; `None` when they are level by now.
fn levelled(before: &Profile, theirs: Standing) -> Option<Revision> {
    let own = before.standing;
    if own.is_level(&theirs) || theirs.rung == Rung::Pending {
        return None;
    }
    let profile = Profile { standing: own.join(theirs), ..before.clone() };
    let news = news::standing_of(&profile).into();
    Some(Revision { profile, news, ends: None })
}

/// The profile as of the later version: auth's, when an older copy of the profile was put back, or else the
/// profile's own, with the news of it. `None` when the two agree by now.
fn agreed(before: &Profile, theirs: &Facts) -> Option<Revision> {
    if !differ(before, theirs) {
        return None;
    }
    let email = Email::parse(&theirs.email)?;
    let known = Profile { email, role: theirs.role, version: theirs.version, ..before.clone() };
    if theirs.version > before.version {
        return Some(Revision { profile: known, news: Vec::new(), ends: None });
    }
    // Auth takes only what is later than all it heard.
    let profile = Profile { version: before.version + 1, ..before.clone() };
    Some(Revision { news: news::between(&known, &profile), profile, ends: None })
}

fn done(sent: Vec<Sequence>) -> Repair {
    if sent.is_empty() { Repair::Needless } else { Repair::Done(sent) }
}
