//! D2 of PROMISES.md without pulling a plug: no answer begins before what it acknowledges is synced.
//!
//! The real process is traced while it carries out known requests one at a time. For each of them the log of every
//! store that owns a part of the change must have been written and synced before the first byte of the answer.

mod operation;
mod trace;

use crate::kit::strace::{self, Strace};
use crate::kit::{Setup, World, proof};
use operation::{KINDS, Kind, Store};
use trace::{Event, events};

/// What is traced: everything that writes or syncs.
const CALLS: &str = "trace=write,writev,pwrite64,pwritev,sendto,sendmsg,fdatasync,fsync,sync_file_range";

#[test]
fn every_answer_comes_after_the_sync_of_what_it_acknowledges() {
    if strace::is_forbidden() {
        return;
    }
    let samples = proof::size(30, 300);
    let mut world = World::start(&Setup::ci());
    let admin = world.admin();
    let output = world.data().with_file_name("trace");
    let mut tracer = Strace::attach(world.process().pid(), &output, &["-e", CALLS]);
    let mut checked = 0;
    for kind in &KINDS {
        let mut syncs = 0;
        for sample in 0..samples {
            let prepared = (kind.prepare)(&world, &admin);
            tracer.quiet();
            let id = format!("durability-{checked}-{sample}");
            prepared.send(&id, kind.status);
            let trace = tracer.quiet();
            syncs += synced_before_the_answer(kind, &trace, &id)
                .unwrap_or_else(|complaint| panic!("{}: {complaint}\n{trace}", kind.name));
            checked += 1;
        }
        println!("{}: {samples} answers, {syncs} syncs before them", kind.name);
    }
    println!("{checked} answers, each after the sync of what it acknowledges");
    drop(tracer);
}

/// What one store's log has seen since the request was sent.
#[derive(Default)]
struct Log {
    /// Something was written that no sync has covered yet.
    is_dirty: bool,
    /// Something was written after the sync that is under way had begun.
    is_dirty_again: bool,
    syncs: u32,
}

/// How many syncs came before the answer with the request's id; an error if that is too few.
fn synced_before_the_answer(kind: &Kind, trace: &str, id: &str) -> Result<u32, String> {
    let events = events(trace);
    let answered = answer(&events, id).ok_or("no answer in the trace")?;
    let mut syncs = 0;
    for (store, commits) in kind.commits {
        let log = log_of(*store, *commits, &events[..answered]);
        // What the answer acknowledges was written first. Further writes are answers of other services to it, and one
        // may be under way.
        if log.syncs < *commits || (log.is_dirty && log.syncs == *commits) {
            let state = if log.is_dirty { "unsynced" } else { "synced" };
            return Err(format!("{store:?}: {} of {commits} syncs, {state} at the answer", log.syncs));
        }
        syncs += log.syncs;
    }
    Ok(syncs)
}

/// Where the first answer to the request `id` begins, that of the service that it is for. Calls to other services that
/// the request causes carry its id too, and are answered before.
fn answer(events: &[Event], id: &str) -> Option<usize> {
    let mut inner = 0;
    events.iter().position(|event| match event {
        Event::Began { rest, .. } if !rest.contains(id) => false,
        Event::Began { rest, .. } if rest.contains("\"HTTP/1.1 ") && inner > 0 => {
            inner -= 1;
            false
        }
        Event::Began { rest, .. } => {
            inner += u32::from(rest.contains(" /internal/"));
            rest.contains("\"HTTP/1.1 ")
        }
        Event::Ended { .. } => false,
    })
}

/// What the log of `store` saw, where the operation has to commit `commits` times.
fn log_of(store: Store, commits: u32, events: &[Event]) -> Log {
    let mut log = Log::default();
    for event in events {
        match event {
            Event::Began { call, file, rest, .. } if store.is_log(file) => {
                if strikes_off(rest) || (log.syncs >= commits && takes_in(rest)) {
                    continue;
                }
                if is_sync(call) {
                    log.is_dirty_again = false;
                } else {
                    (log.is_dirty, log.is_dirty_again) = (true, true);
                }
            }
            Event::Ended { call, file, is_done: true, .. } if store.is_log(file) && is_sync(call) => {
                log.syncs += u32::from(log.is_dirty);
                log.is_dirty = log.is_dirty_again;
            }
            _ => {}
        }
    }
    log
}

/// Whether a write says only that messages have arrived: that is no part of what is acknowledged, and may be under way
/// beside it. Its only records are the outbox and the count of commits.
fn strikes_off(rest: &str) -> bool {
    const OTHERS: [&str; 8] =
        ["identity", "claim", "profile", "roster", "standing", "inbox", "index", "registration"];
    rest.contains("outbox") && !OTHERS.iter().any(|other| rest.contains(other))
}

/// Whether a write takes in what another service has sent. Once the operation has committed as often as it has to, that
/// is what the others make of it, and may be under way beside the answer.
fn takes_in(rest: &str) -> bool {
    rest.contains("inbox")
}

fn is_sync(call: &str) -> bool {
    matches!(call, "fdatasync" | "fsync")
}

#[test]
fn an_answer_before_its_sync_is_caught() {
    let kind = &KINDS[0];
    let written = "7 write(30</d/auth/db/000004.log>, \"\", 9) = 9\n";
    let synced = "7 fdatasync(30</d/auth/db/000004.log>) = 0\n";
    let user =
        "8 write(31</d/user/db/000004.log>, \"\", 9) = 9\n8 fdatasync(31</d/user/db/000004.log>) = 0\n";
    let answer =
        "9 writev(39<socket:[1]>, [{iov_base=\"HTTP/1.1 201 Created\\r\\nx-request-id: one\"}], 1) = 9\n";
    let told = |lines: &[&str]| synced_before_the_answer(kind, &lines.concat(), "one").is_ok();
    assert!(told(&[written, synced, user, written, synced, answer]));
    assert!(!told(&[written, synced, written, synced, answer]), "user did not commit");
    assert!(!told(&[written, synced, user, written, answer, synced]), "the second commit is not synced");
    assert!(!told(&[written, written, synced, user, answer]), "one sync is too few");
    let delivered = "7 write(30</d/auth/db/000004.log>, \"\\2outbox\\0\\2history\", 9) = 9\n";
    assert!(told(&[written, synced, user, written, synced, delivered, answer]), "what arrived is struck off");
    let echo = "8 write(31</d/user/db/000004.log>, \"\\1profile\\1\\2inbox\\0\\2auth-390\", 9) = 9\n";
    assert!(
        told(&[written, synced, user, written, synced, echo, answer]),
        "what others make of it is theirs"
    );
    let own = echo.replace("inbox", "outbox");
    assert!(
        !told(&[written, synced, user, written, synced, &own, answer]),
        "a write of its own is not synced"
    );
    let failed = "7 fdatasync(30</d/auth/db/000004.log>) = -1 EIO (Input/output error)\n";
    assert!(!told(&[written, synced, user, written, failed, answer]), "a failed sync counts for nothing");
}
