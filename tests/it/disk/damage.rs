//! Damaged files: a byte flipped or the end cut off at random places of every kind of file. The start is refused, or
//! what is told is right, or it is refused, or reported; nothing is wrong without a word.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use tempfile::TempDir;

use super::truth::Truth;
use crate::kit::process::NotReady;
use crate::kit::{Actor, Gauges, Setup, Site, World, proof, wait};

/// The kinds of files, by the names that they have in a data directory; `*` stands for anything.
const KINDS: [(&str, &str); 15] = [
    ("the notes", "notes/notes.db"),
    ("the log of notes", "notes/notes.db-wal"),
    ("the history of notes", "notes/history"),
    ("the search index", "notes/index/*"),
    ("a table of auth", "auth/db/*.sst"),
    ("the log of auth", "auth/db/*.log"),
    ("the manifest of auth", "auth/db/MANIFEST-*"),
    ("the pointer of auth", "auth/db/CURRENT"),
    ("the options of auth", "auth/db/OPTIONS-*"),
    ("the history of auth", "auth/history"),
    ("a mail", "auth/mailbox/*"),
    ("a table of user", "user/db/*.sst"),
    ("the log of user", "user/db/*.log"),
    ("the manifest of user", "user/db/MANIFEST-*"),
    ("the history of user", "user/history"),
];
/// Notes of each person: enough for SQLite to take most pages from its log to the database.
const NOTES: usize = 140;
/// The doctor looks right after the start; a minute is when damage must have been found (PROMISES.md F3).
const FOUND_WITHIN: Duration = Duration::from_mins(1);

#[test]
fn no_damage_to_any_file_is_served_without_a_word() {
    let world = Damaged::furnish();
    let mut draws = ChaCha8Rng::seed_from_u64(3);
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    let each = proof::size(1, 200);
    for (kind, pattern) in KINDS {
        let mut of_kind: BTreeMap<&str, u32> = BTreeMap::new();
        for _ in 0..each {
            let (what, outcome) = world.damaged(pattern, &mut draws);
            let outcome = outcome.unwrap_or_else(|complaint| panic!("{kind}, {what}: {complaint}"));
            *of_kind.entry(outcome).or_default() += 1;
            *counts.entry(outcome).or_default() += 1;
        }
        println!("{kind}: {of_kind:?}");
    }
    println!("damages: {} of {} kinds of files, {counts:?}", each as usize * KINDS.len(), KINDS.len());
}

/// A data directory as a killed world left it, and what that world told.
struct Damaged {
    place: Arc<TempDir>,
    truth: Truth,
}

impl Damaged {
    /// Writes some of everything, before and after a restart, so that it lies in tables and logs.
    fn furnish() -> Self {
        let place = Arc::new(tempfile::tempdir().unwrap());
        let mut world = World::start_in(&Setup::ci(), Arc::clone(&place));
        let mut people = ["anna", "boris"].map(|name| world.register(name));
        let admin = world.admin();
        for from in [0, NOTES / 2] {
            for person in &people {
                write_notes(person, from);
            }
            // A stop takes everything from the logs to the tables, so that damage to them meets what is read.
            world.stop();
            world = world.restart();
            people = people.map(|person| person.at(world.doors().gateway));
        }
        let admin = admin.at(world.doors().gateway);
        people[0].note("The last one, in the log.");
        people[0].patch("/api/users/update-me", &json!({"bio": "By the sea."})).expect(200);
        people[1].post("/api/auth/forgot-password", &json!({"email": people[1].email})).expect(200);
        world.reset_token(&people[1]);
        is_indexed(&world);
        let [anna, boris] = people;
        let truth = Truth::of(&[anna, boris, admin.clone()], &admin);
        world.kill();
        Self { place, truth }
    }

    /// Damages a file of a copy, starts a world on it and compares; tells what was damaged and how it went.
    fn damaged(&self, pattern: &str, draws: &mut ChaCha8Rng) -> (String, Result<&'static str, String>) {
        let place = Arc::new(tempfile::tempdir().unwrap());
        copy(&self.place.path().join("data"), &place.path().join("data"));
        let what = damage(&place.path().join("data"), pattern, draws);
        let outcome = match World::try_start_in(&Setup::ci(), Arc::clone(&place)) {
            Err(refusal) => is_clean(&refusal).map(|()| "start refused"),
            Ok(world) => self.compare(&world),
        };
        (what, outcome)
    }

