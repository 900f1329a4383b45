//! What auth puts into a bundle: each account, and each that is gone for good.
//!
//! Claims on e-mails and the ways to an account by its keys follow from these. What is under way is in no bundle:
//! one is made when nothing is. How a record is written is the wire's business.

use chassis::id::AccountId;

use crate::account::Identity;
use crate::password::Password;

/// One of the things that auth keeps.
#[derive(Clone, Debug)]
pub(crate) enum Record {
    /// An account.
    Account(Box<Account>),
    /// An account that never comes back.
    Tombstone(AccountId),
}

/// An account as it was elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// All that is kept of it; without a hash if its password is here.
    pub(crate) identity: Identity,
    /// The password itself, in a bundle that somebody wrote by hand.
    pub(crate) password: Option<Password>,
}

impl Account {
    /// Whether it is the account `known`. Of a password in the clear nobody can tell without hashing it.
    pub(crate) fn is(&self, known: &Identity) -> bool {
        let mut identity = self.identity.clone();
        if self.password.is_some() {
            identity.hash = known.hash.clone();
        }
        identity == *known
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::tests::identity;
    use crate::password::PasswordHash;

    #[test]
    fn an_account_with_a_password_in_the_clear_is_told_by_everything_else() {
        let known = identity(1);
        let plain = Account {
            identity: Identity { hash: PasswordHash::stored(String::new()), ..known.clone() },
            password: Some(Password::given("correct horse".into())),
        };
        assert!(plain.is(&known) && !plain.is(&Identity { role_version: 1, ..known.clone() }));
        let hashed = Account { password: None, ..plain };
        assert!(!hashed.is(&known));
    }
}
