//! Planted faults of every kind at auth: each is found, repaired as far as it can be, and not found again.

mod neighbour;

use std::collections::BTreeMap;

use chassis::audit::Record;
use chassis::clock::Timestamp;
use chassis::doctor::State;
use chassis::email::Email;
use chassis::entropy::Entropy;
use chassis::outbox::Message;
use chassis::standing::{Rung, Standing};
use chassis::{shutdown, task};
use tempfile::TempDir;

use self::neighbour::Neighbour;
use super::*;
use crate::account::Identity;
use crate::account::tests::identity;
use crate::relay;
use crate::store::OpenRegistration;

const ACTIVE: Record = Record::Standing(Standing::new(Rung::Active));

/// Auth's data, and the services that its doctor asks.
struct Ward {
    dir: TempDir,
    user: Neighbour,
    notes: Neighbour,
}

impl Ward {
    async fn new() -> Self {
        let dir = TempDir::new().unwrap();
        Self { dir, user: Neighbour::start().await, notes: Neighbour::start().await }
    }

    /// The store, opened again: what changed before is no longer recent.
    fn store(&self) -> Arc<Store> {
        Arc::new(Store::open(self.dir.path(), Clock::system(), false).unwrap())
    }

    fn doctor(&self) -> Doctor {
        Doctor::new(self.store(), self.user.peer("user"), self.notes.peer("notes"), Clock::system())
    }

    /// What a pass finds, with the relay at work: kind and subject, and what became of it.
    async fn examine(&self, fix: bool) -> BTreeMap<(String, String), State> {
        self.pass_of(self.doctor(), fix).await
    }

    /// The same of a doctor who has his store already.
    async fn pass_of(&self, doctor: Doctor, fix: bool) -> BTreeMap<(String, String), State> {
        let (trigger, shutdown) = shutdown::channel();
        let peers = vec![self.user.peer("user"), self.notes.peer("notes")];
        let jitter = Entropy::seeded(1).stream("auth", "jitter");
        let relay = task::spawn("relay", relay::run(Arc::clone(&doctor.store), peers, jitter, shutdown));
        let report = doctor.examine(fix).await.unwrap();
        trigger.fire();
        relay.await.unwrap();
        // The last removal of a message may hold the store for a moment longer; the next pass opens it again.
        while Arc::strong_count(&doctor.store) > 1 {
            tokio::task::yield_now().await;
        }
        let told =
            report.findings.into_iter().map(|finding| ((finding.kind, finding.subject), finding.state));
        told.collect()
    }

    /// An account that all three agree about.
    fn healthy(&self, n: u8) -> Identity {
        let ada = identity(n);
        self.user.knows(ada.account, Record::Standing(ada.standing));
        self.notes.knows(ada.account, Record::Standing(ada.standing));
        ada
    }
}

fn with_epoch(epoch: u32) -> Standing {
    Standing { epoch, ..Standing::new(Rung::Active) }
}

/// Plants one fault of each kind that can be repaired; returns them by kind with their subjects.
fn plant(ward: &Ward) -> BTreeMap<String, String> {
    let store = ward.store();
    let mut planted = BTreeMap::new();
    let mut note = |kind: &str, subject: &dyn std::fmt::Display| {
        assert_eq!(planted.insert(kind.to_owned(), subject.to_string()), None);
    };
    let pending = Identity { standing: Standing::new(Rung::Pending), ..identity(1) };
    store.plant_identity(&pending);
    note("overdueRegistration", &pending.account);

    let (account, saga, deadline) = (identity(2).account, "saga-2".into(), Timestamp::from_millis(0));
    store.plant_registration(OpenRegistration { account, saga, abort: Some(4711), deadline });
    note("stuckRegistration", &identity(2).account);

    let email = Email::parse("nobody@example.test").unwrap();
    store.plant_claim(&email, identity(3).account, None);
    note("ownerlessEmail", &email);

    let ada = ward.healthy(4);
    store.insert_new(vec![ada.clone()]).unwrap();
    store.plant_no_claim(&ada.email);
    note("unclaimedEmail", &ada.account);

    let ada = ward.healthy(5);
    store.insert_new(vec![ada.clone()]).unwrap();
    ward.user.knows(ada.account, Record::Absent);
    note("missingProfile", &ada.account);

    store.apply_standing(identity(6).account, Standing::new(Rung::Deleted), None).unwrap();
    note("halfDeleted", &identity(6).account);

    for (n, kind, own, copies) in
        [(7, "laggingAccount", 1, [2, 1]), (8, "laggingProfile", 2, [1, 2]), (9, "laggingAuthor", 2, [2, 1])]
    {
        let ada = Identity { standing: with_epoch(own), ..identity(n) };
        store.insert_new(vec![ada.clone()]).unwrap();
        for (neighbour, epoch) in [&ward.user, &ward.notes].into_iter().zip(copies) {
            neighbour.knows(ada.account, Record::Standing(with_epoch(epoch)));
        }
        note(kind, &ada.account);
    }
    planted
}

