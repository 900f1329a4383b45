//! Everything out of one store and into another: the same, in the same order.

use chassis::bundle::Fit;

use super::*;
use crate::bundle::Record;

fn records(world: &World) -> Vec<Record> {
    let mut records = Vec::new();
    let show = &mut |record| {
        records.push(record);
        true
    };
    let shown: Result<_, StoreError> = world.store.view(|notes| notes.each_record(show));
    shown.unwrap();
    records
}

fn insert(world: &World, records: Vec<Record>) -> Vec<Fit> {
    let inserted = world.store.change("test", move |notes| {
        let fits = notes.fits(&records)?;
        for (record, _) in records.iter().zip(&fits).filter(|(_, fit)| **fit == Fit::New) {
            notes.insert_record(record)?;
        }
        Ok::<_, StoreError>(fits)
    });
    inserted.unwrap()
}

fn shown(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| format!("{record:?}")).collect()
}

fn standing(rung: Rung) -> Standing {
    Standing { generation: 3, rung, epoch: 7 }
}

#[test]
fn what_comes_out_goes_in_elsewhere_and_comes_out_the_same() {
    let (from, to) = (World::new(), World::new());
    let gone = AccountId::from_bytes([3; 12]);
    // Written in an order that is neither that of the authors nor that of the ids.
    for (author, number) in [(BEN, 9), (ADA, 8), (BEN, 1), (ADA, 2), (ADA, 3)] {
        from.insert(note(author, number));
    }
    from.change(move |notes| {
        notes.raise(BEN, standing(Rung::Disabled))?;
        notes.raise(gone, standing(Rung::Deleted)).map(drop)
    });
    from.change(|notes| notes.remove(&note(ADA, 2)));
    let all = records(&from);
    assert_eq!(all.len(), 3 + 4);
    let (first, rest) = all.split_at(2);
    for page in [first, rest] {
        assert!(insert(&to, page.to_vec()).iter().all(|fit| *fit == Fit::New));
    }
    assert_eq!(shown(&records(&to)), shown(&all));
    assert_eq!(insert(&to, all), [Fit::Same; 7]);
    let active = Listing { is_archived: false, tag: Some(text("b")), search: None, page: Page::new(1, 10) };
    assert_eq!(to.page(ADA, &active), from.page(ADA, &active));
    assert_eq!(to.page(ADA, &active).total, 2);
}

#[test]
fn records_that_do_not_fit_are_told_apart() {
    let world = World::new();
    let gone = AccountId::from_bytes([3; 12]);
    world.insert(note(ADA, 1));
    world.change(move |notes| notes.raise(gone, standing(Rung::Deleted)).map(drop));
    let record = |note: Note| Record::Note(Box::new(note));
    let fit = |record: Record| insert(&world, vec![record])[0];
    let edited = Note { updated_at: Timestamp::from_millis(77), ..note(ADA, 1) };
    for held in [
        record(edited),
        record(note(gone, 2)),
        Record::Author(ADA, standing(Rung::Active)),
        Record::Author(gone, standing(Rung::Active)),
    ] {
        assert!(matches!(fit(held), Fit::Held(_)));
    }
    assert!(matches!(fit(record(note(BEN, 1))), Fit::Refused(_)));
    assert_eq!(fit(record(note(BEN, 2))), Fit::New);
    assert_eq!(fit(Record::Author(BEN, Standing::new(Rung::Active))), Fit::Same);
}

#[test]
fn what_is_written_after_the_first_record_is_not_among_the_rest() {
    let world = World::new();
    world.insert(note(ADA, 1));
    let mut shown = 0;
    let show = &mut |_| {
        shown += 1;
        world.insert(note(BEN, 90 + shown));
        true
    };
    let done: Result<_, StoreError> = world.store.view(|notes| notes.each_record(show));
    done.unwrap();
    assert_eq!(shown, 2);
}
