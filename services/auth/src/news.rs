//! What other services must hear of an account, as messages for the outbox.
//!
//! Delivery is the relay's business; each message is idempotent at its receiver.

use chassis::contract::{AbortProfile, LostProfile, NewProfile};
use chassis::id::AccountId;
use chassis::outbox::Message;
use chassis::standing::{Rung, Standing};

use crate::account::Identity;
use crate::peer::{NOTES, USER};

/// The account is in use: notes may hear of it before its first token arrives there.
pub(crate) fn activated(identity: &Identity) -> Message {
    Message::standing(NOTES, identity.account, &identity.standing)
}

/// Sessions ended: tokens below the account's epoch are dead everywhere.
pub(crate) fn sessions_ended(identity: &Identity) -> [Message; 2] {
    [USER, NOTES].map(|peer| Message::standing(peer, identity.account, &identity.standing))
}

/// Where the account stands, told again to one that has it wrong.
pub(crate) fn standing(to: &str, identity: &Identity) -> Message {
    Message::standing(to, identity.account, &identity.standing)
}

/// The account is gone for good, told to the user service, from which auth once heard it.
pub(crate) fn erased(account: AccountId) -> Message {
    Message::standing(USER, account, &Standing::new(Rung::Deleted))
}

/// The account's profile is lost and has to be made again, with what is known of it here.
pub(crate) fn lost_profile(identity: &Identity) -> Message {
    let account = identity.account;
    let lost = LostProfile {
        standing: identity.standing,
        role: identity.role,
        version: identity.role_version.max(identity.email_version),
    };
    let profile = NewProfile {
        saga: identity.saga.clone(),
        email: identity.email.to_string(),
        username: None,
        bio: None,
        avatar: None,
        lost: Some(lost),
    };
    Message::new(USER, account, format!("/internal/profiles/{account}"), &profile)
}

/// The registration did not happen, whatever arrived before or arrives later.
pub(crate) fn aborted(account: AccountId, saga: &str) -> Message {
    let abort = AbortProfile { saga: saga.to_owned() };
    Message::new(USER, account, format!("/internal/profiles/{account}/abort"), &abort)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::account::tests::identity;

    #[test]
    fn ended_sessions_are_told_to_both_with_the_new_epoch() {
        let mut ada = identity(1);
        ada.standing.epoch = 4;
        let told = sessions_ended(&ada).map(|message| (message.to, message.path, message.body));
        let path = format!("/internal/accounts/{}/standing", ada.account);
        let body = json!({"generation": 0, "rung": "active", "epoch": 4});
        assert_eq!(told, ["user", "notes"].map(|to| (to.to_owned(), path.clone(), body.clone())));
    }

    #[test]
    fn an_abort_names_its_registration() {
        let account = identity(1).account;
        let message = aborted(account, "saga-1");
        assert_eq!(message.path, format!("/internal/profiles/{account}/abort"));
        assert_eq!((message.to.as_str(), message.body), ("user", json!({"saga": "saga-1"})));
    }
}