#[tokio::test]
async fn every_planted_fault_is_found_and_repaired_and_the_next_pass_is_clean() {
    let ward = Ward::new().await;
    let healthy = ward.healthy(10);
    ward.store().insert_new(vec![healthy]).unwrap();
    assert_eq!(ward.examine(false).await, BTreeMap::new());
    let planted = plant(&ward);

    let repaired = ward.examine(true).await;
    let expected = planted.iter().map(|(kind, subject)| ((kind.clone(), subject.clone()), State::Repaired));
    assert_eq!(repaired, expected.collect());
    // What an epoch was is known to one more service now; one more look mends the copy that had it lower still.
    let mut passes = 1;
    while !ward.examine(true).await.is_empty() {
        passes += 1;
        assert!(passes <= 3);
    }
    assert_eq!(ward.examine(false).await, BTreeMap::new());
    assert_eq!(ward.user.record(identity(5).account), ACTIVE);
    assert_eq!(ward.user.record(identity(6).account), Record::Gone);
    assert_eq!(ward.store().find(identity(1).account).unwrap(), None);
    println!("auth: {} kinds planted, all found and repaired, clean after {passes} passes", planted.len());
}

#[tokio::test]
async fn without_the_order_to_fix_only_what_the_protocol_left_open_is_finished() {
    let ward = Ward::new().await;
    plant(&ward);
    for ((kind, subject), state) in ward.examine(false).await {
        let is_protocols = ["overdueRegistration", "stuckRegistration"].contains(&kind.as_str());
        let expected = if is_protocols { State::Repaired } else { State::Open };
        assert_eq!(state, expected, "{kind} {subject}");
    }
    assert_eq!(ward.user.record(identity(5).account), Record::Absent);
}

#[tokio::test]
async fn what_needs_a_person_is_told_and_left_alone() {
    let ward = Ward::new().await;
    let (shared, damaged) = (ward.healthy(1), ward.healthy(2));
    let store = ward.store();
    store.insert_new(vec![shared.clone(), damaged.clone()]).unwrap();
    store.plant_no_claim(&shared.email);
    store.plant_claim(&shared.email, damaged.account, None);
    store.plant_no_claim(&damaged.email);
    store.plant_unreadable(damaged.account);
    drop(store);
    let told = ward.examine(true).await;
    let person =
        |kind: &str, subject: &AccountId| ((kind.to_owned(), subject.to_string()), State::NeedsPerson);
    let expected = [person("sharedEmail", &shared.account), person("corruptRecord", &damaged.account)];
    assert_eq!(told, BTreeMap::from(expected));
}

#[tokio::test]
async fn what_is_under_way_here_or_elsewhere_is_no_fault() {
    let ward = Ward::new().await;
    let (here, elsewhere, held) = (ward.healthy(1), ward.healthy(2), ward.healthy(3));
    let email = Email::parse("new@example.test").unwrap();
    let store = ward.store();
    store.insert_new(vec![here.clone(), elsewhere.clone(), held.clone()]).unwrap();
    store.reserve(email, held.account, "change".into(), None).unwrap();
    drop(store);
    for ada in [&here, &elsewhere] {
        ward.user.knows(ada.account, Record::Absent);
    }
    for ada in [&elsewhere, &held] {
        ward.user.is_busy_with(ada.account, true);
    }
    let doctor = ward.doctor();
    doctor.store.outbox().touch(here.account);
    assert_eq!(doctor.examine(true).await.unwrap().findings, []);
    drop(doctor);
    for ada in [&elsewhere, &held] {
        ward.user.is_busy_with(ada.account, false);
    }
    let kinds: Vec<_> = ward.examine(true).await.into_keys().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["missingProfile", "missingProfile", "ownerlessEmail"]);
}

