//! A full disk: what would have to be written is refused, what is there is told, and all goes on once there is room.
//!
//! Each service keeps its data on a disk of its own, a few megabytes of memory in a namespace; the proof fills it from
//! outside.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tokio::time::Instant;

use crate::kit::actor::{PASSWORD, token_of};
use crate::kit::command::{run, satchel};
use crate::kit::process::Process;
use crate::kit::world::address;
use crate::kit::{Actor, Answer, Setup, Times, mail, mounts, proof, wait};

/// Services that keep something.
const STORES: [&str; 3] = ["auth", "user", "notes"];
/// The size of each disk.
const DISK: &str = "24m";
/// Writes that a full disk may still take: what is left of blocks that are in use already.
const LAST_WRITES_MAX: u32 = 400;
/// How soon everything is written again once there is room (PROMISES.md F1).
const AGAIN_WITHIN: Duration = Duration::from_secs(5);

#[test]
fn a_full_disk_refuses_writes_tells_what_is_there_and_takes_writes_again_once_there_is_room() {
    if !mounts::are_possible() {
        return;
    }
    let mut ship = Ship::launch();
    let mut again = Times::default();
    let rounds = proof::size(1, 5);
    for _ in 0..rounds {
        for full in [&["notes"][..], &["auth"], &["user"], &STORES] {
            for store in full {
                ship.fill(store);
            }
            ship.writes_are_refused(full);
            ship.reads_go_on();
            for store in full {
                ship.empty(store);
            }
            again.add(ship.takes_writes_again());
            ship.reads_go_on();
        }
    }
    let mut doctor = satchel(["doctor", "--json"]);
    let doctor =
        run(doctor.arg("--data-dir").arg(&ship.data).env("JWT_SECRET", Setup::ci().secret())).expect(0);
    assert!(doctor.stdout.contains("\"clean\":true"), "{doctor:?}");
    assert!(ship.process.terminate().success());
    let log = ship.process.stderr();
    assert!(!log.contains("panicked"), "{log}");
    let Ship { refused, notes, .. } = &ship;
    println!(
        "full disks: {} of them, {refused} writes refused, {} notes acknowledged and all there, writes again {again}",
        rounds * 6,
        notes.len()
    );
    assert!(again.max() <= AGAIN_WITHIN, "{again}");
}

/// A world whose services have small disks.
struct Ship {
    process: Process,
    /// The data directory as the process sees it.
    data: PathBuf,
    person: Actor,
    people: u32,
    /// Acknowledged notes by id.
    notes: BTreeMap<String, String>,
    refused: u32,
    _place: TempDir,
}

impl Ship {
    fn launch() -> Self {
        let place = tempfile::tempdir().unwrap();
        let data = place.path().join("data");
        let mut script = "true".to_owned();
        for store in STORES {
            let path = data.join(store);
            fs::create_dir_all(&path).unwrap();
            write!(script, " && mount -t tmpfs -o size={DISK},mode=0700 none {}", path.display()).unwrap();
        }
        let mut command = Setup::ci().command(&data);
        command.args(["--ports", "auto"]);
        let mut process = Process::spawn(&mut mounts::with(&script, &command), place.path().join("log"));
        let ready = process.ready().expect("a ready world");
        let person = Actor::anon(address(&ready, "gateway").expect("a URL")).register("captain");
        let seen = Path::new("/proc").join(process.pid().to_string()).join("root");
        let data = seen.join(data.strip_prefix("/").unwrap());
        let mut ship =
            Self { process, data, person, people: 0, notes: BTreeMap::new(), refused: 0, _place: place };
        assert_eq!(ship.note().status, 201);
        ship
    }

    fn filler(&self, store: &str) -> PathBuf {
        self.data.join(store).join("filler")
    }

    /// Leaves no byte on the disk of `store`.
    fn fill(&self, store: &str) {
        let mut file = File::create(self.filler(store)).unwrap();
        for bytes in [1 << 20, 4_096, 1] {
            let block = vec![b'x'; bytes];
            while file.write_all(&block).is_ok() {}
        }
    }

