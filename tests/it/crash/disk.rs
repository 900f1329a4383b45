//! The n-th failure of a disk: an operation succeeds or answers 5xx, and it is whole or absent when the disk works
//! again, with or without a restart.
//!
//! `strace` makes the n-th sync or write of one service's database fail, for n = 1.. until the operation passes
//! without a failure (PROMISES.md D3). The engines are the real ones.

use std::fs;
use std::path::PathBuf;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use tokio::time::Instant;

use super::account::{Account, Name};
use super::asker::{AGREED_WITHIN, Asker, Spot};
use super::kind::Kind;
use super::ledger::Counts;
use super::quiet;
use super::sky::Sky;
use crate::kit::actor::{PASSWORD, token_of};
use crate::kit::split::SERVICES;
use crate::kit::strace::{self, Strace};
use crate::kit::{Actor, Setup, Split, Times, proof, wait};

/// The kinds that write.
const WRITES: [Kind; 15] = [
    Kind::Register,
    Kind::ChangePassword,
    Kind::ResetPassword,
    Kind::ChangeBio,
    Kind::ChangeUsername,
    Kind::Leave,
    Kind::Deactivate,
    Kind::Reactivate,
    Kind::Erase,
    Kind::ChangeRole,
    Kind::ChangeEmail,
    Kind::CreateNote,
    Kind::ChangeNote,
    Kind::ArchiveNote,
    Kind::DeleteNote,
];
/// The services that have a disk.
const STORES: [&str; 3] = ["auth", "user", "notes"];
/// More writes than any operation makes: beyond it the counting itself is wrong.
const CALLS_MAX: u32 = 64;

/// What fails: the calls, and how.
struct Failure {
    name: &'static str,
    calls: &'static str,
    error: &'static str,
    /// `+` when all later calls fail too, until the operation was answered.
    on: &'static str,
    /// Whether only the log that makes commits durable is meant: other files and sockets take the same calls.
    is_of_the_log: bool,
    /// Which third of all pairs of a store and a kind is tried on every change.
    share: usize,
}

const SYNC: Failure = Failure {
    name: "a sync fails",
    calls: "fdatasync,fsync",
    error: "EIO",
    on: "",
    is_of_the_log: false,
    share: 0,
};
const SYNCS: Failure = Failure { name: "all syncs fail", on: "+", share: 1, ..SYNC };
const SPACE: Failure = Failure {
    name: "no space is left",
    calls: "write,pwrite64",
    error: "ENOSPC",
    on: "+",
    is_of_the_log: true,
    share: 1,
};
const WRITE: Failure = Failure { name: "a write fails", error: "EIO", on: "", share: 2, ..SPACE };

impl Failure {
    fn is_tried(&self, pair: usize) -> bool {
        proof::size(0, 1) == 1 || (pair + self.share).is_multiple_of(3)
    }
}

#[test]
fn every_operation_is_whole_or_absent_when_a_sync_fails() {
    every_operation_is_whole_or_absent(&SYNC);
}

#[test]
fn every_operation_is_whole_or_absent_when_all_syncs_fail_for_a_while() {
    every_operation_is_whole_or_absent(&SYNCS);
}

#[test]
fn every_operation_is_whole_or_absent_when_a_write_fails() {
    every_operation_is_whole_or_absent(&WRITE);
}

#[test]
fn every_operation_is_whole_or_absent_when_no_space_is_left() {
    every_operation_is_whole_or_absent(&SPACE);
}

fn every_operation_is_whole_or_absent(failure: &Failure) {
    if strace::is_forbidden() {
        return;
    }
    let split = Split::start(&Setup::ci());
    let admin = split.admin();
    let draws = ChaCha8Rng::seed_from_u64(1);
    let mut disk = Disk { split, admin, draws, begun: 0, injected: 0, healed: Times::default() };
    let mut counts = Counts::default();
    let rounds = proof::size(1, 10) as usize;
    for (at, store) in STORES.repeat(rounds).into_iter().enumerate() {
        for (_, kind) in WRITES.iter().enumerate().filter(|(kind, _)| failure.is_tried(at + kind)) {
            let passed = (1..CALLS_MAX).find(|n| {
                let outcome = disk.fail(failure, store, *kind, *n);
                let (found, failed) =
                    outcome.unwrap_or_else(|error| panic!("{}, {store}, {kind}, {n}: {error}", failure.name));
                counts.add(&found);
                !failed
            });
            let passed = passed.unwrap_or_else(|| panic!("{kind} never passes"));
            println!("{}, {store}, {kind}: {} failures, then it passes", failure.name, passed - 1);
        }
    }
    disk.comes_to_rest();
    let Disk { injected, healed, .. } = disk;
    println!("{}: {injected} failures, {counts}; writes again {healed}; nothing half there", failure.name);
    assert!(injected > 0, "nothing ever failed");
}

