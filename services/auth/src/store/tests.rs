//! The store's promises: one owner for an e-mail, no lost change, nothing half done, whatever comes in whichever
//! order, on PoloDB and on the disk of a simulation alike.

mod account;
mod bundle;
mod credential;
mod registration;

use std::os::unix::fs::PermissionsExt;

use chassis::clock::Timestamp;
use chassis::contract::Role;
use chassis::dir::DirError;
use chassis::outbox::Sequence;
use chassis::standing::{Rung, Standing};

use super::engine::tests::place::Place;
use super::*;
use crate::account::tests::identity;
use crate::password::PasswordHash;

const NOW: Timestamp = Timestamp::from_millis(0);

fn open(place: &Place) -> Store {
    try_open(place).unwrap()
}

fn try_open(place: &Place) -> Result<Store, OpenError> {
    place.on(|data_dir| Store::open(data_dir, Clock::frozen(NOW), false))
}

/// A registration that has not begun.
fn newcomer(n: u8) -> Identity {
    let active = identity(n);
    Identity { standing: Standing::new(Rung::Pending), is_confirmed: false, ..active }
}

/// An account in use.
fn registered(store: &Store, n: u8) -> Identity {
    let new = newcomer(n);
    store.begin(new.clone()).unwrap();
    store.confirm(new.account, &new.saga).unwrap().unwrap()
}

fn hash(text: &str) -> PasswordHash {
    PasswordHash::stored(text.to_owned())
}

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn waiting(store: &Store) -> Vec<(Sequence, String)> {
    let heads = |to| store.outbox().heads(to, 100, |_| true);
    let mut heads: Vec<_> = heads("user").into_iter().chain(heads("notes")).collect();
    heads.sort_by_key(|(sequence, _)| *sequence);
    heads.into_iter().map(|(sequence, message)| (sequence, message.path.clone())).collect()
}

fn from_eight_threads<T: Send>(work: impl Fn(u8) -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..8).map(|n| scope.spawn(move || work(n))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn a_fixture_adds_what_is_new_and_refuses_a_taken_email_whole() {
    for place in Place::both() {
        let store = open(&place);
        assert_eq!(store.insert_new(vec![identity(1), identity(2)]).unwrap(), 2);
        let changed = Identity { role: Role::Admin, ..identity(1) };
        assert_eq!(store.insert_new(vec![changed, identity(3), identity(3)]).unwrap(), 1);
        assert_eq!(store.find(identity(1).account).unwrap().unwrap().role, Role::User);
        assert!(!store.is_new(identity(3).account).unwrap());
        let thief = Identity { email: identity(1).email, ..identity(5) };
        let twins = vec![identity(6), Identity { email: identity(6).email, ..identity(7) }];
        let is_refused = |one: &Identity| store.is_refused(one.account, &one.email).unwrap();
        assert_eq!([&thief, &identity(1), &identity(4)].map(is_refused), [true, false, false]);
        for refused in [vec![identity(4), thief], twins] {
            assert!(matches!(store.insert_new(refused), Err(StoreError::EmailTaken)));
        }
        assert!(store.is_new(identity(4).account).unwrap() && store.is_new(identity(6).account).unwrap());
    }
}

#[test]
fn a_second_process_is_refused_and_the_first_goes_on() {
    for place in Place::both() {
        let store = open(&place);
        assert!(matches!(try_open(&place), Err(OpenError::Dir(DirError::Locked { .. }))));
        registered(&store, 1);
        drop(store);
        let store = open(&place);
        assert!(store.find(identity(1).account).unwrap().unwrap().is_active());
    }
}

#[test]
fn everything_on_disk_is_its_owners_alone() {
    fn check(path: &Path) {
        let metadata = std::fs::metadata(path).unwrap();
        let expected = if metadata.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(metadata.permissions().mode() & 0o777, expected, "{}", path.display());
        if metadata.is_dir() {
            for entry in std::fs::read_dir(path).unwrap() {
                check(&entry.unwrap().path());
            }
        }
    }
    let place = Place::real();
    let _open = open(&place);
    check(place.path());
}

#[test]
fn a_change_whose_news_find_no_room_leaves_nothing() {
    for place in Place::both() {
        let store = open(&place);
        let full = store.write("test", |tx| {
            tx.insert(TOMBSTONE, &doc::MarkDoc { id: "x".to_owned() })?;
            Err::<(), _>(StoreError::Busy)
        });
        assert!(matches!(full, Err(StoreError::Busy)));
        assert!(store.engine.find::<doc::MarkDoc>(TOMBSTONE, "x").unwrap().is_none());
    }
}

#[test]
fn accounts_and_emails_are_listed_in_pages_each_once() {
    for place in Place::both() {
        let store = open(&place);
        for n in [5, 1, 3] {
            registered(&store, n);
        }
        store.begin(newcomer(4)).unwrap();
        for n in [6, 2] {
            store.apply_standing(identity(n).account, Standing::new(Rung::Deleted), None).unwrap();
        }
        let (mut accounts, mut emails) = (Vec::<Vec<_>>::new(), Vec::<Vec<_>>::new());
        for _ in 0..4 {
            accounts.push(store.accounts(accounts.concat().last().copied(), 2).unwrap());
            let after = emails.concat().last().cloned();
            emails.push(store.emails(after.as_deref(), 3).unwrap());
        }
        assert_eq!(accounts.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 2, 0]);
        assert_eq!(accounts.concat(), [1, 2, 3, 4, 5, 6].map(|n| identity(n).account));
        assert_eq!(emails.iter().map(Vec::len).collect::<Vec<_>>(), [3, 1, 0, 0]);
        assert_eq!(emails.concat(), [1, 3, 4, 5].map(|n| identity(n).email.to_string()));
    }
}
