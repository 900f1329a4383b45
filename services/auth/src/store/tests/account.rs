//! What the user service decides, in whichever order it arrives.

use std::time::Duration;

use chassis::contract::Role;
use chassis::inbox::Receipt;

use super::*;
use crate::reset::tests::{reset, token};

#[test]
fn a_deleted_account_leaves_its_email_free_and_never_comes_back() {
    for place in Place::both() {
        let store = open(&place);
        let ada = registered(&store, 1);
        store.start_reset(ada.account, reset(1)).unwrap();
        let told = |rung, generation| {
            store.apply_standing(ada.account, Standing { generation, rung, epoch: 0 }, None)
        };
        for _ in 0..2 {
            told(Rung::Deleted, 0).unwrap();
        }
        assert_eq!(store.find(ada.account).unwrap(), None);
        assert!(!store.can_reset(&token(1).hash(), NOW).unwrap());
        told(Rung::Active, 1).unwrap();
        store.apply_role(ada.account, Role::Admin, 9, None).unwrap();
        store.apply_email(ada.account, email("new@example.test"), 9, None).unwrap();
        assert_eq!(store.insert_new(vec![ada.clone()]).unwrap(), 0, "a fixture brings no one back");
        assert_eq!(store.find(ada.account).unwrap(), None);
        store.begin(Identity { email: ada.email, ..newcomer(2) }).unwrap();
    }
}

#[test]
fn news_of_an_account_that_never_was_is_refused() {
    for place in Place::both() {
        let store = open(&place);
        let nobody = newcomer(9).account;
        let standing =
            store.apply_standing(nobody, Standing { generation: 0, rung: Rung::Disabled, epoch: 0 }, None);
        let role = store.apply_role(nobody, Role::Admin, 1, None);
        let moved = store.apply_email(nobody, email("a@b.co"), 1, None);
        for outcome in [standing, role, moved] {
            assert!(matches!(outcome, Err(StoreError::AccountUnknown)));
        }
    }
}

#[test]
fn a_moved_account_owns_the_new_email_and_frees_the_old() {
    for place in Place::both() {
        let store = open(&place);
        let (ada, new) = (registered(&store, 1), email("new@example.test"));
        store.start_reset(ada.account, reset(1)).unwrap();
        let held = || store.reserve(new.clone(), ada.account, "change-1".into(), None);
        held().unwrap();
        held().unwrap();
        assert_eq!(store.find_by_email(&new).unwrap(), None, "held is not owned");
        let other = store.reserve(new.clone(), ada.account, "change-2".into(), None);
        assert!(matches!(other, Err(StoreError::EmailHeld)), "its own, so not taken");
        assert!(matches!(
            store.begin(Identity { email: new.clone(), ..newcomer(2) }),
            Err(StoreError::EmailTaken)
        ));

        for _ in 0..2 {
            store.apply_email(ada.account, new.clone(), 5, None).unwrap();
        }
        store.apply_email(ada.account, email("older@example.test"), 4, None).unwrap();
        assert_eq!(store.find_by_email(&new).unwrap().unwrap().account, ada.account);
        assert_eq!(store.find_by_email(&ada.email).unwrap(), None);
        assert!(!store.can_reset(&token(1).hash(), NOW).unwrap());
        assert!(matches!(held(), Err(StoreError::EmailTaken)), "the change is settled");
        store.release(new.clone(), ada.account, "change-1".into(), None).unwrap();
        assert!(store.find_by_email(&new).unwrap().is_some(), "a late release takes nothing away");
        store.begin(Identity { email: ada.email, ..newcomer(2) }).unwrap();
    }
}

#[test]
fn a_released_email_is_free_and_a_late_reservation_loses() {
    for place in Place::both() {
        let store = open(&place);
        let (ada, new) = (registered(&store, 1), email("new@example.test"));
        let reserve = |change: &str| store.reserve(new.clone(), ada.account, change.to_owned(), None);
        let release = |change: &str| store.release(new.clone(), ada.account, change.to_owned(), None);
        reserve("change-1").unwrap();
        assert!(matches!(reserve("change-2"), Err(StoreError::EmailHeld)));
        release("change-1").unwrap();
        release("change-1").unwrap();
        assert!(matches!(reserve("change-1"), Err(StoreError::EmailTaken)));
        release("change-3").unwrap();
        assert!(matches!(reserve("change-3"), Err(StoreError::EmailTaken)), "the release came first");
        store.begin(Identity { email: new.clone(), ..newcomer(2) }).unwrap();
        assert!(matches!(reserve("change-4"), Err(StoreError::EmailTaken)));
    }
}

