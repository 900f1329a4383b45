//! A person as the platform knows them, and how a profile changes.
//!
//! It knows no database and no wire; whether a name is free is for the store to say.

use chassis::clock::Timestamp;
use chassis::contract::Role;
use chassis::email::Email;
use chassis::id::AccountId;
use chassis::profile::{AvatarUrl, Bio, Username};
use chassis::standing::{Rung, Standing};

/// Everything that is kept of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) account: AccountId,
    pub(crate) email: Email,
    pub(crate) username: Username,
    pub(crate) bio: Option<Bio>,
    pub(crate) avatar: Option<AvatarUrl>,
    pub(crate) role: Role,
    /// Where the account stands; the epoch is the highest that auth told.
    pub(crate) standing: Standing,
    /// Counts the edits, so that what other services hear of them has an order.
    pub(crate) version: u64,
    /// The registration that made it, none for one that came with a fixture.
    pub(crate) saga: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// What a profile starts from.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) account: AccountId,
    pub(crate) email: Email,
    /// None for a generated one.
    pub(crate) username: Option<Username>,
    pub(crate) bio: Option<Bio>,
    pub(crate) avatar: Option<AvatarUrl>,
    pub(crate) role: Role,
    pub(crate) standing: Standing,
    /// 0, or where a lost profile goes on.
    pub(crate) version: u64,
    pub(crate) saga: Option<String>,
    /// None for now.
    pub(crate) created_at: Option<Timestamp>,
}

/// A change of a field that may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Patch<T> {
    /// Leave it.
    #[default]
    Keep,
    /// Empty it.
    Clear,
    /// Fill it.
    Set(T),
}

/// The fields that someone wants changed; who may change which is decided before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) username: Option<Username>,
    pub(crate) bio: Patch<Bio>,
    pub(crate) avatar: Patch<AvatarUrl>,
    pub(crate) role: Option<Role>,
    pub(crate) is_active: Option<bool>,
    pub(crate) email: Option<Email>,
}

impl Draft {
    /// The profile that this becomes under `username`.
    pub(crate) fn into_profile(self, username: Username, now: Timestamp) -> Profile {
        let created_at = self.created_at.unwrap_or(now);
        Profile {
            account: self.account,
            email: self.email,
            username,
            bio: self.bio,
            avatar: self.avatar,
            role: self.role,
            standing: self.standing,
            version: self.version,
            saga: self.saga,
            created_at,
            updated_at: created_at,
        }
    }
}

impl Edit {
    /// The edit that only sets the role.
    pub(crate) fn role(role: Role) -> Self {
        Self { role: Some(role), ..Self::default() }
    }

    /// The edit that only deactivates.
    pub(crate) fn deactivation() -> Self {
        Self { is_active: Some(false), ..Self::default() }
    }
}

impl Profile {
    /// Whether the account is in use.
    pub(crate) fn is_active(&self) -> bool {
        self.standing.rung == Rung::Active
    }

    /// The profile after `edit`. An edit that names no field is none: version and time stay.
    #[must_use]
    pub(crate) fn edited(&self, edit: &Edit, now: Timestamp) -> Self {
        let mut next = self.clone();
        if *edit == Edit::default() {
            return next;
        }
        next.username = edit.username.clone().unwrap_or(next.username);
        edit.bio.apply(&mut next.bio);
        edit.avatar.apply(&mut next.avatar);
        next.role = edit.role.unwrap_or(next.role);
        next.email = edit.email.clone().unwrap_or(next.email);
        if let Some(active) = edit.is_active {
            next.standing = activated(next.standing, active);
        }
        next.version += 1;
        next.updated_at = now;
        next
    }

    /// The profile after auth told of `standing`: only its epoch is news here, the rest is ours to say.
    #[must_use]
    pub(crate) fn heard(&self, standing: Standing) -> Self {
        let epoch = self.standing.epoch.max(standing.epoch);
        Self { standing: Standing { epoch, ..self.standing }, ..self.clone() }
    }
}

impl<T: Clone> Patch<T> {
    fn apply(&self, to: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *to = None,
            Self::Set(value) => *to = Some(value.clone()),
        }
    }
}

/// Reactivation opens a generation, so that no token from before the deactivation comes back to life.
fn activated(standing: Standing, active: bool) -> Standing {
    match (standing.rung, active) {
        (Rung::Active, false) => Standing { rung: Rung::Disabled, ..standing },
        (Rung::Disabled, true) => {
            Standing { rung: Rung::Active, generation: standing.generation + 1, ..standing }
        }
        _ => standing,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An active user of registration `saga-<n>`.
    pub(crate) fn draft(n: u8) -> Draft {
        Draft {
            account: AccountId::from_bytes([n; 12]),
            email: Email::parse(&format!("{n}@example.test")).unwrap(),
            username: None,
            bio: None,
            avatar: None,
            role: Role::User,
            standing: Standing::new(Rung::Active),
            version: 0,
            saga: Some(format!("saga-{n}")),
            created_at: None,
        }
    }

    /// The profile of [`draft`] under `name`, made at the epoch.
    pub(crate) fn profile(n: u8, name: &str) -> Profile {
        draft(n).into_profile(Username::parse(name).unwrap(), Timestamp::from_millis(0))
    }

    const LATER: Timestamp = Timestamp::from_millis(1000);

    #[test]
    fn an_edit_changes_what_it_names_and_counts() {
        let before = profile(1, "ada");
        let bio = Patch::Set(Bio::parse("hello").unwrap());
        let after = before.edited(&Edit { bio, ..Edit::default() }, LATER);
        assert_eq!((after.version, after.updated_at), (1, LATER));
        assert_eq!(after.bio.as_ref().map(Bio::as_str), Some("hello"));
        assert_eq!(after.username, before.username);
        let cleared = after.edited(&Edit { bio: Patch::Clear, ..Edit::default() }, LATER);
        assert_eq!(cleared.bio, None);
    }

    #[test]
    fn an_edit_that_names_nothing_is_none() {
        let before = profile(1, "ada");
        assert_eq!(before.edited(&Edit::default(), LATER), before);
    }

    #[test]
    fn reactivation_opens_a_generation_and_repeating_either_does_nothing() {
        let before = profile(1, "ada");
        let set = |profile: &Profile, active| {
            profile.edited(&Edit { is_active: Some(active), ..Edit::default() }, LATER)
        };
        assert_eq!(set(&before, true).standing, before.standing);
        let off = set(&before, false);
        assert_eq!((off.standing.rung, off.standing.generation), (Rung::Disabled, 0));
        assert_eq!(set(&off, false).standing, off.standing);
        let on = set(&off, true);
        assert_eq!((on.standing.rung, on.standing.generation), (Rung::Active, 1));
    }

    #[test]
    fn of_what_auth_tells_only_a_higher_epoch_is_taken() {
        let told = Standing { generation: 9, rung: Rung::Disabled, epoch: 3 };
        let after = profile(1, "ada").heard(told);
        assert_eq!(after.standing, Standing { generation: 0, rung: Rung::Active, epoch: 3 });
        assert_eq!(after.heard(Standing::new(Rung::Active)), after);
    }
}
