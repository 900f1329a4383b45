//! Registrations: one owner for an e-mail, and both halves or neither.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

#[test]
fn an_email_registered_by_eight_at_once_has_one_owner() {
    for place in Place::both() {
        let store = open(&place);
        for round in 0..25 {
            let wanted = email(&format!("round-{round}@example.test"));
            let won = AtomicU32::new(0);
            from_eight_threads(|n| {
                let account = AccountId::from_bytes([round, n, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
                let new = Identity { account, email: wanted.clone(), ..newcomer(n) };
                match store.begin(new) {
                    Ok(()) => won.fetch_add(1, Ordering::Relaxed),
                    Err(StoreError::EmailTaken) => 0,
                    Err(other) => panic!("{other}"),
                }
            });
            assert_eq!(won.into_inner(), 1, "round {round}");
        }
    }
}

#[test]
fn a_pending_account_holds_its_email_and_becomes_its_owner_when_confirmed() {
    for place in Place::both() {
        let store = open(&place);
        let ada = newcomer(1);
        store.begin(ada.clone()).unwrap();
        assert!(matches!(
            store.begin(Identity { email: ada.email.clone(), ..newcomer(2) }),
            Err(StoreError::EmailTaken)
        ));
        assert!(!store.find_by_email(&ada.email).unwrap().unwrap().is_known());
        assert!(store.confirm(ada.account, "another registration").unwrap().is_none());
        assert!(store.confirm(ada.account, &ada.saga).unwrap().unwrap().is_active());
        assert!(store.confirm(ada.account, &ada.saga).unwrap().is_none(), "a pivot happens once");
        assert_eq!(waiting(&store), [(1, format!("/internal/accounts/{}/standing", ada.account))]);
    }
}

#[test]
fn an_undone_registration_frees_its_email_at_once() {
    for place in Place::both() {
        let store = open(&place);
        let ada = newcomer(1);
        store.begin(ada.clone()).unwrap();
        store.undo(ada.account, &ada.saga).unwrap();
        assert_eq!(store.find(ada.account).unwrap(), None);
        assert!(store.confirm(ada.account, &ada.saga).unwrap().is_none());
        store.begin(Identity { email: ada.email, ..newcomer(2) }).unwrap();
    }
}

#[test]
fn an_aborted_registration_frees_its_email_when_the_user_service_has_heard() {
    for place in Place::both() {
        let store = open(&place);
        let ada = newcomer(1);
        store.begin(ada.clone()).unwrap();
        store.abort(ada.account, &ada.saga).unwrap();
        store.abort(ada.account, &ada.saga).unwrap();
        assert!(
            store.confirm(ada.account, &ada.saga).unwrap().is_none(),
            "what is being undone is not confirmed"
        );
        let again = || store.begin(Identity { email: ada.email.clone(), ..newcomer(2) });
        assert!(matches!(again(), Err(StoreError::EmailHeld)));

        let [(sequence, path)] = &waiting(&store)[..] else { panic!("one message") };
        assert_eq!(*path, format!("/internal/profiles/{}/abort", ada.account));
        store.delivered(*sequence).unwrap();
        assert_eq!(store.find(ada.account).unwrap(), None);
        again().unwrap();
    }
}

#[test]
fn a_registration_that_a_crash_left_open_is_aborted_at_the_next_start() {
    for place in Place::both() {
        let store = open(&place);
        let (ada, ben) = (newcomer(1), newcomer(2));
        store.begin(ada.clone()).unwrap();
        registered(&store, 3);
        store.begin(ben.clone()).unwrap();
        store.abort(ben.account, &ben.saga).unwrap();
        let told = waiting(&store).len();
        drop(store);

        for _ in 0..2 {
            let store = open(&place);
            assert_eq!(waiting(&store).len(), told + 1, "one abort each, however often it starts");
            assert!(store.confirm(ada.account, &ada.saga).unwrap().is_none());
        }
        let store = open(&place);
        for (sequence, _) in waiting(&store) {
            store.delivered(sequence).unwrap();
        }
        assert_eq!((store.find(ada.account).unwrap(), store.find(ben.account).unwrap()), (None, None));
        assert!(store.find(newcomer(3).account).unwrap().unwrap().is_active());
        drop(store);
        assert_eq!(waiting(&open(&place)), [], "delivered messages are gone for good");
    }
}

#[test]
fn news_of_an_aborted_account_that_comes_late_is_old_and_holds_up_nothing() {
    for place in Place::both() {
        let store = open(&place);
        let ada = newcomer(1);
        store.begin(ada.clone()).unwrap();
        store.abort(ada.account, &ada.saga).unwrap();
        store.delivered(1).unwrap();
        store.apply_role(ada.account, Role::Admin, 1, None).unwrap();
        store.apply_standing(ada.account, Standing::new(Rung::Disabled), None).unwrap();
        assert_eq!(store.find(ada.account).unwrap(), None);
    }
}

#[test]
fn a_registration_that_was_deactivated_before_its_pivot_leaves_nothing_behind() {
    for place in Place::both() {
        let store = open(&place);
        let ada = newcomer(1);
        store.begin(ada.clone()).unwrap();
        store.apply_standing(ada.account, Standing::new(Rung::Disabled), None).unwrap();
        assert!(store.confirm(ada.account, &ada.saga).unwrap().is_none());
        let [(sequence, path)] = &waiting(&store)[..] else { panic!("one message") };
        assert_eq!(*path, format!("/internal/profiles/{}/abort", ada.account));
        store.delivered(*sequence).unwrap();
        store.begin(Identity { email: ada.email, ..newcomer(2) }).unwrap();
    }
}

#[test]
fn open_registrations_are_counted_by_what_becomes_of_them() {
    for place in Place::both() {
        let store = open(&place);
        let (ada, ben) = (newcomer(1), newcomer(2));
        registered(&store, 3);
        store.begin(ada).unwrap();
        store.begin(ben.clone()).unwrap();
        store.abort(ben.account, &ben.saga).unwrap();
        let open = store.open_registrations().unwrap();
        assert_eq!((open.started, open.aborting), (1, 1));
    }
}

#[test]
fn a_registration_begins_only_while_there_is_room_for_what_it_will_have_to_say() {
    let place = Place::simulated();
    let store = open(&place);
    store.plant_messages(&crate::news::activated(&identity(9)), 1);
    let (ada, bob) = (newcomer(1), newcomer(2));
    store.begin(ada.clone()).unwrap();
    assert!(matches!(store.begin(bob.clone()), Err(StoreError::Crowded)));
    assert_eq!(store.find(bob.account).unwrap(), None);
    assert!(store.confirm(ada.account, &ada.saga).unwrap().unwrap().is_active());
    assert!(matches!(store.begin(bob), Err(StoreError::Crowded)));
}

#[test]
fn what_a_registration_owes_is_sent_also_when_others_filled_the_outbox() {
    let place = Place::simulated();
    let (ada, ben, cat) = (newcomer(1), newcomer(2), newcomer(3));
    let store = open(&place);
    for one in [&ada, &ben, &cat] {
        store.begin(one.clone()).unwrap();
    }
    store.plant_messages(&crate::news::activated(&identity(9)), 0);
    assert!(store.confirm(ada.account, &ada.saga).unwrap().unwrap().is_active());
    store.abort(ben.account, &ben.saga).unwrap();
    let before = store.outbox().total();
    drop(store);
    let store = open(&place);
    assert_eq!(store.outbox().total(), before + 1, "the orphan is undone");
    let open = store.open_registrations().unwrap();
    assert_eq!((open.started, open.aborting), (0, 2));
}
