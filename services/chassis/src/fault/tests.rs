//! Which calls meet which faults, and what is told of a plan that makes no sense.

use serde_json::json;

use super::*;
use crate::field::Fields;

const KNOWN: [&str; 4] = ["gateway", "auth", "user", "notes"];

fn plan(document: &Value) -> Plan {
    Plan::read(Fields::of(Some(document.clone())).unwrap(), &KNOWN).unwrap()
}

/// The gateway's faults, with one rule: to notes, by reset unless it says otherwise.
fn faults(seed: u64, rule: &Value) -> Faults {
    let mut whole = json!({"from": "gateway", "to": "notes", "kind": "reset"});
    for (name, value) in rule.as_object().unwrap() {
        whole[name] = value.clone();
    }
    let faults = Faults::of("gateway");
    faults.set(plan(&json!({"seed": seed, "faults": [whole]})));
    faults
}

/// For each of `calls` calls of a list of notes, whether it met something.
fn met(faults: &Faults, calls: usize) -> Vec<bool> {
    (0..calls).map(|_| faults.meet("notes", "/notes") != Met::default()).collect()
}

#[test]
fn a_rule_hits_every_call_or_the_one_that_it_counts_to() {
    assert_eq!(met(&faults(0, &json!({})), 3), [true; 3]);
    assert_eq!(met(&faults(0, &json!({"times": 2})), 3), [true, true, false]);
    assert_eq!(met(&faults(0, &json!({"nth": 2})), 3), [false, true, false]);
    assert_eq!(met(&faults(0, &json!({"nth": 2, "times": 2})), 4), [false, true, true, false]);
}

#[test]
fn only_calls_of_its_hop_and_path_count() {
    let faults = faults(0, &json!({"path": "/notes/search", "nth": 1}));
    assert_eq!(faults.meet("notes", "/notes"), Met::default());
    assert_eq!(faults.meet("auth", "/notes/search"), Met::default());
    assert_eq!(faults.meet("notes", "/notes/search").loss, Some(Loss::Reset));
    assert_eq!((faults.tallies()[0].calls, faults.tallies()[0].hits), (1, 1));
    let others = Faults::of("auth");
    others.set(plan(&json!({"faults": [{"from": "gateway", "to": "notes", "kind": "reset"}]})));
    assert_eq!(others.meet("notes", "/notes"), Met::default());
}

#[test]
fn chance_repeats_with_its_seed() {
    let rule = json!({"probability": 0.5});
    let first = met(&faults(7, &rule), 1_000);
    assert_eq!(met(&faults(7, &rule), 1_000), first);
    assert_ne!(met(&faults(8, &rule), 1_000), first);
    let hits = first.iter().filter(|hit| **hit).count();
    assert!((400..600).contains(&hits), "{hits}");
    assert_eq!(met(&faults(7, &json!({"probability": 0})), 100), [false; 100]);
    assert_eq!(met(&faults(7, &json!({"probability": 1})), 100), [true; 100]);
}

#[test]
fn latencies_add_up_and_the_first_loss_counts() {
    let faults = Faults::of("gateway");
    let rule = |kind: &str, more: &Value| {
        let mut rule = json!({"from": "gateway", "to": "auth", "kind": kind});
        for (name, value) in more.as_object().unwrap() {
            rule[name] = value.clone();
        }
        rule
    };
    faults.set(plan(&json!({"faults": [
        rule("latency", &json!({"latencyMs": 5})),
        rule("status", &json!({"status": 503})),
        rule("dropAnswer", &json!({})),
        rule("latency", &json!({"latencyMs": 7})),
    ]})));
    let met = faults.meet("auth", "/auth/login");
    assert_eq!(met.latency, Duration::from_millis(12));
    assert_eq!(met.loss, Some(Loss::Answered(MadeUp(StatusCode::SERVICE_UNAVAILABLE))));
    let hits: Vec<_> = faults.tallies().into_iter().map(|tally| (tally.place, tally.hits)).collect();
    assert_eq!(hits, [(0, 1), (1, 1), (2, 1), (3, 1)]);
    faults.clear();
    assert_eq!(faults.meet("auth", "/auth/login"), Met::default());
}

#[test]
fn a_plan_that_makes_no_sense_is_told_by_its_field() {
    let good = json!({"from": "gateway", "to": "notes", "kind": "reset"});
    let with = |name: &str, value: Value| {
        let mut rule = good.clone();
        rule[name] = value;
        json!({"faults": [rule]})
    };
    let cases = [
        (json!({}), "faults"),
        (json!({"faults": 1}), "faults"),
        (json!({"faults": [1]}), "faults[0]"),
        (json!({"faults": vec![good.clone(); 65]}), "faults"),
        (json!({"faults": [], "seed": -1}), "seed"),
        (json!({"faults": [], "speed": 1}), "speed"),
        (json!({"faults": [good, {"from": "gateway"}]}), "faults[1].to"),
        (with("to", json!("noted")), "faults[0].to"),
        (with("to", json!("gateway")), "faults[0].to"),
        (with("kind", json!("explode")), "faults[0].kind"),
        (with("kind", json!("status")), "faults[0].status"),
        (with("kind", json!("latency")), "faults[0].latencyMs"),
        (with("status", json!(503)), "faults[0].status"),
        (with("nth", json!(0)), "faults[0].nth"),
        (with("times", json!("2")), "faults[0].times"),
        (with("probability", json!(1.5)), "faults[0].probability"),
        (with("path", json!("notes")), "faults[0].path"),
        (with("path", json!("/api/notes")), "faults[0].path"),
        (with("pathh", json!("/notes")), "faults[0].pathh"),
    ];
    for (document, field) in cases {
        let failure = Plan::read(Fields::of(Some(document.clone())).unwrap(), &KNOWN).unwrap_err();
        assert_eq!(failure.fields()[0].field, field, "{document}: {}", failure.message());
    }
    for status in [199, 600, 204, 304] {
        let mut document = with("kind", json!("status"));
        document["faults"][0]["status"] = json!(status);
        assert!(Plan::read(Fields::of(Some(document)).unwrap(), &KNOWN).is_err(), "{status}");
    }
}
