//! Passwords and reset tokens: single use, newest only, no lost change.

use super::*;
use crate::reset::tests::{reset, token};

#[test]
fn a_token_used_by_eight_at_once_has_one_winner() {
    for place in Place::both() {
        let store = open(&place);
        let ada = registered(&store, 1);
        for round in 0..25 {
            assert!(store.start_reset(ada.account, reset(round)).unwrap());
            let used =
                from_eight_threads(|n| store.reset_password(token(round).hash(), NOW, hash(&n.to_string())));
            assert_eq!(used.iter().filter(|outcome| outcome.is_ok()).count(), 1, "round {round}");
            let epoch = store.find(ada.account).unwrap().unwrap().standing.epoch;
            assert_eq!(u64::from(epoch), round + 1);
        }
    }
}

#[test]
fn no_password_change_of_eight_at_once_is_lost() {
    for place in Place::both() {
        let store = open(&place);
        let ada = registered(&store, 1);
        let changed: u32 = from_eight_threads(|n| {
            let mut done = 0;
            for round in 0..25 {
                let current = store.find(ada.account).unwrap().unwrap().hash;
                let next = hash(&format!("{n}-{round}"));
                done += u32::from(store.change_password(ada.account, current, next).is_ok());
            }
            done
        })
        .into_iter()
        .sum();
        assert!(changed >= 25, "{changed}");
        assert_eq!(store.find(ada.account).unwrap().unwrap().standing.epoch, changed);
    }
}

#[test]
fn only_the_newest_reset_token_works_and_only_while_the_account_is_in_use() {
    for place in Place::both() {
        let store = open(&place);
        let ada = registered(&store, 1);
        let works = |n| store.can_reset(&token(n).hash(), NOW).unwrap();
        assert!(store.start_reset(ada.account, reset(1)).unwrap());
        assert!(store.start_reset(ada.account, reset(2)).unwrap());
        assert_eq!((works(1), works(2)), (false, true));
        assert!(!store.can_reset(&token(2).hash(), Timestamp::from_millis(600_000)).unwrap());

        store.change_password(ada.account, ada.hash.clone(), hash("new")).unwrap();
        assert!(!works(2));
        store.start_reset(ada.account, reset(3)).unwrap();
        let disabled = Standing { generation: 0, rung: Rung::Disabled, epoch: 0 };
        store.apply_standing(ada.account, disabled, None).unwrap();
        assert!(!works(3));
        assert!(!store.start_reset(ada.account, reset(4)).unwrap());
        let spent = store.reset_password(token(3).hash(), NOW, hash("x"));
        assert!(matches!(spent, Err(StoreError::ResetExpired)));
    }
}

#[test]
fn a_changed_password_is_told_to_user_and_notes_in_the_same_commit() {
    for place in Place::both() {
        let store = open(&place);
        let ada = registered(&store, 1);
        let changed = store.change_password(ada.account, ada.hash.clone(), hash("new")).unwrap();
        assert_eq!((changed.identity.standing.epoch, changed.told.len()), (1, 2));
        let stale = store.change_password(ada.account, ada.hash, hash("newer"));
        assert!(matches!(stale, Err(StoreError::PasswordChanged)));
        drop(store);
        assert_eq!(open(&place).outbox().total(), 3);
    }
}

#[test]
fn a_renewed_hash_ends_no_session_and_loses_to_a_changed_password() {
    for place in Place::both() {
        let store = open(&place);
        let ada = registered(&store, 1);
        let hash = |text: &str| PasswordHash::stored(text.to_owned());
        store.renew_hash(ada.account, ada.hash.clone(), hash("renewed")).unwrap();
        let renewed = store.find(ada.account).unwrap().unwrap();
        assert_eq!((&renewed.hash, renewed.standing), (&hash("renewed"), ada.standing));
        store.change_password(ada.account, hash("renewed"), hash("changed")).unwrap();
        store.renew_hash(ada.account, hash("renewed"), hash("late")).unwrap();
        assert_eq!(store.find(ada.account).unwrap().unwrap().hash, hash("changed"));
    }
}
