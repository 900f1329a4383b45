//! The worked examples in `fixtures/examples/`: each runs as its file says, where there is no network but loopback.

use std::process::Command;

use crate::kit::command::{run, satchel};
use crate::kit::lonely;
use crate::kit::world::repository;

#[path = "../../fixtures/examples/reset.rs"]
mod reset;

/// Runs the command line `line` under `satchel exec`; it knows only what that tells it.
fn under_exec(line: &[&str]) {
    let mut exec = satchel(["exec", "--"]);
    exec.args(line).current_dir(repository());
    let finished = run(&mut lonely::without_network(exec));
    assert_eq!(finished.code, 0, "{line:?}: {finished:?}");
}

#[test]
fn the_shell_script_runs_without_any_network() {
    under_exec(&["sh", "fixtures/examples/reset.sh"]);
}

#[test]
fn the_node_test_runs_without_any_network() {
    under_exec(&["node", "--test", "fixtures/examples/reset.test.mjs"]);
}

#[test]
fn the_python_test_runs_without_any_network() {
    under_exec(&["python3", "-B", "-m", "unittest", "discover", "fixtures/examples"]);
}

#[test]
fn the_rust_test_runs_without_any_network() {
    let mut test = Command::new(std::env::current_exe().expect("this program"));
    test.args(["--exact", "examples::reset::a_reset_token_is_refused_once_it_has_expired"]);
    let finished = run(&mut lonely::without_network(test));
    assert!(finished.code == 0 && finished.stdout.contains("1 passed"), "{finished:?}");
}
