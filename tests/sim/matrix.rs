//! The crash-point matrix (PROMISES.md A1): every commit and every exchange of a flow, with every misfortune, and
//! after each all invariants hold within five seconds.
//!
//! The points are found, not listed: each flow runs once undisturbed, and everything that it commits or sends is a
//! point. So they are those of PROTOCOL.md §8, by other names:
//!
//! | Paper | Here |
//! |---|---|
//! | c0, c1 | before and after the commit `auth.begin` |
//! | c2a, c2b | the exchange `PUT /internal/profiles/…` is lost or late; `user.insert` dies before its commit |
//! | c2c, c2d | `user.insert` dies after its commit; the answer is lost or reset |
//! | c2e | the same exchange is late or comes twice, so that it is under way while `auth.abort` is written |
//! | c3a, c3 | before and after `auth.confirm` |
//! | c4 | the answers to `POST /auth/register` and `POST /api/auth/register` are lost |
//! | ab1, ab4, ab5 | `auth.abort` and `auth.delivered` in the flow `register in doubt` |
//! | ab2, ab3 | its exchange `PUT …/abort`, and `user.abort` |
//! | d1, h1 | before and after `user.replace` and `user.remove` |
//! | d2, d3, h2, h3 | the exchanges `PUT …/standing` to auth and to notes, and the answer to the client |
//! | d4, h4, n1, n4 | `auth.apply_standing`, and the commits of notes, each batch of a purge its own |
//! | d5, h5 | `user.remove_message`, once for each destination |
//! | e1, e2 | `auth.change_password`, and `PUT …/standing` to user and to notes |
//! | b1-b3 | the rows `and again at its start`: the commits of a recovery die too, twice |
//!
//! n2 has no counterpart before there is an index. w1 is proven beside each writer, as commits come alone here:
//! `store/engine/tests/group.rs` in auth and user, over PoloDB and over a simulated disk, and
//! `store/tests/group.rs` in notes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use chassis::simulation::{Step, Verdict};

use crate::crew;
use crate::director::{Side, ms};
use crate::flow::Flow;
use crate::network::Fate;
use crate::run::{Report, Run};
use crate::stage::Stage;

/// What a "delay" is in PROTOCOL.md §8.
const DELAY_MS: u32 = 3_000;

/// A place in a flow where something can happen; the number counts equal places from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Point {
    Commit { service: &'static str, verb: &'static str, nth: u32 },
    Exchange { from: &'static str, to: &'static str, kind: String, nth: u32 },
}

/// What happens there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// The service dies, and with `all` the others too; with `again` it also dies at the next commits of its starts.
    Crash {
        side: Side,
        all: bool,
        again: bool,
    },
    Error,
    Delay,
    Network(Fate),
}

/// One cell of the matrix; no point for the undisturbed run.
#[derive(Clone, Debug)]
struct Case {
    flow: Flow,
    fault: Option<(Point, Fault)>,
}

#[test]
fn every_invariant_holds_five_seconds_after_any_misfortune_at_any_point() {
    let undisturbed: Vec<_> = Flow::ALL.into_iter().map(|flow| Case { flow, fault: None }).collect();
    let mut cases = Vec::new();
    crew::each(undisturbed, play, |(case, report, points)| {
        crew::demand(&format!("{:?} undisturbed", case.flow), &report);
        cases.extend(points.iter().flat_map(|point| cases_at(case.flow, point)));
    });
    cases.sort_by_key(|case| format!("{case:?}"));
    let (count, mut recoveries, mut failed) = (cases.len(), Vec::new(), BTreeMap::new());
    crew::each(cases, play, |(case, report, _)| {
        recoveries.push(report.recovery_ms);
        if let Some(violation) = &report.violation {
            crew::print_failure(1, &report);
            failed.insert(format!("{case:?}"), violation.clone());
        }
    });
    recoveries.sort_unstable();
    let (median, slowest) = (recoveries[count / 2], recoveries[count - 1]);
    println!("{count} cases; in order again after {median} ms in the median, {slowest} ms at most");
    assert!(failed.is_empty(), "{} cases broke an invariant: {failed:#?}", failed.len());
}

fn cases_at(flow: Flow, point: &Point) -> Vec<Case> {
    let crash = |side, all, again| Fault::Crash { side, all, again };
    let faults = match point {
        Point::Commit { .. } => vec![
            crash(Side::Before, false, false),
            crash(Side::After, false, false),
            crash(Side::Before, true, false),
            crash(Side::After, true, false),
            crash(Side::After, true, true),
            Fault::Error,
            Fault::Delay,
        ],
        Point::Exchange { from, .. } => {
            let late = ms(DELAY_MS);
            let mut fates = vec![Fate::RequestLost, Fate::AnswerLost, Fate::Reset, Fate::Late(late)];
            // What people send comes once: TCP sees to that.
            if !matches!(*from, "people" | "gateway") {
                fates.extend([Fate::Twice(ms(0)), Fate::Twice(late)]);
            }
            fates.into_iter().map(Fault::Network).collect()
        }
    };
    let case = |fault| Case { flow, fault: Some((point.clone(), fault)) };
    faults.into_iter().map(case).collect()
}

