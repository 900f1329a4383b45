//! Planted faults of every kind at user: each is found, repaired as far as it can be, and not found again.

mod neighbour;

use std::collections::BTreeMap;

use chassis::audit::{Facts, Record};
use chassis::clock::Timestamp;
use chassis::contract::Role;
use chassis::doctor::State;
use chassis::email::Email;
use chassis::entropy::Entropy;
use chassis::outbox::Message;
use chassis::profile::Username;
use chassis::standing::{Rung, Standing};
use chassis::{shutdown, task};
use tempfile::TempDir;

use self::neighbour::Neighbour;
use super::*;
use crate::change::Change;
use crate::profile::Profile;
use crate::profile::tests::{draft, profile};
use crate::relay;
use crate::store::Newcomer;

const ACTIVE: Standing = Standing::new(Rung::Active);
const DISABLED: Standing = Standing::new(Rung::Disabled);

/// The data of user, and the services that hear from it.
struct Ward {
    dir: TempDir,
    auth: Neighbour,
    notes: Neighbour,
}

impl Ward {
    async fn new() -> Self {
        let dir = TempDir::new().unwrap();
        Self { dir, auth: Neighbour::start().await, notes: Neighbour::start().await }
    }

    /// The store, opened again: what changed before is no longer recent.
    fn store(&self) -> Arc<Store> {
        Arc::new(Store::open(self.dir.path(), Clock::system(), false).unwrap())
    }

    fn doctor(&self) -> Doctor {
        Doctor::new(self.store(), self.auth.peer("auth"), Clock::system())
    }

    /// What a pass finds, with the relay at work: kind and subject, and what became of it.
    async fn examine(&self, fix: bool) -> BTreeMap<(String, String), State> {
        self.pass_of(self.doctor(), fix).await
    }

