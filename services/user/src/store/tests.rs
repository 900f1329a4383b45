//! The store against itself, on PoloDB and on the disk of a simulation: claims and counts from eight threads, the
//! roster against a plain list.

mod bundle;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chassis::clock::Timestamp;
use chassis::email::Email;
use chassis::standing::Rung;
use proptest::prelude::*;
use proptest::sample::Index;

use super::engine::tests::place::Place;
use super::*;
use crate::change::Change;
use crate::profile::tests::draft;
use crate::profile::{Edit, Patch};

const THREADS: u8 = 8;
const NOW: Timestamp = Timestamp::from_millis(0);

fn open(place: &Place) -> Store {
    place.on(|data_dir| Store::open(data_dir, Clock::frozen(NOW), false)).unwrap()
}

fn newcomer(n: u8, name: &str) -> Newcomer {
    Newcomer { draft: draft(n), names: vec![named(name)], now: NOW }
}

fn account(n: u8) -> AccountId {
    AccountId::from_bytes([n; 12])
}

fn named(name: &str) -> Username {
    Username::parse(name).unwrap()
}

fn edit(store: &Store, n: u8, edit: Edit) -> Result<Option<Written>, StoreError> {
    store.replace(account(n), move |before| {
        let profile = before.edited(&edit, Timestamp::from_millis(1));
        Some(Revision { profile, news: Vec::new(), ends: None })
    })
}

fn rename(store: &Store, n: u8, name: &str) -> Result<Option<Written>, StoreError> {
    edit(store, n, Edit { username: Some(named(name)), ..Edit::default() })
}

fn from_eight_threads(work: impl Fn(u8) + Sync) {
    std::thread::scope(|scope| {
        for thread in 1..=THREADS {
            let work = &work;
            scope.spawn(move || work(thread));
        }
    });
}

fn total(store: &Store) -> u64 {
    store.page(Page::new(1, 1)).unwrap().total
}

