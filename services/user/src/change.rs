//! The move of an account to another e-mail, from before auth is asked until it is done or given back.
//!
//! While a change is open it is on record, so that a reservation at auth never outlives a crash here
//! (PROTOCOL.md §5b).

use chassis::contract::EmailClaim;
use chassis::email::Email;
use chassis::id::AccountId;
use chassis::outbox::Message;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::peer::AUTH;

/// One account's move to `email`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Names the change at auth.
    pub(crate) id: String,
    pub(crate) account: AccountId,
    pub(crate) email: Email,
}

impl Change {
    /// Where auth keeps the claim on the new address.
    pub(crate) fn claim_path(&self) -> String {
        format!("/internal/claims/{}", utf8_percent_encode(self.email.as_str(), NON_ALPHANUMERIC))
    }

    /// Whose claim it is.
    pub(crate) fn claim(&self) -> EmailClaim {
        EmailClaim { account: self.account, change: self.id.clone() }
    }

    /// Gives the address back, whether or not the reservation ever arrived.
    pub(crate) fn release(&self) -> Message {
        Message::new(AUTH, self.account, format!("{}/release", self.claim_path()), &self.claim())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_makes_one_path_segment() {
        let email = Email::parse("a'b+c@example.test").unwrap();
        let change = Change { id: "1".into(), account: AccountId::from_bytes([1; 12]), email };
        assert_eq!(change.claim_path(), "/internal/claims/a%27b%2Bc%40example%2Etest");
    }
}