#[test]
fn an_account_may_move_back_before_its_first_move_has_arrived() {
    for place in Place::both() {
        let store = open(&place);
        let (ada, new) = (registered(&store, 1), email("new@example.test"));
        let old = ada.email.clone();
        store.reserve(new.clone(), ada.account, "there".into(), None).unwrap();
        store.reserve(old.clone(), ada.account, "back".into(), None).unwrap();
        store.apply_email(ada.account, new.clone(), 1, None).unwrap();
        assert!(matches!(
            store.begin(Identity { email: old.clone(), ..newcomer(2) }),
            Err(StoreError::EmailTaken)
        ));
        store.apply_email(ada.account, old.clone(), 2, None).unwrap();
        assert_eq!(store.find_by_email(&old).unwrap().unwrap().account, ada.account);
        store.begin(Identity { email: new, ..newcomer(2) }).unwrap();

        store.reserve(old.clone(), ada.account, "in vain".into(), None).unwrap();
        store.release(old.clone(), ada.account, "in vain".into(), None).unwrap();
        assert!(store.find_by_email(&old).unwrap().is_some(), "its own e-mail is never released");
    }
}

#[test]
fn an_email_that_was_held_for_an_account_that_is_gone_is_free_again() {
    for place in Place::both() {
        let store = open(&place);
        let (ada, new) = (newcomer(1), email("lovelace@example.test"));
        store.begin(ada.clone()).unwrap();
        store.reserve(new.clone(), ada.account, "change-1".to_owned(), None).unwrap();
        store.abort(ada.account, &ada.saga).unwrap();
        let (abort, _) = waiting(&store).remove(0);
        store.delivered(abort).unwrap();
        let eva = Identity { email: new.clone(), ..newcomer(2) };
        assert!(matches!(store.begin(eva.clone()), Err(StoreError::EmailTaken)));
        store.apply_email(ada.account, new, 1, None).unwrap();
        store.begin(eva).unwrap();
    }
}

#[test]
fn the_same_message_is_done_once_and_its_key_is_good_for_no_other() {
    for place in Place::both() {
        let store = open(&place);
        let (ada, new) = (registered(&store, 1), email("new@example.test"));
        let role = |role, version, digest| {
            store.apply_role(ada.account, role, version, Some(receipt("user-1", digest)))
        };
        role(Role::Admin, 1, "a").unwrap();
        role(Role::User, 2, "a").unwrap();
        assert_eq!(store.find(ada.account).unwrap().unwrap().role, Role::Admin);
        assert!(matches!(role(Role::User, 2, "b"), Err(StoreError::MessageKeyReused)));

        let reserve = || store.reserve(new.clone(), ada.account, "c1".into(), Some(receipt("c1", "a")));
        reserve().unwrap();
        store.release(new.clone(), ada.account, "c1".into(), Some(receipt("user-2", "a"))).unwrap();
        reserve().unwrap();
        assert!(
            store.begin(Identity { email: new.clone(), ..newcomer(2) }).is_ok(),
            "a late one holds nothing"
        );
    }
}

#[test]
fn what_was_refused_is_asked_again() {
    for place in Place::both() {
        let store = open(&place);
        let told = || store.apply_role(newcomer(1).account, Role::Admin, 1, Some(receipt("user-1", "a")));
        assert!(matches!(told(), Err(StoreError::AccountUnknown)));
        registered(&store, 1);
        told().unwrap();
    }
}

#[test]
fn receipts_and_settled_changes_are_kept_for_a_week() {
    for place in Place::both() {
        let store = open(&place);
        let (ada, new) = (registered(&store, 1), email("new@example.test"));
        store.release(new.clone(), ada.account, "c1".into(), Some(receipt("user-1", "a"))).unwrap();
        let nearly = Timestamp::from_millis(7 * 24 * 3_600_000 - 1);
        assert_eq!(store.prune(nearly).unwrap(), 0);
        assert_eq!(store.prune(nearly.plus(Duration::from_millis(1))).unwrap(), 2);
        store.reserve(new, ada.account, "c1".into(), Some(receipt("user-1", "b"))).unwrap();
    }
}

fn receipt(key: &str, digest: &str) -> Receipt {
    Receipt { key: key.to_owned(), digest: digest.to_owned() }
}
