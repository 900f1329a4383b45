//! An administrator moves an account to another e-mail: a reservation at auth, then one commit (PROTOCOL.md §5b).
//!
//! The reservation is on record before auth hears of it and given back whenever the commit does not follow, so
//! it outlives neither a refusal, nor silence, nor a crash.

use std::sync::Arc;

use chassis::email::Email;
use chassis::id::AccountId;
use chassis::{blocking, task};

use super::Service;
use crate::change::Change;
use crate::error::Error;
use crate::peer::Reservation;
use crate::profile::{Edit, Profile};
use crate::store::Revision;

impl Service {
    /// Commits `edit`, which moves `account` to `email`. Runs to its end even if the caller goes away.
    pub(super) async fn move_email(
        self: &Arc<Self>,
        account: AccountId,
        email: Email,
        edit: Edit,
    ) -> Result<Profile, Error> {
        let change = Change { id: self.change_ids.hex::<12>(), account, email };
        let service = Arc::clone(self);
        let moving = task::spawn("e-mail change", async move { service.carry_out(change, edit).await });
        moving.await?
    }

    async fn carry_out(&self, change: Change, edit: Edit) -> Result<Profile, Error> {
        let (store, begun, username) = (Arc::clone(&self.store), change.clone(), edit.username.clone());
        if !blocking::run(move || store.begin(begun, username)).await? {
            return Err(Error::AccountUnknown);
        }
        let moved = match self.auth.reserve(&change).await {
            Ok(Reservation::Held) => self.commit(change.clone(), edit).await,
            Ok(Reservation::Taken) => Err(Error::EmailTaken),
            Err(unknown) => Err(Error::EmailUnavailable(unknown)),
        };
        if moved.is_err() {
            let store = Arc::clone(&self.store);
            let abandon = move || {
                let (store, change) = (Arc::clone(&store), change.clone());
                blocking::run(move || store.abandon(change))
            };
            task::until_done("giving an e-mail back", abandon).await;
        }
        moved
    }

    async fn commit(&self, change: Change, edit: Edit) -> Result<Profile, Error> {
        let (account, now) = (change.account, self.clock.now());
        let revise = move |before: &Profile| {
            Some(Revision { ends: Some(change.id.clone()), ..Revision::of(before, &edit, now) })
        };
        self.replace(account, revise).await?.ok_or(Error::AccountUnknown)
    }
}