/// A world in four processes, one of which has a failing disk now and then.
struct Disk {
    split: Split,
    admin: Actor,
    draws: ChaCha8Rng,
    begun: u32,
    injected: u32,
    /// How long it took without a restart until everything took writes again.
    healed: Times,
}

impl Disk {
    /// Does one operation of `kind` while the `n`th call of `failure` fails at `store`, perhaps kills that
    /// service, and compares; tells what was counted and whether anything failed.
    fn fail(
        &mut self,
        failure: &Failure,
        store: &'static str,
        kind: Kind,
        n: u32,
    ) -> Result<(Counts, bool), String> {
        let (mut account, mut counts) = (self.newcomer(&[]), Counts::default());
        self.ask(&mut counts, |asker| prepare(&mut account, kind, asker))?;
        let tracer = self.inject(failure, store, n);
        self.ask(&mut counts, |asker| {
            asker.sky.darken();
            account.perform(kind, asker)
        })?;
        let failed = tracer.detach().contains("(INJECTED)");
        self.injected += u32::from(failed);
        // It goes on by itself, or is killed and comes back: either way nothing is half there.
        if self.draws.random() {
            self.split.kill(store);
            self.split.bring_back(&[store]);
        } else {
            self.takes_writes_again();
        }
        self.ask(&mut counts, |asker| account.check(asker))?;
        let released = account.release();
        if !released.is_empty() {
            let mut heir = self.newcomer(&released);
            self.ask(&mut counts, |asker| {
                heir.inherit(asker)?;
                heir.check(asker)
            })?;
        }
        Ok((counts, failed))
    }

    /// Every store takes writes as soon as the disk works again, without a restart.
    fn takes_writes_again(&mut self) {
        let (healed, anon) = (Instant::now(), self.split.anon());
        wait::until("every store takes writes again", AGREED_WITHIN, || {
            let name = self.split.fresh_name();
            let body = json!({"email": format!("{name}@example.test"), "password": PASSWORD});
            let registered = anon.post("/api/auth/register", &body);
            let noted = || {
                let note = json!({"content": "Taken."});
                anon.with_token(&token_of(&registered)).post("/api/notes", &note).status == 201
            };
            registered.status == 201 && noted()
        });
        self.healed.add(healed.elapsed());
    }

    /// In the end nothing waits and nothing is half there, also to those who look at the files alone.
    fn comes_to_rest(&mut self) {
        quiet::comes_to_rest(&self.split);
        for name in SERVICES {
            self.split.take_away(name);
        }
        quiet::is_healthy(&self.split);
    }

    fn newcomer(&mut self, names: &[Name]) -> Account {
        self.begun += 1;
        let name = format!("disk.{}", self.begun);
        Account::heir(self.split.doors().gateway, name, names)
    }

    /// Asks in a round of its own.
    fn ask(
        &mut self,
        counts: &mut Counts,
        work: impl FnOnce(&mut Asker<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        let doors = self.split.doors();
        let (admin, data) = (self.admin.at(doors.gateway), self.split.data().to_owned());
        let (spot, sky) = (Spot { doors, data, admin, ready_at: Instant::now() }, Sky::default());
        let mut asker = Asker::new(&spot, &sky, &mut self.draws);
        let done = work(&mut asker);
        counts.add(&asker.counts);
        done
    }

    /// Has the `n`th of the calls of each thread of the service fail.
    fn inject(&self, failure: &Failure, store: &str, n: u32) -> Strace {
        let Failure { calls, error, on, .. } = failure;
        let trace = format!("trace={calls}");
        let inject = format!("inject={calls}:error={error}:when={n}{on}");
        let log = self.log_of(store);
        let mut arguments = vec!["-e", &trace, "-e", &inject];
        if failure.is_of_the_log {
            arguments.extend(["-P", log.to_str().unwrap()]);
        }
        let output = self.split.data().with_file_name("trace");
        Strace::attach(self.split.pid(store), &output, &arguments)
    }

    /// The file in which the service's commits become durable.
    fn log_of(&self, store: &str) -> PathBuf {
        let folder = self.split.data().join(store);
        if store == "notes" {
            return folder.join("notes.db-wal");
        }
        let files = fs::read_dir(folder.join("db")).unwrap().map(|file| file.unwrap().path());
        let logs = files.filter(|file| file.extension().is_some_and(|extension| extension == "log"));
        logs.max().expect("a log")
    }
}

/// Makes everything that an operation of `kind` needs.
fn prepare(account: &mut Account, kind: Kind, asker: &mut Asker<'_>) -> Result<(), String> {
    if kind == Kind::Register {
        return Ok(());
    }
    account.perform(Kind::Register, asker)?;
    account.perform(Kind::CreateNote, asker)?;
    if kind == Kind::Reactivate {
        account.perform(Kind::Deactivate, asker)?;
    }
    Ok(())
}