#[test]
fn of_eight_who_register_one_name_at_once_one_gets_it() {
    for place in Place::both() {
        let store = open(&place);
        for round in 0..20 {
            let won = AtomicUsize::new(0);
            from_eight_threads(|thread| {
                let mut newcomer = newcomer(0, &format!("Name{round}"));
                newcomer.draft.account = AccountId::from_bytes([thread, round, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
                match store.insert(vec![newcomer]) {
                    Ok(added) => won.fetch_add(added, Ordering::Relaxed),
                    Err(StoreError::UsernameTaken { .. }) => 0,
                    Err(other) => panic!("{other}"),
                };
            });
            assert_eq!(won.into_inner(), 1, "round {round}");
        }
        assert_eq!(total(&store), 20);
    }
}

#[test]
fn of_eight_who_change_to_one_name_at_once_one_gets_it() {
    for place in Place::both() {
        let store = open(&place);
        store.insert((1..=THREADS).map(|n| newcomer(n, &format!("name{n}"))).collect()).unwrap();
        let won = AtomicUsize::new(0);
        from_eight_threads(|thread| {
            let renamed = rename(&store, thread, if thread % 2 == 0 { "WANTED" } else { "wanted" });
            won.fetch_add(usize::from(renamed.is_ok()), Ordering::Relaxed);
        });
        assert_eq!(won.into_inner(), 1);
    }
}

#[test]
fn no_edit_of_eight_threads_is_lost() {
    for place in Place::both() {
        let store = open(&place);
        store.insert(vec![newcomer(1, "ada")]).unwrap();
        from_eight_threads(|_| {
            for _ in 0..25 {
                edit(&store, 1, Edit { bio: Patch::Clear, ..Edit::default() }).unwrap();
            }
        });
        assert_eq!(store.find(account(1)).unwrap().unwrap().version, 200);
    }
}

#[test]
fn the_total_is_exact_while_eight_threads_insert_and_remove() {
    for place in Place::both() {
        let store = open(&place);
        from_eight_threads(|thread| {
            for round in 0..30 {
                let mut newcomer = newcomer(0, &format!("name-{thread}-{round}"));
                newcomer.draft.account = AccountId::from_bytes([thread, round, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
                let account = newcomer.draft.account;
                store.insert(vec![newcomer]).unwrap();
                if round % 3 == 0 {
                    store.remove(account, |_| Vec::new()).unwrap().unwrap();
                }
            }
        });
        let listing = store.page(Page::new(1, 1000)).unwrap();
        assert_eq!((listing.total, listing.profiles.len()), (160, 160));
    }
}

#[test]
fn a_name_is_free_again_once_its_bearer_took_another_or_is_gone() {
    for place in Place::both() {
        let store = open(&place);
        store.insert(vec![newcomer(1, "ada"), newcomer(2, "ben")]).unwrap();
        assert!(matches!(rename(&store, 2, "ADA"), Err(StoreError::UsernameTaken { .. })));
        rename(&store, 1, "AdA").unwrap().unwrap();
        assert!(matches!(rename(&store, 2, "ada"), Err(StoreError::UsernameTaken { .. })));
        rename(&store, 1, "eva").unwrap().unwrap();
        rename(&store, 2, "ada").unwrap().unwrap();
        store.remove(account(2), |_| Vec::new()).unwrap().unwrap();
        rename(&store, 1, "Ada").unwrap().unwrap();
    }
}

#[test]
fn a_newcomer_whose_name_is_taken_gets_the_next_one() {
    for place in Place::both() {
        let store = open(&place);
        let two = |n| Newcomer { names: vec![named("ada_1"), named("ada_2")], ..newcomer(n, "ada_1") };
        assert_eq!(store.insert(vec![two(1), two(2)]).unwrap(), 2);
        assert_eq!(store.find(account(2)).unwrap().unwrap().username, named("ada_2"));
        assert!(matches!(store.insert(vec![two(3)]), Err(StoreError::UsernameTaken { .. })));
    }
}

#[test]
fn a_registration_that_asks_again_changes_nothing_and_another_is_refused() {
    for place in Place::both() {
        let store = open(&place);
        assert_eq!(store.insert(vec![newcomer(1, "ada")]).unwrap(), 1);
        assert_eq!(store.insert(vec![newcomer(1, "eva")]).unwrap(), 0);
        assert_eq!(store.find(account(1)).unwrap().unwrap().username, named("ada"));
        let mut other = newcomer(1, "eva");
        other.draft.saga = Some("another".into());
        assert!(matches!(store.insert(vec![other]), Err(StoreError::AccountTaken)));
        assert_eq!(total(&store), 1);
    }
}

#[test]
fn an_aborted_registration_leaves_nothing_whichever_came_first() {
    for place in Place::both() {
        let store = open(&place);
        store.insert(vec![newcomer(1, "ada")]).unwrap();
        for n in [1, 2, 1] {
            store.abort(account(n), format!("saga-{n}"), None).unwrap();
        }
        for n in [1, 2] {
            assert!(store.find(account(n)).unwrap().is_none());
            assert!(matches!(store.insert(vec![newcomer(n, "ada")]), Err(StoreError::Erased)));
        }
        assert_eq!(total(&store), 0);
        assert_eq!(store.insert(vec![newcomer(3, "ada")]).unwrap(), 1);
    }
}

fn receipt(key: &str, digest: &str) -> Receipt {
    Receipt { key: key.to_owned(), digest: digest.to_owned() }
}

#[test]
fn the_same_message_is_answered_alike_and_done_once_and_its_key_is_good_for_no_other() {
    for place in Place::both() {
        let store = open(&place);
        let register = |n, name: &str, key: &str| {
            let mut chosen = newcomer(n, name);
            chosen.draft.username = Some(named(name));
            store.register(chosen, Some(receipt(key, name)))
        };
        register(1, "ada", "saga-1").unwrap();
        assert!(matches!(register(2, "ada", "saga-2"), Err(StoreError::UsernameTaken { .. })));
        store.remove(account(1), |_| Vec::new()).unwrap().unwrap();
        let again = register(2, "ada", "saga-2");
        assert!(matches!(again, Err(StoreError::UsernameTaken { .. })), "what was refused stays refused");
        assert!(store.find(account(2)).unwrap().is_none());
        assert!(matches!(register(1, "ada", "saga-1"), Err(StoreError::Erased)), "the tombstone comes first");
        let another = register(1, "eva", "saga-1");
        assert!(matches!(another, Err(StoreError::MessageKeyReused)), "but for another message's key");
        assert!(matches!(register(3, "eva", "saga-2"), Err(StoreError::MessageKeyReused)));
        register(3, "ada", "saga-3").unwrap();

        let told = |epoch, digest: &str| {
            let standing = Standing { epoch, ..Standing::new(Rung::Active) };
            store.hear(account(3), standing, Some(receipt("auth-7", digest)))
        };
        told(1, "a").unwrap();
        told(2, "a").unwrap();
        assert_eq!(store.find(account(3)).unwrap().unwrap().standing.epoch, 1, "done once");
        assert!(matches!(told(2, "b"), Err(StoreError::MessageKeyReused)));
    }
}

#[test]
fn a_name_that_was_generated_in_vain_is_drawn_again() {
    for place in Place::both() {
        let store = open(&place);
        let generated = |name: &str| {
            let mut generated = newcomer(2, name);
            generated.draft.username = None;
            store.register(generated, Some(receipt("saga-2", "same")))
        };
        store.register(newcomer(1, "ada_1"), None).unwrap();
        assert!(matches!(generated("ada_1"), Err(StoreError::NoUsernameFree)));
        generated("ada_2").unwrap();
        assert_eq!(store.find(account(2)).unwrap().unwrap().username, named("ada_2"));
    }
}

#[test]
fn receipts_are_kept_for_a_week() {
    for place in Place::both() {
        let store = open(&place);
        store.register(newcomer(1, "ada"), Some(receipt("saga-1", "a"))).unwrap();
        let nearly = Timestamp::from_millis(7 * 24 * 3_600_000 - 1);
        assert_eq!(store.prune(nearly).unwrap(), 0);
        assert_eq!(store.prune(nearly.plus(Duration::from_millis(1))).unwrap(), 1);
        store.abort(account(1), "saga-1".into(), Some(receipt("saga-1", "another"))).unwrap();
    }
}

#[test]
fn a_fixture_takes_what_is_there_or_gone_as_it_is_and_is_refused_whole() {
    for place in Place::both() {
        let store = open(&place);
        let fixture = |n: u8, name: &str| {
            let mut newcomer = newcomer(n, name);
            newcomer.draft.saga = None;
            newcomer
        };
        store.insert(vec![newcomer(1, "ada"), newcomer(2, "ben")]).unwrap();
        store.remove(account(2), |_| Vec::new()).unwrap().unwrap();
        let again = vec![fixture(1, "eva"), fixture(2, "ben"), fixture(3, "cleo")];
        assert_eq!(store.insert(again).unwrap(), 1);
        let is_refused = |n: u8, name: &str| store.is_refused(account(n), &named(name)).unwrap();
        assert!(is_refused(5, "ADA") && !is_refused(4, "dora"));
        assert!(!is_refused(1, "cleo") && !is_refused(2, "ada"), "one that was here is left as it is");
        let refused = store.insert(vec![fixture(4, "dora"), fixture(5, "ADA")]);
        assert!(matches!(refused, Err(StoreError::UsernameTaken { .. })));
        assert!(store.find(account(4)).unwrap().is_none(), "a refused batch leaves nothing");
        assert_eq!(total(&store), 2);
    }
}

#[test]
fn a_change_that_a_crash_left_open_is_given_back_at_the_next_start() {
    for place in Place::both() {
        let change = |id: &str| {
            let email = Email::parse("new@example.test").unwrap();
            Change { id: id.to_owned(), account: account(1), email }
        };
        {
            let store = open(&place);
            store.insert(vec![newcomer(1, "ada"), newcomer(2, "ben")]).unwrap();
            assert!(store.begin(change("left"), None).unwrap());
            assert!(store.begin(change("done"), Some(named("ADA"))).unwrap());
            assert!(matches!(
                store.begin(change("x"), Some(named("ben"))),
                Err(StoreError::UsernameTaken { .. })
            ));
            let ends = |before: &Profile| {
                Some(Revision { profile: before.clone(), news: Vec::new(), ends: Some("done".into()) })
            };
            store.replace(account(1), ends).unwrap().unwrap();
            assert_eq!(store.outbox().total(), 0);
        }
        let store = open(&place);
        let waiting = store.outbox().heads("auth", 100, |_| true);
        let (_, message) = waiting.first().unwrap();
        assert_eq!((store.outbox().total(), &**message), (1, &change("left").release()));
        drop(store);
        assert_eq!(open(&place).outbox().total(), 1, "it is given back once");
    }
}

#[test]
fn a_change_whose_news_find_no_room_leaves_nothing() {
    for place in Place::both() {
        let store = open(&place);
        let full = store.write("test", |tx| {
            bury(tx, account(1))?;
            Err::<(), _>(StoreError::Busy)
        });
        assert!(matches!(full, Err(StoreError::Busy)));
        assert!(store.engine.find::<TombstoneDoc>(TOMBSTONE, account(1).to_string()).unwrap().is_none());
    }
}

#[derive(Clone, Debug)]
enum Step {
    Insert(usize),
    Remove(Vec<Index>),
    Page(u64, u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1..300_usize).prop_map(Step::Insert),
        proptest::collection::vec(any::<Index>(), 1..40).prop_map(Step::Remove),
        (1..60_u64, 1..300_u64).prop_map(|(page, limit)| Step::Page(page, limit)),
    ]
}

/// `count` newcomers that were not there before.
fn next(made: &mut u32, count: usize) -> Vec<Newcomer> {
    let fresh = (0..count).map(|_| {
        *made += 1;
        let mut newcomer = newcomer(0, &format!("name-{made}"));
        let [a, b, c, d] = made.to_be_bytes();
        newcomer.draft.account = AccountId::from_bytes([a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0]);
        newcomer
    });
    fresh.collect()
}

fn agrees(store: &Store, list: &[AccountId], page: Page) {
    let listing = store.page(page).unwrap();
    let [offset, limit] = [page.offset(), page.limit()].map(|n| usize::try_from(n).unwrap());
    let expected: Vec<_> = list.iter().copied().skip(offset).take(limit).collect();
    assert_eq!(listing.profiles.iter().map(|profile| profile.account).collect::<Vec<_>>(), expected);
    assert_eq!(listing.total, list.len() as u64);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pages_and_totals_are_those_of_a_plain_list(
        steps in proptest::collection::vec(step(), 1..25),
        is_real in any::<bool>(),
    ) {
        let place = if is_real { Place::real() } else { Place::simulated() };
        let store = open(&place);
        let (mut list, mut made) = (Vec::new(), 0);
        for step in steps {
            match step {
                Step::Insert(count) => {
                    let fresh = next(&mut made, count);
                    list.extend(fresh.iter().map(|newcomer| newcomer.draft.account));
                    prop_assert_eq!(store.insert(fresh).unwrap(), count);
                }
                Step::Remove(places) => for place in places {
                    if list.is_empty() { break }
                    let gone = list.remove(place.index(list.len()));
                    prop_assert!(store.remove(gone, |_| Vec::new()).unwrap().is_some());
                },
                Step::Page(page, limit) => agrees(&store, &list, Page::new(page, limit)),
            }
        }
        agrees(&store, &list, Page::new(1, 1000));
    }
}

#[test]
fn accounts_and_usernames_are_listed_in_pages_each_once() {
    for place in Place::both() {
        let store = open(&place);
        let names = [(5, "eve"), (1, "ada"), (3, "cyd")];
        store.insert(names.map(|(n, name)| newcomer(n, name)).into()).unwrap();
        for n in [4, 2] {
            store.hear(account(n), Standing::new(Rung::Deleted), None).unwrap();
        }
        let (mut accounts, mut usernames) = (Vec::<Vec<_>>::new(), Vec::<Vec<_>>::new());
        for _ in 0..3 {
            accounts.push(store.accounts(accounts.concat().last().copied(), 3).unwrap());
            let after = usernames.concat().last().cloned();
            usernames.push(store.usernames(after.as_deref(), 2).unwrap());
        }
        assert_eq!(accounts.iter().map(Vec::len).collect::<Vec<_>>(), [3, 2, 0]);
        assert_eq!(accounts.concat(), [1, 2, 3, 4, 5].map(account));
        assert_eq!(usernames.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 0]);
        assert_eq!(usernames.concat(), ["ada", "cyd", "eve"]);
    }
}
