//! What is remembered of messages, and for how long.

use chassis::inbox::Receipt;

use super::*;

const DAY_MS: i64 = 24 * 3600 * 1000;

fn receipt(number: i64) -> Receipt {
    Receipt { key: format!("auth-{number}"), digest: "d".to_owned() }
}

impl World {
    fn receive(&self, receipt: Receipt, day: i64) -> Arrival {
        let now = Timestamp::from_millis(day * DAY_MS);
        let arrival: Result<_, StoreError> =
            self.store.change("test", move |notes| notes.receive(&receipt, now));
        arrival.unwrap()
    }

    fn remembered(&self) -> u32 {
        self.raw().query_row("SELECT count(*) FROM inbox", [], |row| row.get(0)).unwrap()
    }
}

#[test]
fn a_message_is_remembered_over_a_restart_with_its_digest() {
    let world = World::new();
    assert_eq!(world.receive(receipt(1), 0), Arrival::First);
    let world = world.reopened();
    assert_eq!(world.receive(receipt(1), 0), Arrival::Repeated);
    assert_eq!(world.receive(Receipt { digest: "e".to_owned(), ..receipt(1) }, 0), Arrival::Reused);
}

#[test]
fn a_message_whose_effect_was_undone_is_not_remembered() {
    let world = World::new();
    let undone = world.store.change("test", |notes| {
        notes.receive(&receipt(1), Timestamp::from_millis(0))?;
        Err::<(), _>(StoreError::Undone)
    });
    assert!(undone.is_err());
    assert_eq!(world.receive(receipt(1), 0), Arrival::First);
}

#[test]
fn a_message_is_forgotten_after_seven_days_and_the_table_stays_small() {
    let world = World::new();
    for number in 0..100 {
        world.receive(receipt(number), 0);
    }
    world.receive(receipt(100), 7);
    assert_eq!(world.remembered(), 101);
    for number in 101..150 {
        world.receive(receipt(number), 8);
    }
    assert_eq!(world.remembered(), 50);
    assert_eq!(world.receive(receipt(0), 8), Arrival::First);
}