/// Runs one case; gives what it came to and every point that it passed.
fn play(case: &Case) -> (Case, Report, Vec<Point>) {
    let mut run = Run::open(1, None);
    let admin = run.appoint();
    let prepared = case.flow.prepare(&mut run, &admin);
    let points: Arc<Mutex<Vec<Point>>> = Arc::default();
    let strikes_all = Rc::new(Cell::new(false));
    direct(&run.stage, case, &points, &strikes_all);
    observe(&run.stage, case, &points);
    prepared.begin(&mut run);
    run.until_done(|stage, _, _| strike(stage, &strikes_all));
    for _ in 0..30 {
        run.stage.step();
        strike(&mut run.stage, &strikes_all);
    }
    run.stage.calm();
    let points = points.lock().expect("the points").clone();
    let recovery_ms = run.recover();
    (case.clone(), run.report(recovery_ms), points)
}

/// The others die together with the one that died at its commit.
fn strike(stage: &mut Stage, strikes_all: &Cell<bool>) {
    if strikes_all.take() {
        stage.crash_all();
    }
}

/// Writes down each commit, and lets the case's fault happen at its own.
fn direct(stage: &Stage, case: &Case, points: &Arc<Mutex<Vec<Point>>>, strikes_all: &Rc<Cell<bool>>) {
    let (points, strikes_all) = (Arc::clone(points), Rc::clone(strikes_all));
    let (case, seen) = (case.clone(), RefCell::new(BTreeMap::<Step, u32>::new()));
    let (mut is_over, mut left) = (false, 0);
    stage.director.set_plan(Box::new(move |side, step| {
        let nth = {
            let mut seen = seen.borrow_mut();
            let count = seen.entry(step).or_default();
            *count += u32::from(side == Side::Before);
            *count
        };
        let here = Point::Commit { service: step.service, verb: step.verb, nth };
        if side == Side::Before {
            points.lock().expect("the points").push(here.clone());
        }
        if is_over && left > 0 {
            left -= 1;
            return Verdict::Crash;
        }
        match &case.fault {
            Some((point, fault)) if *point == here && !is_over => {
                let (verdict, again) = verdict(*fault, side);
                is_over = verdict != Verdict::Go;
                left = if is_over { again } else { 0 };
                strikes_all.set(is_over && matches!(fault, Fault::Crash { all: true, .. }));
                verdict
            }
            _ => Verdict::Go,
        }
    }));
}

fn verdict(fault: Fault, side: Side) -> (Verdict, u32) {
    match fault {
        Fault::Crash { side: at, again, .. } if at == side => (Verdict::Crash, if again { 2 } else { 0 }),
        Fault::Error if side == Side::Before => (Verdict::Fail, 0),
        Fault::Delay if side == Side::After => (Verdict::Delay(ms(DELAY_MS)), 0),
        _ => (Verdict::Go, 0),
    }
}

/// Writes down each exchange, and lets the case's fault happen at its own.
fn observe(stage: &Stage, case: &Case, points: &Arc<Mutex<Vec<Point>>>) {
    let (points, case, mut seen) = (Arc::clone(points), case.clone(), BTreeMap::<_, u32>::new());
    let in_doubt = matches!(case.flow, Flow::RegisterInDoubt);
    stage.network.set_weather(Box::new(move |exchange| {
        let kind = kind(exchange.line);
        let count = seen.entry((exchange.from, exchange.to, kind.clone())).or_default();
        *count += 1;
        let here = Point::Exchange { from: exchange.from, to: exchange.to, kind: kind.clone(), nth: *count };
        points.lock().expect("the points").push(here.clone());
        match &case.fault {
            Some((point, Fault::Network(fate))) if *point == here => *fate,
            _ if in_doubt && kind == "PUT /internal/profiles/_" => Fate::AnswerLost,
            _ => Fate::Arrives,
        }
    }));
}

/// Method and path without what differs from run to run.
fn kind(line: &str) -> String {
    let is_id = |part: &str| part.len() > 20 || part.contains('@') || part.contains('%');
    let parts: Vec<_> = line.split('/').map(|part| if is_id(part) { "_" } else { part }).collect();
    parts.join("/")
}
