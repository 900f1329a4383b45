//! What auth knows of an account, and how each event changes it.
//!
//! Pure: no event is stored or told to anyone here. Profiles are the user service's.

use chassis::clock::Timestamp;
use chassis::contract::Role;
use chassis::email::Email;
use chassis::id::AccountId;
use chassis::standing::{Rung, Standing};

use crate::idempotency::Repeatable;
use crate::password::PasswordHash;
use crate::reset::Reset;

/// An account as auth keeps it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Identity {
    pub(crate) account: AccountId,
    pub(crate) email: Email,
    pub(crate) hash: PasswordHash,
    /// For the token's information only: the user service decides by its own record.
    pub(crate) role: Role,
    pub(crate) standing: Standing,
    /// Whether its registration came to its end: news of the profile may be here before.
    pub(crate) is_confirmed: bool,
    /// The registration that made it.
    pub(crate) saga: String,
    /// How its client may ask for that registration again.
    pub(crate) repeatable: Option<Repeatable>,
    /// The one reset token that works.
    pub(crate) reset: Option<Reset>,
    /// The profile's version that `role` comes from.
    pub(crate) role_version: u64,
    /// The profile's version that `email` comes from.
    pub(crate) email_version: u64,
    pub(crate) created_at: Timestamp,
}

impl Identity {
    /// A fresh account whose profile is not confirmed yet.
    pub(crate) fn pending(
        account: AccountId,
        email: Email,
        hash: PasswordHash,
        saga: String,
        created_at: Timestamp,
    ) -> Self {
        let (role, standing) = (Role::User, Standing::new(Rung::Pending));
        Self {
            account,
            email,
            hash,
            role,
            standing,
            is_confirmed: false,
            saga,
            repeatable: None,
            reset: None,
            role_version: 0,
            email_version: 0,
            created_at,
        }
    }

    /// Whether the account exists as far as anyone outside is concerned.
    pub(crate) fn is_known(&self) -> bool {
        self.is_confirmed && matches!(self.standing.rung, Rung::Active | Rung::Disabled)
    }

    /// Whether its owner may log in.
    pub(crate) fn is_active(&self) -> bool {
        self.is_confirmed && self.standing.rung == Rung::Active
    }

    /// The registration's pivot; `false` when something overtook it.
    pub(crate) fn confirm(&mut self) -> bool {
        if self.standing.rung == Rung::Pending {
            self.standing.rung = Rung::Active;
        }
        self.is_confirmed |= self.standing.rung == Rung::Active;
        self.is_active()
    }

    /// A new password ends every session and every reset token.
    pub(crate) fn change_password(&mut self, hash: PasswordHash) {
        self.hash = hash;
        self.reset = None;
        self.standing.epoch = self.standing.epoch.saturating_add(1);
    }

    /// Joins what the user service says; leaving use ends every session and the reset token, also when only the
    /// return from it is told.
    pub(crate) fn apply_standing(&mut self, told: Standing) {
        let joined = self.standing.join(told);
        let left = departures(joined).saturating_sub(departures(self.standing));
        self.standing = joined;
        if left > 0 {
            self.standing.epoch = joined.epoch.saturating_add(left);
            self.reset = None;
        }
    }

    /// Takes a role from a later version of the profile.
    pub(crate) fn apply_role(&mut self, role: Role, version: u64) {
        if version > self.role_version {
            (self.role, self.role_version) = (role, version);
        }
    }

    /// Takes an e-mail from a later version of the profile; mails to the old one open nothing any more.
    pub(crate) fn apply_email(&mut self, email: Email, version: u64) {
        if version > self.email_version {
            (self.email, self.email_version) = (email, version);
            self.reset = None;
        }
    }
}

/// How often an account left use by the time that it stands there.
fn departures(standing: Standing) -> u32 {
    standing.generation.saturating_add(u32::from(standing.rung >= Rung::Disabled))
}

