//! Planted faults of every kind at notes: each is found, repaired as far as it can be, and not found again.

mod neighbour;

use std::collections::BTreeMap;
use std::time::Duration;

use chassis::audit::Record;
use chassis::clock::Timestamp;
use chassis::doctor::State;
use chassis::entropy::Entropy;
use chassis::id::AccountId;
use chassis::page::Page;
use chassis::standing::{Rung, Standing};
use tempfile::TempDir;

use self::neighbour::Neighbour;
use super::*;
use crate::listing::Listing;
use crate::note::{Draft, Note, NoteId, Text, Title};
use crate::search::Index;
use crate::store::{Store, StoreError};

const ACTIVE: Standing = Standing::new(Rung::Active);
const NOTES_OF_EACH: usize = 3;

/// The data of notes, and the services that its doctor asks.
struct Ward {
    _dir: TempDir,
    data: Data,
    auth: Neighbour,
    user: Neighbour,
}

impl Ward {
    async fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let store = Arc::new(Store::open(dir.path(), 4, false).unwrap());
        let index = Arc::new(Index::open(dir.path(), Arc::clone(&store)));
        Self {
            _dir: dir,
            data: Data { index, store },
            auth: Neighbour::start().await,
            user: Neighbour::start().await,
        }
    }

    /// What a pass finds: kind and subject, and what became of it.
    async fn examine(&self, fix: bool) -> BTreeMap<(String, String), State> {
        let doctor = Doctor::new(self.data.clone(), self.auth.peer("auth"), self.user.peer("user"));
        let report = doctor.examine(fix).await.unwrap();
        let told =
            report.findings.into_iter().map(|finding| ((finding.kind, finding.subject), finding.state));
        told.collect()
    }

    /// An author with some notes; auth says `record` of the account.
    fn author(&self, n: u8, record: Record) -> AccountId {
        let account = AccountId::from_bytes([n; 12]);
        self.auth.knows(account, record);
        let ids = Entropy::seeded(n.into()).stream("notes", "note id");
        self.data
            .store
            .change::<_, StoreError, _>("author", move |notes| {
                notes.raise(account, ACTIVE)?;
                for number in 0..NOTES_OF_EACH {
                    let note =
                        Note::new(NoteId::random(&ids), account, draft(number), Timestamp::from_millis(0));
                    notes.insert(&note)?;
                }
                Ok(())
            })
            .unwrap();
        account
    }

    /// Returns when the index has all notes.
    async fn indexed(&self) {
        let Data { index, store } = &self.data;
        let is_indexed = || {
            let gauges = store.view::<_, StoreError>(|notes| index.gauges(notes)).unwrap();
            gauges.percent == 100 && gauges.lag == 0
        };
        let wait = async {
            while !is_indexed() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), wait).await.expect("the index has all notes in time");
    }

    fn standing(&self, account: AccountId) -> Option<Standing> {
        self.data.store.view::<_, StoreError>(|notes| notes.standing(account)).unwrap()
    }

    /// The tags of `account` with their counts.
    fn tags(&self, account: AccountId) -> Vec<(String, u64)> {
        self.data.store.view::<_, StoreError>(|notes| notes.tags(account, false, 10)).unwrap()
    }

    /// How many notes of `account` are found under the tag `t`, and their total.
    fn tagged(&self, account: AccountId) -> (usize, u64) {
        let listing = Listing {
            page: Page::new(1, 100),
            is_archived: false,
            tag: Text::new("t".to_owned()),
            search: None,
        };
        let listed = self.data.store.view::<_, StoreError>(|notes| notes.page(account, &listing)).unwrap();
        (listed.notes.len(), listed.total)
    }
}

fn draft(number: usize) -> Draft {
    let text = |text: &str| Text::new(text.to_owned()).unwrap();
    Draft {
        title: Title::default(),
        content: text("c"),
        tags: vec![text("t"), text(&format!("ü\"{number}")), text("t")],
        is_pinned: false,
        is_archived: false,
        background_color: Draft::default_background(),
    }
}

