//! Replays the recording of the Node original: every step is answered as it was, or as
//! `fixtures/differences.toml` lists instead.
//!
//! The recording holds about half of what was sent, so each scenario has a scene here that does the rest. The
//! list cannot rot: a listed step that is answered as recorded fails too.

mod accounts;
mod expected;
mod gateway;
mod limits;
mod listed;
mod names;
mod notes;
mod profiles;
mod recording;
mod same;
mod stage;
mod tokens;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use crate::kit::{Request, Setup, World};
use listed::Listed;
use recording::Recording;
use stage::Stage;

/// A scenario's name, and what happens in it beside the recorded steps.
type Scene = (&'static str, fn(&mut Stage<'_>));

#[test]
fn routes_and_bodies_are_answered_as_recorded_or_as_listed() {
    replay(&gateway::SCENES);
}

#[test]
fn accounts_and_passwords_are_answered_as_recorded_or_as_listed() {
    replay(&accounts::SCENES);
}

#[test]
fn tokens_are_answered_as_recorded_or_as_listed() {
    replay(&tokens::SCENES);
}

#[test]
fn profiles_and_their_administration_are_answered_as_recorded_or_as_listed() {
    replay(&profiles::SCENES);
}

#[test]
fn notes_are_answered_as_recorded_or_as_listed() {
    replay(&notes::SCENES);
}

#[test]
fn limits_are_answered_as_recorded_or_as_listed() {
    replay(&limits::SCENES);
}

#[test]
fn every_recorded_scenario_has_a_scene_and_every_listed_step_was_recorded() {
    let (recording, listed) = (Recording::read(), Listed::read());
    let recorded: BTreeSet<&str> = recording.steps.iter().map(recording::Step::scenario).collect();
    let scenes =
        [&gateway::SCENES[..], &accounts::SCENES, &tokens::SCENES, &profiles::SCENES, &notes::SCENES];
    let scenes = scenes.into_iter().chain([&limits::SCENES[..]]).flatten();
    assert_eq!(scenes.map(|(name, _)| *name).collect::<BTreeSet<_>>(), recorded);
    assert_eq!(listed.mistakes(&recording), [""; 0]);
    let (different, gaps) = listed.counts();
    let equal = recording.steps.len() - different - gaps;
    println!("{equal} steps equal, {different} different as listed, {gaps} not reconstructed");
}

#[test]
fn the_recorded_security_headers_are_on_every_kind_of_answer() {
    let recorded = Recording::read().security;
    let world = World::start(&Setup::ci());
    for (method, path) in
        [("GET", "/health"), ("GET", "/api/notes"), ("GET", "/nope"), ("OPTIONS", "/api/notes")]
    {
        let answer = Request::new(method, path).send(world.doors().gateway);
        for (name, wanted) in &recorded {
            let got = answer.header(name).unwrap_or_else(|| panic!("no {name}: {answer}"));
            if name == "content-security-policy" {
                assert!(is_at_least_as_strict(got, wanted), "{got}");
            } else {
                assert_eq!(got, wanted, "{name}: {answer}");
            }
        }
    }
}

/// Plays each scenario in a world of its own and fails with everything that went wrong.
fn replay(scenes: &[Scene]) {
    let (recording, listed) = (Recording::read(), Listed::read());
    let mut wrong = Vec::new();
    for (name, scene) in scenes {
        let mut stage = Stage::open(name, &recording, &listed);
        scene(&mut stage);
        wrong.extend(stage.close());
    }
    assert!(wrong.is_empty(), "{} steps:\n\n{}\n", wrong.len(), wrong.join("\n\n"));
}

/// Whether every directive of `recorded` is in `policy` too, the same or with nothing allowed.
fn is_at_least_as_strict(policy: &str, recorded: &str) -> bool {
    let (policy, recorded) = (directives(policy), directives(recorded));
    recorded.iter().all(|(name, allowed)| {
        // Directives that fetch fall back on this one (CSP Level 3, §6.8.3).
        let fallback = policy.get("default-src").filter(|_| name.contains("-src"));
        policy.get(name).or(fallback).is_some_and(|got| got == allowed || *got == "'none'")
    })
}

fn directives(policy: &str) -> BTreeMap<&str, &str> {
    policy.split(';').map(|directive| directive.split_once(' ').unwrap_or((directive, ""))).collect()
}
