//! What people, administrators and other services can have done to profiles.
//!
//! It knows neither HTTP nor the database. Whoever calls a verb was admitted before; the store decides again
//! inside the commit where that may have changed.

mod bundle;
mod doctor;
mod email;
mod measure;
mod receipt;

use std::sync::Arc;

use chassis::blocking;
use chassis::clock::{Clock, Timestamp};
use chassis::contract::Role;
use chassis::entropy::Stream;
use chassis::id::AccountId;
use chassis::inbox::Receipt;
use chassis::outbox::{SETTLE_WITHIN, Sequence};
use chassis::page::Page;
use chassis::standing::{Ended, Standing};
use chassis::token::Caller;

pub(crate) use self::doctor::Doctor;
use crate::error::Error;
use crate::news;
use crate::peer::Auth;
use crate::profile::{Draft, Edit, Profile};
use crate::roster::Listing;
use crate::store::{Newcomer, Revision, Store, StoreError, Written};
use crate::suggestion;

/// The verbs and what they need.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) store: Arc<Store>,
    pub(crate) auth: Auth,
    pub(crate) clock: Clock,
    /// Draws the digits of generated usernames.
    pub(crate) digits: Stream,
    /// Draws the ids under which auth holds e-mails.
    pub(crate) change_ids: Stream,
}

impl Service {
    /// The profile of `caller`, if the token is still worth something.
    pub(crate) fn admit(&self, caller: Caller) -> Result<Profile, Error> {
        let found = blocking::brief(|| self.store.find(caller.account))?;
        let profile = found.ok_or(Error::SessionEnded(Ended::Account))?;
        profile.standing.admits(caller.session).map_err(Error::SessionEnded)?;
        Ok(profile)
    }

    /// The profile of `caller`, who must be an administrator by now.
    pub(crate) fn admit_admin(&self, caller: Caller) -> Result<Profile, Error> {
        let profile = self.admit(caller)?;
        if profile.role == Role::Admin { Ok(profile) } else { Err(Error::NotAdmin) }
    }

    /// Changes the caller's own profile, unless it was deactivated meanwhile.
    pub(crate) async fn edit_own(&self, caller: &Profile, edit: Edit) -> Result<Profile, Error> {
        let now = self.clock.now();
        let revise = move |own: &Profile| own.is_active().then(|| Revision::of(own, &edit, now));
        self.replace(caller.account, revise).await?.ok_or(Error::SessionEnded(Ended::Account))
    }

    /// Deactivates the caller's account everywhere (PROTOCOL.md §4).
    pub(crate) async fn leave(&self, caller: &Profile) -> Result<(), Error> {
        self.edit_own(caller, Edit::deactivation()).await.map(drop)
    }

    /// One page of all profiles, inactive ones too.
    pub(crate) async fn list(&self, _admin: &Profile, page: Page) -> Result<Listing, Error> {
        let store = Arc::clone(&self.store);
        Ok(blocking::run(move || store.page(page)).await?)
    }

    /// The profile of `account`.
    pub(crate) fn show(&self, _admin: &Profile, account: AccountId) -> Result<Profile, Error> {
        blocking::brief(|| self.store.find(account))?.ok_or(Error::AccountUnknown)
    }

    /// Changes any profile, inactive ones too; what others keep of it follows before the answer if they are up.
    pub(crate) async fn edit(
        self: &Arc<Self>,
        admin: &Profile,
        account: AccountId,
        edit: Edit,
    ) -> Result<Profile, Error> {
        let before = self.show(admin, account)?;
        if let Some(email) = edit.email.clone().filter(|email| *email != before.email) {
            return self.move_email(account, email, edit).await;
        }
        // Only a reserved e-mail may be written, and the profile may have moved on since it was read.
        let (edit, now) = (Edit { email: None, ..edit }, self.clock.now());
        let revise = move |before: &Profile| Some(Revision::of(before, &edit, now));
        self.replace(account, revise).await?.ok_or(Error::AccountUnknown)
    }

    /// Erases an account everywhere, for good (PROTOCOL.md §5).
    pub(crate) async fn erase(&self, admin: &Profile, account: AccountId) -> Result<(), Error> {
        let store = Arc::clone(&self.store);
        let removed = blocking::run(move || store.remove(account, news::erased)).await?;
        let sent = removed.ok_or(Error::AccountUnknown)?;
        tracing::info!(user.id = %account, admin.id = %admin.account, "an account was erased");
        self.settled(&sent).await;
        Ok(())
    }

