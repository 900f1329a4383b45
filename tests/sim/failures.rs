//! The n-th write fails (PROMISES.md D3): whichever it is, the operation succeeds or answers 5xx, and no invariant
//! breaks.

use std::cell::Cell;
use std::rc::Rc;

use chassis::simulation::Verdict;

use crate::crew;
use crate::director::Side;
use crate::flow::Flow;
use crate::run::{Report, Run};

/// So late that it never comes.
const NEVER: u64 = 1 << 40;
/// More writes than any flow makes; a service that needs more is stuck.
const WRITES_MAX: u64 = 200;

#[test]
fn an_operation_whose_nth_write_fails_succeeds_or_leaves_no_trace() {
    let services = ["auth", "user", "notes"];
    let pairs: Vec<_> =
        Flow::ALL.into_iter().flat_map(|flow| services.map(|service| (flow, service))).collect();
    let (mut runs, mut failed) = (0, Vec::new());
    crew::each(pairs, sweep, |(count, broken)| {
        runs += count;
        failed.extend(broken);
    });
    println!("{runs} runs, each with another write or commit that failed");
    assert!(failed.is_empty(), "{} writes left a trace: {failed:#?}", failed.len());
}

/// Fails one write after the other until the flow passes without meeting a failure.
fn sweep(&(flow, service): &(Flow, &'static str)) -> (u64, Vec<String>) {
    let mut failed = Vec::new();
    for nth in 1..=WRITES_MAX {
        let (report, has_failed) = play(flow, service, nth);
        if let Some(violation) = &report.violation {
            crew::print_failure(1, &report);
            failed.push(format!("{flow:?}, write {nth} of {service}: {violation}"));
        }
        if !has_failed {
            return (nth, failed);
        }
    }
    failed.push(format!("{flow:?} writes to {service} without end"));
    (WRITES_MAX, failed)
}

fn play(flow: Flow, service: &'static str, nth: u64) -> (Report, bool) {
    let mut run = Run::open(1, None);
    let admin = run.appoint();
    let prepared = flow.prepare(&mut run, &admin);
    let has_failed = if service == "notes" { fail_commit(&run, nth) } else { fail_write(&run, service, nth) };
    let refused = run.ledger.borrow().refused;
    prepared.begin(&mut run);
    run.until_done(|_, _, _| {});
    for _ in 0..30 {
        run.stage.step();
    }
    let has_failed = has_failed();
    run.stage.calm();
    if flow != Flow::RegisterRefused && run.ledger.borrow().refused > refused {
        run.ledger.borrow_mut().violate("a failed write was answered as a refusal".to_owned());
    }
    let recovery_ms = run.recover();
    (run.report(recovery_ms), has_failed)
}

/// Lets the disk's `nth` write fail; the returned question asks whether it came, and takes it away.
fn fail_write(run: &Run, service: &str, nth: u64) -> Box<dyn FnOnce() -> bool> {
    let disk = run.stage.director.disk_of(service);
    let before = disk.writes();
    disk.fail_at(nth);
    Box::new(move || {
        let has_failed = disk.writes() >= before + nth;
        disk.fail_at(NEVER);
        has_failed
    })
}

/// The same for commits of notes, whose disk is a real one.
fn fail_commit(run: &Run, nth: u64) -> Box<dyn FnOnce() -> bool> {
    let seen = Rc::new(Cell::new(0));
    let count = Rc::clone(&seen);
    run.stage.director.set_plan(Box::new(move |side, step| {
        if step.service != "notes" || side == Side::After {
            return Verdict::Go;
        }
        count.set(count.get() + 1);
        if count.get() == nth { Verdict::Fail } else { Verdict::Go }
    }));
    Box::new(move || seen.get() >= nth)
}