#[tokio::test]
async fn every_planted_fault_is_found_and_repaired_and_the_next_pass_is_clean() {
    let ward = Ward::new().await;
    let alive = Record::Standing(ACTIVE);
    let [counts, tags, left_over] = [1, 2, 3].map(|n| ward.author(n, alive));
    let [deleted, healthy] = [ward.author(4, alive), ward.author(5, alive)];
    let [miscounted, no_grams, old_grams] = [6, 7, 8].map(|n| ward.author(n, alive));
    assert_eq!(ward.examine(false).await, BTreeMap::new());

    ward.data.store.plant("UPDATE author SET active = 7, archived = 1 WHERE number = 1");
    ward.data.store.plant("DELETE FROM tag WHERE author = 2 AND tag = 't'");
    ward.data.store.plant("UPDATE tag SET tag = 'other' WHERE author = 3 AND tag = 't'");
    ward.data.store.plant("UPDATE label SET notes = 7 WHERE author = 6 AND tag = 't'");
    ward.data.store.plant("UPDATE author SET filled = 2 WHERE number = 7");
    ward.data.store.plant("INSERT INTO gram (rowid, text) VALUES ((8 << 32) + 9, 'nobody wrote this')");
    ward.auth.knows(deleted, Record::Gone);
    let planted = [
        ("differingCounts", counts.to_string()),
        ("differingTags", tags.to_string()),
        ("differingTags", left_over.to_string()),
        ("differingTags", miscounted.to_string()),
        ("differingTrigrams", no_grams.to_string()),
        ("differingTrigrams", old_grams.to_string()),
        ("undeletedNotes", deleted.to_string()),
    ];
    let found = |state| {
        planted
            .iter()
            .map(|(kind, subject)| (((*kind).to_owned(), subject.clone()), state))
            .collect::<BTreeMap<_, _>>()
    };
    assert_eq!(ward.examine(false).await, found(State::Open), "nothing is repaired unasked");
    assert_eq!(ward.examine(true).await, found(State::Repaired));
    assert_eq!(ward.examine(true).await, BTreeMap::new());

    for account in [counts, tags, left_over, healthy] {
        assert_eq!(ward.tagged(account), (NOTES_OF_EACH, NOTES_OF_EACH as u64));
    }
    assert_eq!(ward.tagged(deleted), (0, 0));
    assert_eq!(ward.tags(miscounted).first(), Some(&("t".to_owned(), NOTES_OF_EACH as u64)));
    assert_eq!(ward.standing(deleted).map(|standing| standing.rung), Some(Rung::Deleted));
    println!("notes: 7 faults of 4 kinds planted, all found and repaired, the next pass clean");
}

#[tokio::test]
async fn an_index_that_lost_its_entries_is_built_again() {
    let ward = Ward::new().await;
    let ada = ward.author(1, Record::Standing(ACTIVE));
    // An index over part of the table in the place of the real one, as damage would leave it.
    ward.data.store.plant(
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = 'CREATE INDEX note_in_order ON note (author, archived, pinned DESC, updated DESC, id, title) WHERE 0'
         WHERE name = 'note_in_order';
         PRAGMA writable_schema = RESET;
         REINDEX note_in_order;
         PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = 'CREATE INDEX note_in_order ON note (author, archived, pinned DESC, updated DESC, id, title)'
         WHERE name = 'note_in_order';
         PRAGMA writable_schema = RESET;",
    );
    let repaired = (("damagedFile".to_owned(), "notes.db".to_owned()), State::Repaired);
    let found = BTreeMap::from([((repaired.0).clone(), State::Open)]);
    assert_eq!(ward.examine(false).await, found);
    assert!(ward.data.store.is_damaged(), "nothing is answered from it");
    assert_eq!(ward.examine(true).await, BTreeMap::from([repaired]));
    assert!(!ward.data.store.is_damaged());
    assert_eq!(ward.examine(true).await, BTreeMap::new());
    assert_eq!(ward.tagged(ada), (NOTES_OF_EACH, NOTES_OF_EACH as u64));
}