    fn empty(&self, store: &str) {
        fs::remove_file(self.filler(store)).unwrap();
    }

    /// Writes a note, and keeps it in mind if it was taken.
    fn note(&mut self) -> Answer {
        let content = format!("{}{}", "Fracht ".repeat(300), self.notes.len());
        let answer = self.person.post("/api/notes", &json!({"content": content}));
        if answer.status == 201 {
            let id = answer.json()["data"]["note"]["id"].as_str().expect("an id").to_owned();
            self.notes.insert(id, content);
        }
        answer
    }

    fn register(&mut self) -> Answer {
        self.people += 1;
        let name = format!("sailor{}", self.people);
        let body = json!({"email": format!("{name}@example.test"), "password": PASSWORD, "username": name});
        Actor::anon(self.person.door()).post("/api/auth/register", &body)
    }

    fn change_bio(&self) -> Answer {
        self.person.patch("/api/users/update-me", &json!({"bio": "At sea. ".repeat(20)}))
    }

    /// One write to each of the stores that are `full` comes to an end, after some for which there was room.
    fn writes_are_refused(&mut self, full: &[&str]) {
        for store in full {
            let refusal = (0..LAST_WRITES_MAX).find_map(|_| {
                let answer = match *store {
                    "notes" => self.note(),
                    "auth" => self.register(),
                    _ => self.change_bio(),
                };
                (answer.status >= 300).then_some(answer)
            });
            let refusal = refusal.unwrap_or_else(|| panic!("{store} takes writes for ever")).expect(503);
            assert_eq!(refusal.json()["status"], "fail", "{refusal}");
            assert!(refusal.header("retry-after").is_some(), "{refusal}");
            self.refused += 1;
        }
        // Whatever else is asked now: it succeeds or is refused in good order.
        for _ in 0..5 {
            let forgot = json!({"email": self.person.email});
            let asked = Actor::anon(self.person.door()).post("/api/auth/forgot-password", &forgot);
            for answer in [self.note(), self.register(), self.change_bio(), asked] {
                assert!(matches!(answer.status, 200 | 201 | 503), "{answer}");
                self.refused += u32::from(answer.status == 503);
            }
        }
    }

    /// Everything that was acknowledged is told as ever.
    fn reads_go_on(&self) {
        let person = &self.person;
        person.get("/api/users/me").expect(200);
        person.get("/api/notes/search?q=fracht").expect(200);
        person.get("/api/notes?search=fracht").expect(200);
        let list = person.get("/api/notes?limit=1").expect(200).json();
        assert!(list["data"]["pagination"]["total"].as_u64().unwrap() >= self.notes.len() as u64);
        for (id, content) in &self.notes {
            let note = person.get(&format!("/api/notes/{id}")).expect(200).json();
            assert_eq!(note["data"]["note"]["content"], **content, "{id}");
        }
        person.try_log_in(PASSWORD).expect(200);
    }

    /// How long it takes until every store is written again.
    fn takes_writes_again(&mut self) -> Duration {
        let emptied = Instant::now();
        wait::until("every store takes writes again", AGAIN_WITHIN * 4, || {
            let registered = self.register();
            let is_whole = registered.status == 201 && {
                let newcomer = self.person.with_token(&token_of(&registered));
                newcomer.get("/api/users/me").status == 200
            };
            is_whole && self.note().status == 201 && self.change_bio().status == 200
        });
        let again = emptied.elapsed();
        self.mails_arrive();
        again
    }

    fn mails_arrive(&self) {
        let newest = || mail::newest(&self.data, &self.person.email);
        let (before, body) = (newest(), json!({"email": self.person.email}));
        Actor::anon(self.person.door()).post("/api/auth/forgot-password", &body).expect(200);
        wait::until("a mail arrives", AGAIN_WITHIN, || newest() != before);
    }
}