    fn compare(&self, world: &World) -> Result<&'static str, String> {
        let found = findings(world)?;
        let told = self.truth.hold_against(world.doors().gateway);
        let is_reported = found > 0 || world.log().contains("LOST ITS END");
        let odd = self.truth.try_writes(world.doors().gateway);
        if !odd.is_empty() || has_panicked(&world.log()) {
            return Err(format!("odd answers to writes: {odd:?}\n{}", world.log()));
        }
        match (told.wrong.first(), told.refused) {
            (None, 0) => Ok("all right"),
            (None, _) => Ok("refused in part"),
            (Some(_), _) if is_reported => Ok("reported"),
            (Some(wrong), _) => Err(format!("{} answers are wrong: {wrong}", told.wrong.len())),
        }
    }
}

fn write_notes(person: &Actor, from: usize) {
    for number in from..from + NOTES / 2 {
        let tags = ["harbour", "hall", "weather"];
        let note = json!({
            "title": format!("Harbour {number}"),
            "content": format!("The anchor and the rope number {number}. {}", "Waves. ".repeat(number)),
            "tags": &tags[..number % 4], "isArchived": number % 5 == 0, "isPinned": number % 7 == 0,
        });
        person.post("/api/notes", &note).expect(201);
    }
}

/// Waits until the search index has everything and nothing waits for delivery.
fn is_indexed(site: &Site) {
    wait::until("the index has all notes", FOUND_WITHIN, || {
        let gauges = Gauges::read(site.doors().notes);
        gauges.of("satchel_index_lag") == Some(0.0) && gauges.of("satchel_index_progress") == Some(100.0)
    });
}

/// How much the doctors found in their first pass after the start.
fn findings(world: &World) -> Result<usize, String> {
    let doors = world.doors();
    let mut found = 0;
    for door in [doors.auth, doors.user, doors.notes] {
        let standing = || {
            let answer = Actor::anon(door).get("/metrics");
            // A service that cannot read its own records says so.
            (answer.status == 503).then_some(1).or_else(|| {
                let gauges = Gauges::read(door);
                let counts: Vec<f64> = gauges.named(&["satchel_doctor_findings"]).map(|(_, n)| n).collect();
                (!counts.is_empty()).then(|| counts.iter().filter(|count| **count > 0.0).count())
            })
        };
        found += wait::poll(FOUND_WITHIN, standing)
            .map_err(|looks| format!("no pass of the doctor at {door} ({looks} looks)\n{}", world.log()))?;
    }
    Ok(found)
}

/// Whether anything panicked but the indexer: tantivy does when it reads damaged files, which is caught, and the index is
/// built again.
fn has_panicked(log: &str) -> bool {
    let mut panics = log.lines().filter(|line| line.contains("panicked at"));
    panics.any(|line| !line.contains("thread 'notes indexer'"))
}

/// Whether a start was refused as it should be: exit code 1 and one complaint that says why.
fn is_clean(refusal: &NotReady) -> Result<(), String> {
    let NotReady { status, stderr } = refusal;
    let complaints = stderr.lines().filter(|line| line.starts_with("satchel: ")).count();
    let is_clean =
        status.and_then(|status| status.code()) == Some(1) && complaints == 1 && !has_panicked(stderr);
    if is_clean { Ok(()) } else { Err(format!("the start ended with {status:?}\n{stderr}")) }
}

/// Flips a byte of a file that `pattern` fits, or cuts the file; tells which and where.
fn damage(data: &Path, pattern: &str, draws: &mut ChaCha8Rng) -> String {
    let (folder, name) = pattern.rsplit_once('/').unwrap();
    let (begin, end) = name.split_once('*').unwrap_or((name, name));
    let fits = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with(begin) && name.ends_with(end) && fs::metadata(path).unwrap().len() > 0
    };
    let mut files: Vec<_> =
        fs::read_dir(data.join(folder)).unwrap().map(|file| file.unwrap().path()).filter(fits).collect();
    files.sort();
    assert!(!files.is_empty(), "nothing like {pattern}");
    let file = &files[draws.random_range(0..files.len())];
    let mut content = fs::read(file).unwrap();
    let at = draws.random_range(0..content.len());
    let cut = draws.random_range(0..4) == 0;
    if cut {
        content.truncate(at);
    } else {
        content[at] ^= 1 << draws.random_range(0..8);
    }
    let bytes = content.len();
    fs::write(file, content).unwrap();
    let how = if cut { "cut at" } else { "byte flipped at" };
    format!("{} {how} {at} of {bytes}", file.strip_prefix(data).unwrap().display())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
