//! Everything out of one store and into another: the same, in the same order, and under the same names.

use chassis::bundle::Fit;

use super::*;
use crate::bundle::Record;
use crate::profile::tests::profile;

fn record(n: u8) -> Record {
    Record::Profile(Box::new(profile(n, &format!("Name {n}"))))
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
        let people: Vec<_> = [5, 3, 4, 1, 2].map(record).into();
        from.insert_records(people).unwrap();
        from.remove(account(4), |_| Vec::new()).unwrap();
        rename(&from, 3, "Third").unwrap();
        let mut all = Vec::new();
        let show = &mut |record| {
            all.push(record);
            true
        };
        from.each_record(show).unwrap();
        let (first, rest) = all.split_at(2);
        for page in [first, rest] {
            assert!(to.insert_records(page.to_vec()).unwrap().iter().all(|fit| *fit == Fit::New));
        }
        assert_eq!((records(&to), records(&to).len()), (records(&from), 5));
        assert_eq!(to.insert_records(all).unwrap(), [Fit::Same; 5]);
        assert_eq!(total(&to), 4);
        let listed = to.page(Page::new(1, 10)).unwrap().profiles;
        assert_eq!(listed.iter().map(|one| one.account).collect::<Vec<_>>(), [5, 3, 1, 2].map(account));
        assert!(matches!(rename(&to, 1, "THIRD"), Err(StoreError::UsernameTaken { .. })));
        assert_eq!(to.outbox().total(), 0);
    }
}

#[test]
fn records_that_do_not_fit_are_told_apart_and_one_that_is_refused_keeps_all_out() {
    let place = Place::simulated();
    let store = open(&place);
    store.insert_records(vec![record(1), Record::Tombstone(account(9))]).unwrap();
    let fit = |record: &Record| store.fits(vec![record.clone()]).unwrap()[0];
    let other = |profile: Profile| Record::Profile(Box::new(profile));
    let held = [
        other(Profile { version: 5, ..profile(1, "Name 1") }),
        other(Profile { account: account(9), ..profile(2, "Second") }),
    ];
    let refused = [other(profile(2, "name 1")), Record::Tombstone(account(1))];
    assert!(held.iter().all(|record| matches!(fit(record), Fit::Held(_))));
    assert!(refused.iter().all(|record| matches!(fit(record), Fit::Refused(_))));
    for record in refused {
        store.insert_records(vec![self::record(3), record]).unwrap();
        assert_eq!(store.find(account(3)).unwrap(), None);
    }
}

#[test]
fn many_are_listed_in_chunks_as_they_are_one_by_one() {
    let (one_by_one, at_once) = (Place::simulated(), Place::simulated());
    let (one_by_one, at_once) = (open(&one_by_one), open(&at_once));
    let person = |n: u16| {
        let [high, low] = n.to_be_bytes();
        let account = AccountId::from_bytes([high, low, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        Record::Profile(Box::new(Profile { account, ..profile(1, &format!("name {n}")) }))
    };
    for n in 0..600 {
        one_by_one.insert_records(vec![person(n)]).unwrap();
    }
    for range in [0..1, 1..300, 300..600] {
        at_once.insert_records(range.map(person).collect()).unwrap();
    }
    assert_eq!((records(&at_once), records(&at_once).len()), (records(&one_by_one), 600));
    let sizes = |store: &Store| roster::find(&store.engine).unwrap().sizes().to_vec();
    assert_eq!(sizes(&at_once), sizes(&one_by_one));
}
