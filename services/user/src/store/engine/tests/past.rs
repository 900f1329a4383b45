//! A database that lost its end: found out, read, not written, and gone on with only when the operator says so.

use std::fs;

use super::*;

fn send(engine: &Engine, n: u8) -> Sequence {
    let message = Message::new("notes", AccountId::from_bytes([n; 12]), format!("/{n}"), &Value::Null);
    engine.write("test", move |tx| tx.send(message.clone())).unwrap()
}

fn offered(engine: &Engine) -> Vec<Sequence> {
    engine.outbox().heads("notes", 100, |_| true).into_iter().map(|(sequence, _)| sequence).collect()
}

#[test]
fn numbers_are_never_used_twice_in_the_life_of_a_database() {
    for place in Place::both() {
        let engine = open(&place);
        assert_eq!((send(&engine, 1), send(&engine, 2)), (1, 2));
        engine.remove_message(1).unwrap();
        engine.remove_message(2).unwrap();
        drop(engine);
        let engine = open(&place);
        assert_eq!((engine.outbox().total(), send(&engine, 3)), (0, 3));
        assert_eq!(engine.outbox().oldest_at("notes"), Some(AT));
    }
}

#[test]
fn a_parked_message_stays_until_it_is_delivered_and_is_offered_again_at_the_next_start() {
    for place in Place::both() {
        let engine = open(&place);
        let (first, second) = (send(&engine, 1), send(&engine, 1));
        engine.park(first, "409: no".into()).unwrap();
        engine.park(99, "it is gone already".into()).unwrap();
        assert_eq!(offered(&engine), [second]);
        let parked = engine.outbox().parked();
        assert_eq!(
            parked.iter().map(|(n, row)| (*n, row.parked.clone().unwrap())).collect::<Vec<_>>(),
            [(first, "409: no".to_owned())]
        );
        engine.unpark().unwrap();
        assert_eq!((offered(&engine), engine.outbox().parked().len()), (vec![first], 0));
        engine.park(first, "again".into()).unwrap();
        drop(engine);
        let engine = open(&place);
        assert_eq!((offered(&engine), engine.outbox().total()), (vec![first], 2));
        engine.remove_message(first).unwrap();
        assert_eq!(offered(&engine), [second]);
    }
}

#[test]
fn a_history_file_that_is_damaged_or_gone_is_made_anew() {
    for place in Place::both() {
        let file = place.path().join("history");
        send(&open(&place), 1);
        for n in 2..4 {
            if n == 2 {
                fs::remove_file(&file).unwrap();
            } else {
                fs::write(&file, "99999 nonsense").unwrap();
            }
            let engine = open(&place);
            assert!(engine.is_writable());
            assert_eq!(send(&engine, n), u64::from(n));
        }
        assert!(open(&place).is_writable());
    }
}

/// Commits, and brings the database back to how it was half way.
fn lose_the_end(place: &mut Place) {
    send(&open(place), 1);
    let half_way = place.keep();
    let engine = open(place);
    assert_eq!((send(&engine, 2), send(&engine, 3)), (2, 3));
    assert!(claim(&engine, "lost"));
    drop(engine);
    place.restore(half_way);
}

#[test]
fn a_kept_older_state_is_found_out_and_reads_go_on() {
    for mut place in Place::both() {
        assert!(claim(&open(&place), "kept"));
        lose_the_end(&mut place);
        for _ in 0..2 {
            let engine = open(&place);
            assert!(!engine.is_writable());
            assert!(engine.find::<Counter>("claim", "kept").unwrap().is_some());
            assert!(engine.find::<Counter>("claim", "lost").unwrap().is_none());
            let refused = engine.write("test", |tx| tx.insert("claim", &Counter { id: "new".into(), n: 1 }));
            assert!(matches!(refused, Err(EngineError::Lost { .. })), "{refused:?}");
            assert!(refused.unwrap_err().to_string().contains("--accept-loss"));
            assert!(offered(&engine).is_empty(), "what may have been delivered long ago is not offered");
        }
    }
}

#[test]
fn an_accepted_loss_is_gone_on_from_and_uses_no_number_twice() {
    for mut place in Place::both() {
        lose_the_end(&mut place);
        let accepted = open_with(&place, true).unwrap();
        assert_eq!(offered(&accepted), [1]);
        assert!(send(&accepted, 4) > 3);
        drop(accepted);
        let engine = open(&place);
        assert!(engine.is_writable() && claim(&engine, "lost"));
        assert_eq!(engine.outbox().total(), 2);
    }
}

#[test]
fn a_write_that_fails_leaves_nothing_and_the_next_one_goes_through() {
    let place = Place::simulated();
    let disk = place.disk.clone().unwrap();
    let engine = open(&place);
    let message = Message::new("notes", AccountId::from_bytes([1; 12]), "/x".into(), &Value::Null);
    let mut failed = 0;
    for nth in 1.. {
        disk.fail_at(nth);
        let message = message.clone();
        match engine.write("test", move |tx| tx.send(message.clone())) {
            Ok(_) => break,
            Err(error) => {
                assert!(matches!(error, EngineError::Database(_) | EngineError::Commit(_)), "{error}");
            }
        }
        failed += 1;
        assert_eq!(engine.outbox().total(), 0, "nothing of it is kept");
    }
    assert_eq!(failed, 3, "the row, the count of commits and the commit itself");
    assert_eq!(engine.outbox().total(), 1);
    disk.fill(true);
    engine.remove_message(1).unwrap_err();
    disk.fill(false);
    let [only] = offered(&engine)[..] else { panic!("one message") };
    engine.remove_message(only).unwrap();
}

#[test]
fn a_log_that_was_cut_short_is_found_out() {
    let mut place = Place::real();
    let engine = open(&place);
    for n in 0..20 {
        send(&engine, n);
    }
    // As a killed process leaves it: a closed database has moved its log into its tables.
    let killed = place.keep();
    drop(engine);
    place.restore(killed);
    let files = fs::read_dir(place.path().join("db")).unwrap().map(|entry| entry.unwrap().path());
    let log = files.filter(|path| path.extension().is_some_and(|kind| kind == "log")).max().unwrap();
    let length = fs::metadata(&log).unwrap().len();
    fs::OpenOptions::new().write(true).open(&log).unwrap().set_len(length / 2).unwrap();
    let engine = open(&place);
    let Past::Lost { found, recorded } = engine.past else { panic!("{length} bytes of log were not missed") };
    assert!(found.commits < 20 && recorded.commits == 20, "{found:?}, {recorded:?}");
}

#[test]
fn a_database_that_was_removed_is_found_out() {
    let place = Place::real();
    assert!(claim(&open(&place), "a"));
    fs::remove_dir_all(place.path().join("db")).unwrap();
    let engine = open(&place);
    assert!(!engine.is_writable());
    assert!(engine.find::<Counter>("claim", "a").unwrap().is_none());
    drop(engine);
    assert!(claim(&open_with(&place, true).unwrap(), "a"));
    assert!(open(&place).is_writable());
}
