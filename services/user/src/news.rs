//! What other services must hear of a profile, as messages for the outbox.
//!
//! Delivery is the relay's business; each message is idempotent at its receiver.

use chassis::contract::{EmailMove, RoleChange};
use chassis::id::AccountId;
use chassis::outbox::Message;
use chassis::standing::{Rung, Standing};

use crate::peer::{AUTH, NOTES};
use crate::profile::Profile;

/// What changed between two states of one profile, as far as others keep copies of it.
pub(crate) fn between(before: &Profile, after: &Profile) -> Vec<Message> {
    let (account, version) = (after.account, after.version);
    let mut news = Vec::new();
    if after.email != before.email {
        let moved = EmailMove { email: after.email.to_string(), version };
        news.push(Message::new(AUTH, account, format!("/internal/accounts/{account}/email"), &moved));
    }
    if after.role != before.role {
        let change = RoleChange { role: after.role, version };
        news.push(Message::new(AUTH, account, format!("/internal/accounts/{account}/role"), &change));
    }
    if after.standing != before.standing {
        news.extend(standing(after, after.standing.rung));
    }
    news
}

/// That the account is gone for good.
pub(crate) fn erased(profile: &Profile) -> Vec<Message> {
    standing(profile, Rung::Deleted).into()
}

/// The same of an account whose profile is long gone.
pub(crate) fn gone(account: AccountId) -> [Message; 2] {
    [AUTH, NOTES].map(|peer| Message::standing(peer, account, &Standing::new(Rung::Deleted)))
}

/// Where the account stands, told again.
pub(crate) fn standing_of(profile: &Profile) -> [Message; 2] {
    standing(profile, profile.standing.rung)
}

/// The same for notes alone.
pub(crate) fn told_notes(profile: &Profile) -> Message {
    let [_auth, notes] = standing_of(profile);
    notes
}

/// The epoch is auth's to raise, so none is claimed here.
fn standing(profile: &Profile, rung: Rung) -> [Message; 2] {
    let standing = Standing { generation: profile.standing.generation, rung, epoch: 0 };
    [AUTH, NOTES].map(|peer| Message::standing(peer, profile.account, &standing))
}

#[cfg(test)]
mod tests {
    use chassis::clock::Timestamp;
    use chassis::contract::Role;
    use chassis::email::Email;
    use serde_json::json;

    use super::*;
    use crate::profile::Edit;
    use crate::profile::tests::profile;

    fn news_of(edit: &Edit) -> Vec<(String, String, serde_json::Value)> {
        let before = profile(1, "ada");
        let after = before.edited(edit, Timestamp::from_millis(0));
        let prefix = format!("/internal/accounts/{}/", before.account);
        let told = |m: Message| (m.to, m.path.strip_prefix(&prefix).unwrap().to_owned(), m.body);
        between(&before, &after).into_iter().map(told).collect()
    }

    #[test]
    fn a_name_is_nobody_elses_business() {
        let username = Some(chassis::profile::Username::parse("eva").unwrap());
        assert_eq!(news_of(&Edit { username, ..Edit::default() }), []);
        assert_eq!(news_of(&Edit::role(Role::User)), []);
    }

    #[test]
    fn address_role_and_standing_are_told_with_their_version() {
        let edit = Edit {
            email: Email::parse("new@example.test"),
            is_active: Some(false),
            ..Edit::role(Role::Admin)
        };
        let standing = json!({"generation": 0, "rung": "disabled", "epoch": 0});
        let message = |to: &str, path: &str, body| (to.to_owned(), path.to_owned(), body);
        assert_eq!(
            news_of(&edit),
            [
                message("auth", "email", json!({"email": "new@example.test", "version": 1})),
                message("auth", "role", json!({"role": "admin", "version": 1})),
                message("auth", "standing", standing.clone()),
                message("notes", "standing", standing),
            ]
        );
    }
}