    /// The same of a doctor who has his store already.
    async fn pass_of(&self, doctor: Doctor, fix: bool) -> BTreeMap<(String, String), State> {
        let (trigger, shutdown) = shutdown::channel();
        let peers = vec![self.auth.peer("auth"), self.notes.peer("notes")];
        let jitter = Entropy::seeded(1).stream("user", "jitter");
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

    /// A profile called `name-<n>`, of whose account auth says `record`.
    fn profile(&self, store: &Store, n: u8, record: Record) -> Profile {
        let name = format!("name-{n}");
        let names = vec![Username::parse(&name).unwrap()];
        let newcomer = Newcomer { draft: draft(n), names, now: Timestamp::from_millis(0) };
        assert_eq!(store.insert(vec![newcomer]).unwrap(), 1);
        let profile = profile(n, &name);
        self.auth.knows(profile.account, record);
        profile
    }
}

/// Plants one fault of each kind that can be repaired; returns them by kind with their subjects.
fn plant(ward: &Ward) -> BTreeMap<String, String> {
    let store = ward.store();
    let mut planted = BTreeMap::new();
    let mut note = |kind: &str, subject: &dyn std::fmt::Display| {
        assert_eq!(planted.insert(kind.to_owned(), subject.to_string()), None);
    };
    let healthy = |n| ward.profile(&store, n, Record::Standing(ACTIVE));

    store.plant_claim(&profile(1, "nobody"));
    note("ownerlessUsername", &"nobody");
    let ada = healthy(2);
    store.plant_no_claim(&ada.username);
    note("unclaimedUsername", &ada.account);
    let ada = healthy(3);
    store.plant_unlisted(ada.account);
    note("unlistedProfile", &ada.account);
    let ada = ward.profile(&store, 4, Record::Gone);
    note("undeletedProfile", &ada.account);
    let ada = ward.profile(&store, 5, Record::Standing(DISABLED));
    note("differingStanding", &ada.account);
    let gone = profile(6, "gone").account;
    store.plant_tombstone(gone);
    ward.auth.knows(gone, Record::Standing(ACTIVE));
    note("halfDeleted", &gone);
    let ada = healthy(7);
    ward.auth.heard(ada.account, Facts { role: Role::Admin, ..facts(&ada) });
    note("differingFacts", &ada.account);
    planted
}

/// What auth should have of a profile.
fn facts(profile: &Profile) -> Facts {
    Facts { email: profile.email.to_string(), role: profile.role, version: profile.version }
}

#[tokio::test]
async fn every_planted_fault_is_found_and_repaired_and_the_next_pass_is_clean() {
    let ward = Ward::new().await;
    ward.profile(&ward.store(), 10, Record::Standing(ACTIVE));
    assert_eq!(ward.examine(false).await, BTreeMap::new());
    let planted = plant(&ward);
    let found = |state| {
        planted
            .iter()
            .map(move |(kind, subject)| ((kind.clone(), subject.clone()), state))
            .collect::<BTreeMap<_, _>>()
    };
    assert_eq!(ward.examine(false).await, found(State::Open), "nothing is repaired unasked");
    assert_eq!(ward.examine(true).await, found(State::Repaired));
    assert_eq!(ward.examine(true).await, BTreeMap::new());

    let store = ward.store();
    assert_eq!(store.find(draft(4).account).unwrap(), None);
    assert_eq!(store.find(draft(5).account).unwrap().unwrap().standing, DISABLED);
    assert_eq!(ward.auth.record(draft(6).account), Record::Gone);
    assert_eq!(ward.notes.record(draft(5).account), Record::Standing(DISABLED));
    println!("user: {} kinds planted, all found and repaired, the next pass clean", planted.len());
}

#[tokio::test]
async fn the_later_version_of_an_email_and_a_role_holds_for_both() {
    let ward = Ward::new().await;
    let store = ward.store();
    let [ours, theirs] = [1, 2].map(|n| ward.profile(&store, n, Record::Standing(ACTIVE)));
    let other = |profile: &Profile, version| Facts {
        email: format!("other.{}", profile.email),
        role: Role::Admin,
        version,
    };
    ward.auth.heard(ours.account, other(&ours, 0));
    ward.auth.heard(theirs.account, other(&theirs, 3));
    drop(store);
    assert!(ward.examine(true).await.values().all(|state| *state == State::Repaired));
    assert_eq!(ward.examine(true).await, BTreeMap::new());

    let told = ward.auth.facts(ours.account).unwrap();
    assert_eq!((told.email, told.role), (ours.email.to_string(), Role::User), "our own was no older");
    let taken = ward.store().find(theirs.account).unwrap().unwrap();
    assert_eq!(facts(&taken), other(&theirs, 3), "an older copy of ours was put back");
}

#[tokio::test]
async fn a_change_that_nobody_carries_out_is_given_up_unasked() {
    let ward = Ward::new().await;
    let store = ward.store();
    let ada = ward.profile(&store, 1, Record::Standing(ACTIVE));
    let email = Email::parse("new@example.test").unwrap();
    let change = |id: &str, account| Change { id: id.to_owned(), account, email: email.clone() };
    store.plant_change(&change("left", ada.account));
    let ben = ward.profile(&store, 2, Record::Standing(ACTIVE));
    assert!(store.begin(change("begun", ben.account), None).unwrap());
    let doctor = Doctor::new(Arc::clone(&store), ward.auth.peer("auth"), Clock::system());
    let report = doctor.examine(false).await.unwrap();
    let told: Vec<_> = report.findings.iter().map(|finding| (finding.kind.as_str(), finding.state)).collect();
    assert_eq!(told, [("overdueChange", State::Repaired)]);
    let waiting = store.outbox().heads("auth", 9, |_| true);
    assert!(waiting.iter().any(|(_, message)| message.path.ends_with("/release")), "{waiting:?}");
}

#[tokio::test]
async fn a_profile_without_an_account_is_deactivated_and_stays_for_a_person_to_see() {
    let ward = Ward::new().await;
    let ada = ward.profile(&ward.store(), 1, Record::Absent);
    let expected = BTreeMap::from([(("lostAccount".into(), ada.account.to_string()), State::NeedsPerson)]);
    assert_eq!(ward.examine(false).await, expected);
    assert!(ward.store().find(ada.account).unwrap().unwrap().is_active(), "nobody asked for it");
    assert_eq!(ward.examine(true).await, expected);
    assert_eq!(ward.store().find(ada.account).unwrap().unwrap().standing, DISABLED);
    assert_eq!(ward.notes.record(ada.account), Record::Standing(DISABLED));
    assert_eq!(ward.auth.record(ada.account), Record::Absent, "auth would refuse to hear of it");
    assert_eq!(ward.examine(true).await, BTreeMap::new());
}

#[tokio::test]
async fn what_needs_a_person_is_told_and_left_alone() {
    let ward = Ward::new().await;
    let store = ward.store();
    let [shared, damaged] = [1, 2].map(|n| ward.profile(&store, n, Record::Standing(ACTIVE)));
    store.plant_no_claim(&shared.username);
    store.plant_claim(&Profile { username: shared.username.clone(), ..damaged.clone() });
    store.plant_unreadable(&damaged);
    drop(store);
    let person =
        |kind: &str, subject: &AccountId| ((kind.to_owned(), subject.to_string()), State::NeedsPerson);
    let expected = [person("sharedUsername", &shared.account), person("corruptRecord", &damaged.account)];
    assert_eq!(ward.examine(true).await, BTreeMap::from(expected));
}

#[tokio::test]
async fn what_is_under_way_here_or_elsewhere_is_no_fault() {
    let ward = Ward::new().await;
    let store = ward.store();
    let [here, elsewhere] = [1, 2].map(|n| ward.profile(&store, n, Record::Absent));
    drop(store);
    ward.auth.is_busy_with(elsewhere.account, true);
    let doctor = ward.doctor();
    doctor.store.outbox().touch(here.account);
    assert_eq!(doctor.examine(true).await.unwrap().findings, []);
}

#[tokio::test]
async fn auth_may_tell_that_an_account_is_gone_and_everything_goes() {
    let ward = Ward::new().await;
    let store = ward.store();
    let ada = ward.profile(&store, 1, Record::Gone);
    for account in [ada.account, draft(2).account] {
        store.hear(account, Standing::new(Rung::Deleted), None).unwrap();
        store.hear(account, Standing::new(Rung::Deleted), None).unwrap();
    }
    assert_eq!(store.find(ada.account).unwrap(), None);
    assert_eq!(store.usernames(None, 9).unwrap(), Vec::<String>::new());
    drop(store);
    assert_eq!(ward.auth.record(ada.account), Record::Gone);
    ward.auth.knows(draft(2).account, Record::Gone);
    assert_eq!(ward.examine(true).await, BTreeMap::new());
}

/// That `account` is gone, as a message to auth.
fn news(account: AccountId) -> Message {
    Message::standing("auth", account, &Standing::new(Rung::Deleted))
}

/// Has the store send `message` and its receiver refuse it; returns how the doctor calls it.
fn refuse(store: &Store, message: Message) -> String {
    let sequence = store.plant_message(message);
    store.park(sequence, "404: planted".to_owned()).unwrap();
    format!("message {sequence}")
}

#[tokio::test]
async fn a_refused_message_is_told_and_sent_again_when_that_is_asked_for() {
    let (ward, account) = (Ward::new().await, draft(1).account);
    let doctor = ward.doctor();
    let subject = refuse(&doctor.store, news(account));
    let report = doctor.examine(false).await.unwrap();
    let told: Vec<_> = report.findings.into_iter().map(|finding| (finding.subject, finding.state)).collect();
    assert_eq!(told, [(subject.clone(), State::Open)]);
    assert_eq!(doctor.chart().standing()["parkedMessage"], 1);

    let repaired = BTreeMap::from([(("parkedMessage".to_owned(), subject), State::Repaired)]);
    assert_eq!(ward.pass_of(doctor, true).await, repaired);
    assert_eq!((ward.auth.record(account), ward.store().outbox().total()), (Record::Gone, 0));
}

#[tokio::test]
async fn a_message_that_is_refused_again_stays_and_is_told_again() {
    let (ward, account) = (Ward::new().await, draft(1).account);
    let doctor = ward.doctor();
    let nowhere = Message::new("auth", account, "/internal/nowhere".to_owned(), &());
    let subject = refuse(&doctor.store, nowhere);
    let open = BTreeMap::from([(("parkedMessage".to_owned(), subject), State::Open)]);
    assert_eq!(ward.pass_of(doctor, true).await, open);
    assert_eq!(ward.store().outbox().total(), 1);
}

#[tokio::test]
async fn a_refused_message_is_offered_again_after_a_restart() {
    let (ward, account) = (Ward::new().await, draft(1).account);
    refuse(&ward.store(), news(account));
    let store = ward.store();
    assert_eq!((store.outbox().depth("auth"), store.outbox().parked()), (1, vec![]));
}

#[tokio::test]
async fn messages_that_wait_for_more_than_a_minute_are_told() {
    let ward = Ward::new().await;
    let at = |ms| Clock::frozen(Timestamp::from_millis(ms));
    let store = Arc::new(Store::open(ward.dir.path(), at(0), false).unwrap());
    store.plant_message(news(draft(1).account));
    for (ms, expected) in [(60_000, vec![]), (60_001, vec![("oldMessage".to_owned(), State::NeedsPerson)])] {
        let clock = at(ms);
        let doctor = Doctor::new(Arc::clone(&store), ward.auth.peer("auth"), clock);
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
    println!("user: {} kinds of faults, each planted and found", Fault::ALL.len());
}

#[tokio::test]
async fn an_auth_that_does_not_answer_is_told_once_and_hides_no_other_fault() {
    let ward = Ward::new().await;
    let store = ward.store();
    let ada = ward.profile(&store, 1, Record::Standing(ACTIVE));
    store.plant_no_claim(&ada.username);
    drop(store);
    let nobody = neighbour::peer("auth", "http://127.0.0.1:1".parse().unwrap());
    let doctor = Doctor::new(ward.store(), nobody, Clock::system());
    let report = doctor.examine(false).await.unwrap();
    let kinds: Vec<_> = report.findings.iter().map(|finding| finding.kind.as_str()).collect();
    assert_eq!(kinds, ["unclaimedUsername", "notCompared"]);
}
