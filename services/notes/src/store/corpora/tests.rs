//! Who has a place, and who loses it.

use super::*;

/// An author that is told from others by `number`.
fn author(number: i64) -> AccountId {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    AccountId::from_bytes(bytes)
}

/// As many copies of this size as there is room for, and not one more.
const LARGE: i64 = AUTHOR_BYTES_MAX / 2;
const ROOM: i64 = BYTES_MAX / LARGE;

fn full() -> Corpora {
    let corpora = Corpora::default();
    for number in 0..ROOM {
        assert!(corpora.get(author(number)).is_none());
        assert!(corpora.place(author(number), LARGE).is_some());
    }
    corpora
}

#[test]
fn copies_take_no_more_room_than_there_is() {
    let corpora = full();
    assert_eq!(corpora.measure(), (ROOM, BYTES_MAX));
    for number in 0..10_000 {
        let account = author(number);
        if corpora.get(account).is_none() {
            corpora.place(account, LARGE);
        }
        assert!(corpora.measure().1 <= BYTES_MAX);
    }
}

#[test]
fn the_least_recently_used_copy_goes_when_it_was_not_used_for_long() {
    let corpora = full();
    for _ in 0..SAFE_FOR {
        assert!(corpora.get(author(1)).is_some());
    }
    assert!(corpora.place(author(ROOM), LARGE).is_some());
    assert!(corpora.get(author(0)).is_none());
    assert!(corpora.get(author(1)).is_some());
}

#[test]
fn authors_in_turn_do_not_push_each_other_out() {
    let corpora = full();
    let (mut hits, authors) = (0, 2 * ROOM);
    for search in 0..100 * authors {
        match corpora.get(author(search % authors)) {
            Some(_) => hits += 1,
            None => drop(corpora.place(author(search % authors), LARGE)),
        }
    }
    assert!(hits >= 100 * authors / 2 - ROOM, "{hits} of {} searches found a copy", 100 * authors);
}

#[test]
fn an_author_over_the_limit_has_no_copy() {
    let corpora = Corpora::default();
    assert!(corpora.place(author(0), AUTHOR_BYTES_MAX + 1).is_none());
    assert!(corpora.place(author(0), AUTHOR_BYTES_MAX).is_some());
    corpora.resize(author(0), AUTHOR_BYTES_MAX + 1);
    assert!(corpora.get(author(0)).is_none());
    assert_eq!(corpora.measure(), (0, 0));
}

#[test]
fn a_copy_that_grew_is_counted_as_large_as_it_is() {
    let corpora = Corpora::default();
    corpora.place(author(0), 10);
    corpora.resize(author(0), 1000);
    assert_eq!(corpora.measure(), (1, 1000));
    corpora.drop(author(0));
    assert_eq!(corpora.measure(), (0, 0));
}