/// Who holds an e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) email: Email,
    pub(crate) account: AccountId,
    /// The change that reserved it; none once it is the account's own.
    pub(crate) change: Option<String>,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::reset::tests::reset;

    /// An active account.
    pub(crate) fn identity(n: u8) -> Identity {
        let email = Email::parse(&format!("person-{n}@example.test")).unwrap();
        let hash = PasswordHash::stored("$argon2id$stored".into());
        let created_at = Timestamp::from_millis(0);
        let mut identity =
            Identity::pending(AccountId::from_bytes([n; 12]), email, hash, format!("saga-{n}"), created_at);
        assert!(identity.confirm());
        identity
    }

    fn told(generation: u32, rung: Rung) -> Standing {
        Standing { generation, rung, epoch: 0 }
    }

    #[test]
    fn a_password_change_ends_sessions_and_reset_tokens() {
        let mut ada = Identity { reset: Some(reset(0)), ..identity(1) };
        ada.change_password(PasswordHash::stored("new".into()));
        assert_eq!((ada.standing.epoch, ada.reset), (1, None));
    }

    #[test]
    fn deactivation_ends_sessions_once_however_often_it_is_told() {
        let mut ada = Identity { reset: Some(reset(0)), ..identity(1) };
        for _ in 0..3 {
            ada.apply_standing(told(0, Rung::Disabled));
        }
        assert_eq!(
            (ada.standing, &ada.reset),
            (Standing { generation: 0, rung: Rung::Disabled, epoch: 1 }, &None)
        );
        ada.apply_standing(told(1, Rung::Active));
        assert_eq!(ada.standing, Standing { generation: 1, rung: Rung::Active, epoch: 1 });
        ada.apply_standing(told(0, Rung::Disabled));
        assert!(ada.is_active(), "an old message came late");
    }

    #[test]
    fn sessions_and_reset_tokens_end_alike_in_whatever_order_standings_are_told() {
        let news =
            [told(0, Rung::Disabled), told(1, Rung::Active), told(1, Rung::Disabled), told(2, Rung::Active)];
        let orders = [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2], [2, 0, 3, 1]];
        for order in orders {
            let mut ada = Identity { reset: Some(reset(0)), ..identity(1) };
            for which in order.into_iter().flat_map(|which| [which, which]) {
                ada.apply_standing(news[which]);
            }
            assert_eq!(ada.standing, Standing { generation: 2, rung: Rung::Active, epoch: 2 }, "{order:?}");
            assert_eq!(ada.reset, None, "{order:?}");
        }
    }

    #[test]
    fn nobody_knows_an_account_before_its_registration_is_confirmed() {
        let mut ada = Identity { standing: Standing::new(Rung::Pending), is_confirmed: false, ..identity(1) };
        for news in [told(0, Rung::Disabled), told(1, Rung::Active)] {
            ada.apply_standing(news);
            assert!(!ada.is_known() && !ada.is_active());
        }
        assert!(ada.confirm() && ada.is_active());
        assert_eq!(ada.standing.generation, 1);
    }

    #[test]
    fn a_later_version_of_role_and_email_wins_in_any_order() {
        let email = |text| Email::parse(text).unwrap();
        let mut ada = Identity { reset: Some(reset(0)), ..identity(1) };
        ada.apply_role(Role::Admin, 3);
        ada.apply_role(Role::User, 2);
        assert_eq!((ada.role, ada.role_version), (Role::Admin, 3));
        ada.apply_email(email("third@example.test"), 3);
        ada.apply_email(email("second@example.test"), 2);
        assert_eq!((ada.email.as_str(), &ada.reset), ("third@example.test", &None));
    }

    #[test]
    fn a_registration_that_was_overtaken_is_not_confirmed() {
        let mut ada = Identity { standing: Standing::new(Rung::Pending), is_confirmed: false, ..identity(1) };
        assert!(!ada.is_known());
        ada.apply_standing(told(0, Rung::Disabled));
        assert!(!ada.confirm());
    }
}
