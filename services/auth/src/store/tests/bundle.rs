//! Everything out of one store and into another: the same, and found by the same keys.

use chassis::bundle::Fit;
use chassis::id::AccountId;

use super::*;
use crate::bundle::{Account, Record};
use crate::idempotency::{Fingerprint, IdempotencyKey, Repeatable};
use crate::reset::tests::reset;

fn account(identity: &Identity) -> Record {
    Record::Account(Box::new(Account { identity: identity.clone(), password: None }))
}

/// An account with everything that one can have.
fn full(n: u8) -> Identity {
    let key = IdempotencyKey::parse(&format!("key-{n}")).unwrap();
    let repeatable = Some(Repeatable { key, fingerprint: Fingerprint::of(&[]) });
    Identity { repeatable, reset: Some(reset(n.into())), ..identity(n) }
}

fn records(store: &Store) -> Vec<String> {
    let mut records = Vec::new();
    store
        .each_record(&mut |record| {
            records.push(format!("{record:?}"));
            true
        })
        .unwrap();
    records
}

#[test]
fn what_comes_out_goes_in_elsewhere_and_comes_out_the_same() {
    for (from, to) in Place::both().into_iter().zip(Place::both()) {
        let (from, to) = (open(&from), open(&to));
        let gone = AccountId::from_bytes([9; 12]);
        let mut all: Vec<_> = (1..=5).map(|n| account(&full(n))).collect();
        all.push(Record::Tombstone(gone));
        from.insert_records(all.clone()).unwrap();
        assert_eq!(to.insert_records(all.clone()).unwrap(), [Fit::New; 6]);
        assert_eq!((records(&to), records(&to).len()), (records(&from), 6));
        assert_eq!(to.insert_records(all).unwrap(), [Fit::Same; 6]);
        let ada = full(1);
        assert_eq!(to.find_by_email(&ada.email).unwrap(), Some(ada.clone()));
        assert_eq!(to.find_by_key(&ada.repeatable.as_ref().unwrap().key).unwrap(), Some(ada.clone()));
        assert!(to.outbox().total() == 0 && !to.is_new(gone).unwrap());
        assert!(to.can_reset(&ada.reset.unwrap().hash, NOW).unwrap());
    }
}

#[test]
fn records_that_do_not_fit_are_told_apart_and_one_that_is_refused_keeps_all_out() {
    let place = Place::simulated();
    let store = open(&place);
    let gone = AccountId::from_bytes([9; 12]);
    store.insert_records(vec![account(&full(1)), Record::Tombstone(gone)]).unwrap();
    let fit = |record: &Record| store.fits(vec![record.clone()]).unwrap()[0];
    let held =
        [account(&Identity { role_version: 5, ..full(1) }), account(&Identity { account: gone, ..full(2) })];
    let refused = [
        account(&Identity { email: full(1).email, ..full(2) }),
        account(&Identity { reset: full(1).reset, ..full(2) }),
        account(&Identity { repeatable: full(1).repeatable, ..full(2) }),
        Record::Tombstone(full(1).account),
    ];
    assert!(held.iter().all(|record| matches!(fit(record), Fit::Held(_))));
    assert!(refused.iter().all(|record| matches!(fit(record), Fit::Refused(_))));
    for record in refused {
        store.insert_records(vec![account(&full(3)), record]).unwrap();
        assert_eq!(store.find(full(3).account).unwrap(), None);
    }
}

#[test]
fn nobody_is_shown_more_than_they_want() {
    let place = Place::simulated();
    let store = open(&place);
    store.insert_records((1..=5).map(|n| account(&full(n))).collect()).unwrap();
    let mut shown = 0;
    store
        .each_record(&mut |_| {
            shown += 1;
            shown < 2
        })
        .unwrap();
    assert_eq!(shown, 2);
}