    /// Makes the profile of an account that is being registered; the same registration may ask again.
    pub(crate) async fn register(&self, draft: Draft, receipt: Option<Receipt>) -> Result<(), Error> {
        let (store, newcomer) = (Arc::clone(&self.store), self.newcomer(draft));
        Ok(blocking::run(move || store.register(newcomer, receipt)).await?)
    }

    /// Undoes a registration, whether its profile came already or is yet to come.
    pub(crate) async fn abort(
        &self,
        account: AccountId,
        saga: String,
        receipt: Option<Receipt>,
    ) -> Result<(), Error> {
        let store = Arc::clone(&self.store);
        Ok(blocking::run(move || store.abort(account, saga, receipt)).await?)
    }

    /// Takes note of what auth says about an account's sessions; of an account without a profile nothing. That it is
    /// gone for good auth once heard from here: what is left of it goes too.
    pub(crate) async fn hear(
        &self,
        account: AccountId,
        told: Standing,
        receipt: Option<Receipt>,
    ) -> Result<(), Error> {
        let store = Arc::clone(&self.store);
        Ok(blocking::run(move || store.hear(account, told, receipt)).await?)
    }

    /// Sets the role of `account` by the operator's command.
    pub(crate) async fn set_role(&self, account: AccountId, role: Role) -> Result<(), Error> {
        let now = self.clock.now();
        let revise = move |before: &Profile| {
            let edit = if before.role == role { Edit::default() } else { Edit::role(role) };
            Some(Revision::of(before, &edit, now))
        };
        self.replace(account, revise).await?.map(drop).ok_or(Error::AccountUnknown)
    }

    /// Tells for which of `drafts` loading would be refused, because another account bears the chosen username.
    pub(crate) fn refused(&self, drafts: &[Draft]) -> Result<Vec<AccountId>, Error> {
        let mut refused = Vec::new();
        for (draft, name) in drafts.iter().filter_map(|draft| Some((draft, draft.username.as_ref()?))) {
            if blocking::brief(|| self.store.is_refused(draft.account, name))? {
                refused.push(draft.account);
            }
        }
        Ok(refused)
    }

    /// Inserts those of `drafts` that are not there; all or, if a name is taken, none.
    pub(crate) async fn load(&self, drafts: Vec<Draft>) -> Result<usize, Error> {
        self.insert(drafts).await.map_err(|error| match error {
            StoreError::UsernameTaken { name } => Error::FixtureUsernameTaken(name),
            other => other.into(),
        })
    }

    async fn insert(&self, drafts: Vec<Draft>) -> Result<usize, StoreError> {
        let newcomers = drafts.into_iter().map(|draft| self.newcomer(draft)).collect();
        let store = Arc::clone(&self.store);
        blocking::run(move || store.insert(newcomers)).await
    }

    /// A draft with the names that its profile may bear: the chosen one, or some generated ones.
    fn newcomer(&self, draft: Draft) -> Newcomer {
        let names = match &draft.username {
            Some(chosen) => vec![chosen.clone()],
            None => suggestion::names(&draft.email, &self.digits),
        };
        Newcomer { draft, names, now: self.clock.now() }
    }

    /// Commits what `revise` makes of a profile and waits for its news to arrive; `None` without a profile or
    /// if `revise` declines.
    async fn replace<F>(&self, account: AccountId, revise: F) -> Result<Option<Profile>, Error>
    where
        F: Fn(&Profile) -> Option<Revision> + Send + 'static,
    {
        let store = Arc::clone(&self.store);
        let written = blocking::run(move || store.replace(account, revise)).await?;
        let Some(Written { profile, sent }) = written else {
            return Ok(None);
        };
        self.settled(&sent).await;
        Ok(Some(profile))
    }

    /// Gives the effects in other services a moment, so that they are there with the answer (PROTOCOL.md, S2).
    async fn settled(&self, sent: &[Sequence]) {
        self.store.outbox().settled(sent, SETTLE_WITHIN).await;
    }
}

impl Revision {
    /// What `edit` makes of `before`, with the news of it.
    fn of(before: &Profile, edit: &Edit, now: Timestamp) -> Self {
        let profile = before.edited(edit, now);
        Self { news: news::between(before, &profile), ..Self::quiet(profile) }
    }

    /// A profile whose change is nobody else's business.
    fn quiet(profile: Profile) -> Self {
        Self { profile, news: Vec::new(), ends: None }
    }
}
