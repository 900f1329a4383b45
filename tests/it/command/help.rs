//! Help that helps: examples for every command, completions for every shell, and errors that say what to do.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::kit::command::{run, satchel};
use crate::kit::world::repository;
use crate::kit::{Setup, World};

/// What can be asked for, as `satchel --help` lists it.
fn commands() -> Vec<String> {
    let help = run(&mut satchel(["--help"])).expect(0).stdout;
    let list = help.split("Commands:\n").nth(1).expect("a list").split("\n\n").next().expect("an end");
    let names = list.lines().filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn every_command_has_examples_in_its_help() {
    let commands = commands();
    assert!(commands.len() > 6, "{commands:?}");
    for command in &commands {
        let help = run(&mut satchel([command, "--help"])).expect(0).stdout;
        assert!(help.contains("Example") && help.contains(&format!("satchel {command}")), "{help}");
        assert_ne!(command, "guard", "what people do not call is not shown to them");
    }
}

#[test]
fn completions_name_every_command_for_every_shell() {
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&mut satchel(["completions", shell])).expect(0).stdout;
        for command in commands() {
            assert!(script.contains(&command), "{shell}: {command}");
        }
        assert!(!script.contains("guard"), "{shell}: what people do not call");
    }
    let script = run(&mut satchel(["completions", "bash"])).expect(0).stdout;
    let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
    bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(bash.wait().unwrap().success(), "bash does not understand it");
}

#[test]
fn typical_mistakes_are_answered_with_what_helps() {
    let world = World::start(&Setup::ci());
    let (data, taken) = (world.data().display().to_string(), world.doors().gateway.port());
    let ports = format!("{taken},0,0,0");
    let script = repository().join("fixtures/small.json").display().to_string();
    for (arguments, code, help) in [
        (&["exec"][..], 2, "<CMD>"),
        (&["exec", "--", "no-such-program"], 1, "no such program in the PATH"),
        (&["exec", "--", &script], 1, "chmod +x"),
        (&["exec", "--prots", "auto", "true"], 2, "--ports"),
        (&["up", "--ephemeral", "--ports", &ports], 1, "--ports auto"),
        (&["up", "--data-dir", &data, "--ports", "auto"], 1, "use another directory"),
        (&["up", "--ephemeral", "--host", "192.0.2.1", "--profile", "ci"], 1, "loopback"),
        (&["up", "--ephemeral", "--ports", "auto", "--fixtures", "no.json"], 1, "no.json cannot be read"),
        (&["mail", "list", "--data-dir", "/nonexistent"], 1, "--data-dir"),
        (&["mail", "show", "77", "--data-dir", &data], 1, "satchel mail list"),
        (&["admin", "grant", "nobody@example.test", "--data-dir", &data], 1, "nobody@example.test"),
        (&["completions", "tcsh"], 2, "bash, zsh, fish"),
    ] {
        let finished = run(satchel(arguments).env("JWT_SECRET", crate::kit::world::SECRET)).expect(code);
        assert!(finished.stderr.contains(help), "{arguments:?}: {}", finished.stderr);
    }
}