#[tokio::test]
async fn a_note_that_is_not_as_it_was_written_is_told_and_its_neighbours_are_served() {
    let ward = Ward::new().await;
    let ben = ward.author(2, Record::Standing(ACTIVE));
    ward.author(1, Record::Standing(ACTIVE));
    ward.data.store.plant("UPDATE note SET background = 'x' WHERE number = (2 << 32) + 1");
    let damaged = ward.data.store.view::<_, StoreError>(|notes| notes.damaged_notes(9)).unwrap();
    let told = (("damagedNote".to_owned(), damaged[0].to_string()), State::NeedsPerson);
    for fix in [false, true] {
        assert_eq!(ward.examine(fix).await, BTreeMap::from([told.clone()]));
    }
    assert!(!ward.data.store.is_damaged());
    assert_eq!(ward.tagged(ben), (NOTES_OF_EACH, NOTES_OF_EACH as u64));
}

#[tokio::test]
async fn a_search_index_with_other_notes_is_built_again_unasked() {
    let ward = Ward::new().await;
    ward.author(1, Record::Standing(ACTIVE));
    ward.indexed().await;
    assert_eq!(ward.examine(false).await, BTreeMap::new());
    ward.data.store.plant("UPDATE note SET number = number + 9; UPDATE tag SET note = note + 9");
    let repaired = (("differingIndex".to_owned(), "index".to_owned()), State::Repaired);
    assert_eq!(ward.examine(false).await, BTreeMap::from([repaired]));
    ward.indexed().await;
    assert_eq!(ward.examine(true).await, BTreeMap::new());
}

#[tokio::test]
async fn what_needs_a_person_is_told_and_no_note_is_lost() {
    let ward = Ward::new().await;
    let unknown = ward.author(1, Record::Absent);
    ward.author(2, Record::Standing(ACTIVE));
    ward.data.store.plant("DELETE FROM author WHERE number = 2");
    let person = |kind: &str, subject: String| ((kind.to_owned(), subject), State::NeedsPerson);
    let authorless = person("authorlessNotes", "author 2".to_owned());
    let both = BTreeMap::from([person("unknownAuthor", unknown.to_string()), authorless.clone()]);
    assert_eq!(ward.examine(false).await, both);
    assert_eq!(ward.standing(unknown), Some(ACTIVE), "nobody asked for it");
    assert_eq!(ward.examine(true).await, both);
    assert_eq!(ward.standing(unknown), Some(Standing::new(Rung::Disabled)));
    assert_eq!(ward.tagged(unknown).1, NOTES_OF_EACH as u64);
    assert_eq!(ward.examine(true).await, BTreeMap::from([authorless]));
}

#[tokio::test]
async fn what_is_under_way_elsewhere_is_no_fault() {
    let ward = Ward::new().await;
    let ada = ward.author(1, Record::Gone);
    ward.user.is_busy_with(ada, true);
    assert_eq!(ward.examine(true).await, BTreeMap::new());
    assert_eq!(ward.standing(ada), Some(ACTIVE));
}

#[tokio::test]
async fn services_that_do_not_answer_are_told_once_each_and_hide_no_other_fault() {
    let ward = Ward::new().await;
    let ada = ward.author(1, Record::Standing(ACTIVE));
    ward.data.store.plant("UPDATE author SET active = 7 WHERE number = 1");
    let nobody = |name| neighbour::peer(name, "http://127.0.0.1:1".parse().unwrap());
    let doctor = Doctor::new(ward.data.clone(), nobody("auth"), nobody("user"));
    let report = doctor.examine(false).await.unwrap();
    let told: Vec<_> = report.findings.into_iter().map(|finding| (finding.kind, finding.subject)).collect();
    let expected = [
        ("differingCounts", ada.to_string()),
        ("notCompared", "auth".to_owned()),
        ("notCompared", "user".to_owned()),
    ];
    assert_eq!(told, expected.map(|(kind, subject)| (kind.to_owned(), subject)));
    assert_eq!(doctor.chart().standing()["notCompared"], 2);
}

#[test]
fn every_kind_of_fault_is_planted_by_some_test_here() {
    let whole = Fault::ALL.iter().enumerate().all(|(at, fault)| *fault as usize == at);
    assert!(whole && Fault::ALL.last() == Some(&Fault::NotCompared), "Fault::ALL lists every kind in order");
    for kind in Fault::ALL.map(Fault::kind) {
        let name = format!("\"{}\"", kind.name);
        assert!(include_str!("tests.rs").contains(&name), "{name} is planted nowhere in these tests");
    }
    println!("notes: {} kinds of faults, each planted and found", Fault::ALL.len());
}
