//! The runs: every state within a scope, and a counterexample for each seeded bug.

use stateright::{Checker, Expectation, HasDiscoveries, Model};
use tokio::time::Instant;

use crate::action::Action;
use crate::bug::Bug;
use crate::model::Protocol;
use crate::scope::{Scope, is_full};
use crate::state::State;

/// What a run within one scope came to.
struct Run {
    /// Each failed property with the history that breaks it.
    failures: Vec<(&'static str, Vec<Action>)>,
    /// The examples that were found.
    examples: Vec<&'static str>,
    states: usize,
}

/// Goes through `protocol` until all is seen or, with a bug, until something fails.
fn run(protocol: Protocol) -> Run {
    let (scope, began) = (protocol.scope, Instant::now());
    // One thread finds a shortest counterexample; several are for going through everything.
    let (threads, stop) = match protocol.bug {
        Some(_) => (1, HasDiscoveries::AnyFailures),
        None => (std::thread::available_parallelism().map_or(1, usize::from), HasDiscoveries::All),
    };
    let checker = protocol.checker().threads(threads).finish_when(stop).spawn_bfs().join();
    let states = checker.unique_state_count();
    if protocol.bug.is_none() {
        let (steps, depth) = (checker.state_count(), checker.max_depth());
        let seconds = began.elapsed().as_secs_f32();
        println!("{scope}: {states} states by {steps} steps, depth {depth}, {seconds:.1} s");
    }
    let mut run = Run { failures: Vec::new(), examples: Vec::new(), states };
    for (name, path) in checker.discoveries() {
        let property = checker.model().property(name);
        match property.expectation {
            Expectation::Sometimes => run.examples.push(name),
            Expectation::Always | Expectation::Eventually => {
                let whole = path.into_vec();
                let holds = |(state, _): &&(State, _)| (property.condition)(checker.model(), state);
                let steps = whole.iter().take_while(holds).filter_map(|(_, action)| *action).collect();
                run.failures.push((name, steps));
            }
        }
    }
    run
}

/// A history, one line for each step.
fn story(actions: &[Action]) -> String {
    let lines: Vec<_> = actions.iter().map(|action| format!("\n    {action}")).collect();
    lines.concat()
}

#[test]
fn the_invariants_hold_in_every_history() {
    let scopes = if is_full() { Scope::WIDE } else { Scope::NARROW };
    let (mut seen, mut states) = (Vec::new(), 0);
    for scope in scopes {
        let run = run(Protocol { scope: *scope, bug: None });
        if let Some((property, actions)) = run.failures.first() {
            panic!("{scope}: not {property}:{}", story(actions));
        }
        seen.extend(run.examples);
        states += run.states;
    }
    let model = Protocol { scope: scopes[0], bug: None };
    let examples = model.properties().into_iter().filter(|one| one.expectation == Expectation::Sometimes);
    for example in examples {
        assert!(seen.contains(&example.name), "no history in which {}", example.name);
    }
    println!("model: {states} states in {} scopes, no invariant broken", scopes.len());
}

#[test]
fn each_seeded_bug_breaks_an_invariant() {
    for bug in Bug::ALL {
        let mut failures = run(Protocol { scope: bug.scope(), bug: Some(bug) }).failures;
        failures.sort_by_key(|(property, actions)| (actions.len(), *property));
        let Some((property, actions)) = failures.first() else { panic!("{bug:?} breaks nothing") };
        println!("{bug:?}: not {property}, after {} steps:{}", actions.len(), story(actions));
    }
    println!("model: {} of {} seeded bugs found", Bug::ALL.len(), Bug::ALL.len());
}
