//! Commands that share a commit (PROTOCOL.md §8, w1): whatever befalls it, each is wholly there or not at all, and
//! whoever waits for it is told what is true.

use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;
use std::sync::mpsc::Receiver;

use bson::Document;
use chassis::simulation::{self, Director, Disk, Step, Verdict};

use super::*;

/// Commands of a group.
const GROUP: u8 = 3;

type Command = (Box<dyn Work>, Receiver<Result<(), EngineError>>);

/// Gives every commit the same verdicts, before and after.
struct Fate(Verdict, Verdict);

impl Director for Fate {
    fn before(&self, _: Step) -> Verdict {
        self.0
    }

    fn after(&self, _: Step) -> Verdict {
        self.1
    }

    fn disk(&self, _: &Path) -> Disk {
        Disk::default()
    }

    fn has_bug(&self, _: &str) -> bool {
        false
    }
}

/// The writer's side of an engine, to be handed whole groups.
fn committer(place: &Place) -> Committer {
    place.on(|data_dir| {
        let backend = backend::open(&data_dir.join("db")).unwrap();
        let rows = record::rows(&*backend).unwrap();
        Committer {
            history: record::history(&*backend, &rows).unwrap(),
            outbox: Arc::new(Outbox::new(rows)),
            backend,
            witness: Witness::open(&data_dir.join("history")).unwrap(),
            clock: Clock::frozen(AT),
            service: "test",
            outbox_max: 9,
            reopens_at: None,
            full_since: None,
        }
    })
}

/// Writes two documents and a message.
fn command(number: u8) -> Command {
    task(move |tx| {
        tx.insert("one", &Counter { id: number.to_string(), n: 1 })?;
        let message = Message::new("notes", AccountId::from_bytes([number; 12]), "/x".into(), &Value::Null);
        tx.send(message)?;
        tx.insert("other", &Counter { id: number.to_string(), n: 1 })
    })
}

fn task(work: impl FnMut(&Tx) -> Result<(), EngineError> + Send + 'static) -> Command {
    let (answer, answered) = sync_channel(1);
    (Box::new(Task { verb: "group", work, outcome: None, answer }), answered)
}

/// Which commands of the group are there, each of them wholly.
fn present(committer: &Committer) -> Vec<bool> {
    let is_there = |collection, number: u8| {
        let found: Option<Document> = committer.backend.find(collection, &number.to_string().into()).unwrap();
        found.is_some()
    };
    let numbers = 1..=GROUP;
    let whole: Vec<_> = numbers.map(|number| (is_there("one", number), is_there("other", number))).collect();
    assert!(whole.iter().all(|(one, other)| one == other), "half of a command is there: {whole:?}");
    let present: Vec<_> = whole.iter().map(|(one, _)| *one).collect();
    let messages = record::rows(&*committer.backend).unwrap().len();
    assert_eq!(messages, present.iter().filter(|is_there| **is_there).count(), "a message each");
    present
}

/// Hands over a group at once; tells which of its commands were answered as done.
fn carry_out(committer: &mut Committer) -> Vec<bool> {
    let (group, answers): (Vec<_>, Vec<_>) = (1..=GROUP).map(command).unzip();
    committer.carry_out(group);
    answers.iter().map(|answered| answered.recv().unwrap().is_ok()).collect()
}

#[test]
fn a_group_whose_commit_fails_or_whose_process_dies_there_is_kept_whole_or_not_at_all() {
    let cases = [
        (Fate(Verdict::Fail, Verdict::Go), false),
        (Fate(Verdict::NoSpace, Verdict::Go), false),
        (Fate(Verdict::Crash, Verdict::Go), false),
        (Fate(Verdict::Go, Verdict::Crash), true),
    ];
    for (fate, is_kept) in cases.map(|(fate, is_kept)| (Rc::new(fate), is_kept)) {
        for place in Place::both() {
            let mut writer = committer(&place);
            simulation::direct(Some(Rc::<Fate>::clone(&fate)));
            let answers = carry_out(&mut writer);
            simulation::direct(None);
            assert_eq!((answers, present(&writer)), (vec![is_kept; 3], vec![is_kept; 3]));
            drop(writer);
            assert_eq!(present(&committer(&place)), [is_kept; 3], "after a restart");
        }
    }
}

#[test]
fn a_disk_that_fails_within_a_group_is_told_to_those_whose_command_is_not_there() {
    for nth in 1.. {
        let place = Place::simulated();
        let disk = place.disk.clone().unwrap();
        let mut committer = committer(&place);
        disk.fail_at(nth);
        let answers = carry_out(&mut committer);
        assert_eq!(answers, present(&committer), "when write {nth} fails");
        if disk.writes() < nth {
            assert!(nth > u64::from(GROUP) * 3, "every write of the group failed once");
            return;
        }
    }
}

#[test]
fn a_writer_that_dies_within_a_group_leaves_nothing_of_it_and_answers_nobody() {
    for place in Place::both() {
        let mut dying = committer(&place);
        let commands = [command(1), task(|_| panic!("planted")), command(3)];
        let (group, answers): (Vec<_>, Vec<_>) = commands.into_iter().unzip();
        panic::catch_unwind(AssertUnwindSafe(|| dying.carry_out(group))).unwrap_err();
        assert!(answers.iter().all(|answered| answered.recv().is_err()));
        assert_eq!(present(&dying), [false; 3]);
        drop(dying);
        let mut risen = committer(&place);
        assert_eq!(present(&risen), [false; 3], "after a restart");
        assert_eq!(carry_out(&mut risen), [true; 3]);
        assert_eq!(present(&risen), [true; 3]);
    }
}
