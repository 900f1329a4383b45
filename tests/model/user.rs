//! What user does, commit by commit: the model of its `store/registration.rs`, `service.rs` and `news.rs`.

use chassis::standing::{Rung, Standing};

use crate::auth::Reply;
use crate::bug::Bug;
use crate::lane::Message;
use crate::state::{Account, Person, Profile, Route};
use crate::world::World;

impl World<'_> {
    /// R2, however often and late it arrives.
    pub(crate) fn create(&mut self, account: Account) {
        let Person { name, email, .. } = self.state.people[account];
        let remembers = !self.has(Bug::RefusalForgotten);
        let user = &mut self.state.user;
        let reply = if user.refused[account] && remembers {
            Reply::Taken
        } else if user.gone[account] {
            Reply::Gone
        } else if user.profiles[account].is_some() {
            Reply::Made
        } else if user.claims[usize::from(name)].is_some() {
            user.refused[account] = true;
            Reply::Taken
        } else {
            user.claims[usize::from(name)] = Some(account);
            user.profiles[account] = Some(Profile { standing: Standing::new(Rung::Active), name, email });
            user.made[account] = true;
            Reply::Made
        };
        // While the inbox remembers the request it repeats the first answer, which the tombstone contradicts.
        let repeats = user.made[account];
        self.reply(account, reply);
        if repeats {
            self.reply(account, Reply::Made);
        }
    }

    /// The registration did not happen, whatever arrived or arrives.
    pub(crate) fn abort_profile(&mut self, account: Account) {
        self.state.user.gone[account] |= !self.has(Bug::AbortWithoutTombstone);
        self.remove_profile(account);
    }

    /// Of what auth tells only a higher epoch is taken.
    pub(crate) fn user_hears(&mut self, account: Account, told: Standing) {
        if let Some(profile) = &mut self.state.user.profiles[account] {
            profile.standing.epoch = profile.standing.epoch.max(told.epoch);
        }
    }

    /// S1, by the owner or an administrator; once.
    pub(crate) fn deactivate(&mut self, account: Account) {
        let person = &mut self.state.people[account];
        let Some(profile) = &mut self.state.user.profiles[account] else { return };
        if profile.standing.rung != Rung::Active || person.left {
            return;
        }
        profile.standing.rung = Rung::Disabled;
        person.left = true;
        person.ended = person.tokens;
        let standing = profile.standing;
        self.tell(account, standing);
    }

    /// An administrator brings the account back, in a new generation.
    pub(crate) fn reactivate(&mut self, account: Account) {
        let same_generation = self.has(Bug::SameGeneration);
        let Some(profile) = &mut self.state.user.profiles[account] else { return };
        if profile.standing.rung != Rung::Disabled {
            return;
        }
        profile.standing.rung = Rung::Active;
        profile.standing.generation += u32::from(!same_generation);
        let standing = profile.standing;
        self.tell(account, standing);
    }

    /// H1, by an administrator.
    pub(crate) fn erase(&mut self, account: Account) {
        let Some(profile) = self.state.user.profiles[account] else { return };
        self.state.user.gone[account] = true;
        self.remove_profile(account);
        let person = &mut self.state.people[account];
        person.left = true;
        person.ended = person.tokens;
        self.tell(account, Standing { rung: Rung::Deleted, ..profile.standing });
    }

    /// The epoch is auth's to raise, so none is claimed.
    fn tell(&mut self, account: Account, standing: Standing) {
        let news = Message::Standing(Standing { epoch: 0, ..standing });
        self.send(account, Route::UserToAuth, news);
        self.send(account, Route::UserToNotes, news);
    }

    fn remove_profile(&mut self, account: Account) {
        if let Some(profile) = self.state.user.profiles[account].take() {
            self.state.user.claims[usize::from(profile.name)] = None;
        }
    }
}