#[tokio::test]
async fn a_service_that_does_not_answer_is_told_once_and_hides_no_other_fault() {
    let ward = Ward::new().await;
    let ada = ward.healthy(1);
    let store = ward.store();
    store.insert_new(vec![ada.clone()]).unwrap();
    ward.notes
        .knows(ada.account, Record::Standing(Standing { generation: 0, rung: Rung::Pending, epoch: 0 }));
    let nobody = neighbour::peer("user", "http://127.0.0.1:1".parse().unwrap());
    drop(store);
    let doctor = Doctor::new(ward.store(), nobody, ward.notes.peer("notes"), Clock::system());
    let report = doctor.examine(false).await.unwrap();
    let kinds: Vec<_> = report.findings.iter().map(|finding| finding.kind.as_str()).collect();
    assert_eq!(kinds, ["laggingAuthor", "notCompared"]);
    let standing = doctor.chart().standing();
    assert_eq!((standing["laggingAuthor"], standing["notCompared"], standing["oldMessage"]), (1, 1, 0));
}

/// That `account` is gone, as a message to user.
fn news(account: AccountId) -> Message {
    Message::standing("user", account, &Standing::new(Rung::Deleted))
}

/// Has the store send `message` and its receiver refuse it; returns how the doctor calls it.
fn refuse(store: &Store, message: Message) -> String {
    let sequence = store.plant_message(message);
    store.park(sequence, "404: planted".to_owned()).unwrap();
    format!("message {sequence}")
}

#[tokio::test]
async fn a_refused_message_is_told_and_sent_again_when_that_is_asked_for() {
    let (ward, account) = (Ward::new().await, identity(1).account);
    let doctor = ward.doctor();
    let subject = refuse(&doctor.store, news(account));
    let report = doctor.examine(false).await.unwrap();
    let told: Vec<_> = report.findings.into_iter().map(|finding| (finding.subject, finding.state)).collect();
    assert_eq!(told, [(subject.clone(), State::Open)]);
    assert_eq!(doctor.chart().standing()["parkedMessage"], 1);

    let repaired = BTreeMap::from([(("parkedMessage".to_owned(), subject), State::Repaired)]);
    assert_eq!(ward.pass_of(doctor, true).await, repaired);
    assert_eq!((ward.user.record(account), ward.store().outbox().total()), (Record::Gone, 0));
}

#[tokio::test]
async fn a_message_that_is_refused_again_stays_and_is_told_again() {
    let (ward, account) = (Ward::new().await, identity(1).account);
    let doctor = ward.doctor();
    let nowhere = Message::new("user", account, "/internal/nowhere".to_owned(), &());
    let subject = refuse(&doctor.store, nowhere);
    let open = BTreeMap::from([(("parkedMessage".to_owned(), subject), State::Open)]);
    assert_eq!(ward.pass_of(doctor, true).await, open);
    assert_eq!(ward.store().outbox().total(), 1);
}

#[tokio::test]
async fn a_refused_message_is_offered_again_after_a_restart() {
    let (ward, account) = (Ward::new().await, identity(1).account);
    refuse(&ward.store(), news(account));
    let store = ward.store();
    assert_eq!((store.outbox().depth("user"), store.outbox().parked()), (1, vec![]));
}

#[tokio::test]
async fn messages_that_wait_for_more_than_a_minute_are_told() {
    let ward = Ward::new().await;
    let at = |ms| Clock::frozen(Timestamp::from_millis(ms));
    let store = Arc::new(Store::open(ward.dir.path(), at(0), false).unwrap());
    store.plant_message(news(identity(1).account));
    for (ms, expected) in [(60_000, vec![]), (60_001, vec![("oldMessage".to_owned(), State::NeedsPerson)])] {
        let clock = at(ms);
        let doctor = Doctor::new(Arc::clone(&store), ward.user.peer("user"), ward.notes.peer("notes"), clock);
        let told = doctor.examine(true).await.unwrap().findings;
        let told: Vec<_> = told.into_iter().map(|finding| (finding.kind, finding.state)).collect();
        assert_eq!(told, expected, "after {ms} ms");
    }
}

#[test]
fn every_kind_of_fault_is_planted_by_some_test_here() {
    let whole = Fault::ALL.iter().enumerate().all(|(at, fault)| *fault as usize == at);
    assert!(whole && Fault::ALL.last() == Some(&Fault::NotCompared), "Fault::ALL lists every kind in order");
    for kind in Fault::ALL.map(Fault::kind) {
        let name = format!("\"{}\"", kind.name);
        assert!(include_str!("tests.rs").contains(&name), "{name} is planted nowhere in these tests");
    }
    println!("auth: {} kinds of faults, each planted and found", Fault::ALL.len());
}
