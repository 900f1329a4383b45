//! What has one home in the whole tree, so that whoever looks for it finds all of it.
//!
//! Clippy bans the calls too; an `expect` there is a local decision, and this list is everybody's.

use crate::rule::{Breach, holds};
use crate::source::{Source, names};
use crate::tree::{File, Tree, matches};

/// Something that few files do.
struct Home {
    /// How code names it.
    token: &'static str,
    /// The files that may, as patterns.
    files: &'static [&'static str],
    /// What the others do instead.
    remedy: &'static str,
}

/// Flags, environment and file meet here.
const CONFIGURATION: &[&str] = &["src/config.rs"];

const CLOCK: [Home; 2] = [
    Home {
        token: "SystemTime::now",
        files: &["services/chassis/src/clock.rs"],
        remedy: "take the instant from chassis::clock::Clock",
    },
    Home {
        token: "OffsetDateTime::now_utc",
        files: &[],
        remedy: "take the instant from chassis::clock::Clock",
    },
];

const ENVIRONMENT: [Home; 3] = [
    Home { token: "env::var", files: CONFIGURATION, remedy: "take it from the configuration" },
    Home { token: "env::var_os", files: CONFIGURATION, remedy: "take it from the configuration" },
    Home { token: "env::vars", files: CONFIGURATION, remedy: "take it from the configuration" },
];

const TASKS: [Home; 4] = [
    Home {
        token: "tokio::spawn",
        files: &["services/chassis/src/task.rs"],
        remedy: "chassis::task::spawn gives it a name",
    },
    Home {
        token: "spawn_blocking",
        files: &["services/chassis/src/blocking.rs"],
        remedy: "chassis::blocking::run is the only bridge",
    },
    Home { token: "unbounded_channel", files: &[], remedy: "give the queue a bound with a reason" },
    Home {
        token: "axum::serve",
        files: &[],
        remedy: "chassis::serve::run has the deadlines that axum's lacks",
    },
];

/// Only what ships is looked at: tests and the bench are programs of their own.
fn strangers(file: &File, homes: &[Home]) -> Vec<Breach> {
    if file.is_test() {
        return Vec::new();
    }
    let names = names(&Source::of(&file.text).shipped());
    let mut breaches = Vec::new();
    for home in homes.iter().filter(|home| !home.files.iter().any(|pattern| matches(pattern, &file.path))) {
        for name in names.iter().filter(|name| name.mentions(home.token)) {
            let what = format!("names {}, which has its home in {:?}", home.token, home.files);
            breaches.push(Breach::new(format!("{}:{}", file.path, name.line), what, home.remedy));
        }
    }
    breaches
}

fn all(homes: &[Home]) -> Vec<Breach> {
    Tree::read().with("rs").flat_map(|file| strangers(file, homes)).collect()
}

#[test]
fn only_the_clock_reads_the_system_clock() {
    holds("nothing reads the system clock but the chassis' clock", all(&CLOCK));
}

#[test]
fn only_the_configuration_reads_the_environment() {
    holds("nothing reads the environment but the configuration", all(&ENVIRONMENT));
}

#[test]
fn tasks_queues_and_listeners_are_the_chassis_own() {
    holds("tasks have names, queues have bounds, listeners have deadlines", all(&TASKS));
}

#[test]
fn a_second_home_is_caught_and_a_test_is_free() {
    let text = "use std::time::SystemTime;\nfn f() { SystemTime::now(); }";
    assert_eq!(strangers(&File::new("services/auth/src/reset.rs", text), &CLOCK).len(), 1);
    for path in ["services/chassis/src/clock.rs", "services/auth/tests/api/main.rs", "tests/it/main.rs"] {
        assert_eq!(strangers(&File::new(path, text), &CLOCK), [], "{path}");
    }
    let tested = "#[cfg(test)]\nmod tests { fn f() { tokio::spawn(x); } }";
    assert_eq!(strangers(&File::new("src/up.rs", tested), &TASKS), []);
}
