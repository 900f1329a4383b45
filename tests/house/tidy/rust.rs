//! The rules for a file of Rust.

use crate::rule::Breach;
use crate::source::{Function, Name, Source, Token, functions, names, tokens};
use crate::tree::File;

/// A longer file hides a second noun.
const LINES_MAX: usize = 400;
/// Tests repeat themselves more than code does.
const TEST_LINES_MAX: usize = 600;
/// As in clippy.toml, but comments count too: they are read like the rest.
const FUNCTION_LINES_MAX: usize = 70;
/// Names that say nothing, so that anything ends up there.
const BANNED: [&str; 9] =
    ["common", "helper", "helpers", "manager", "misc", "models", "types", "util", "utils"];
/// Marks of work put off.
const MARKS: [&str; 2] = ["TODO", "FIXME"];

pub(super) fn heads(file: &File) -> Vec<Breach> {
    if file.text.starts_with("//!") {
        return Vec::new();
    }
    let remedy = "begin with a `//!` line: what the file is for, then what it deliberately does not know";
    vec![Breach::new(format!("{}:1", file.path), "does not open with `//!`", remedy)]
}

pub(super) fn long_files(file: &File) -> Vec<Breach> {
    let max = if file.is_test() { TEST_LINES_MAX } else { LINES_MAX };
    let lines = file.text.lines().count();
    if lines <= max {
        return Vec::new();
    }
    let remedy = "look for a second noun and give it a file; a test module above 100 lines is `foo/tests.rs`";
    vec![Breach::new(&file.path, format!("has {lines} lines, {max} are the limit"), remedy)]
}

pub(super) fn long_functions(file: &File) -> Vec<Breach> {
    let code = Source::of(&file.text).code;
    let long = functions(&code).into_iter().filter(|function| function.lines > FUNCTION_LINES_MAX);
    let breach = |function: Function<'_>| {
        Breach::new(
            format!("{}:{}", file.path, function.line),
            format!("{} has {} lines, {FUNCTION_LINES_MAX} are the limit", function.name, function.lines),
            "name its steps and make them functions",
        )
    };
    long.map(breach).collect()
}

/// The names of the modules that a file is or lies in, and of those it declares, with their lines.
fn modules(file: &File) -> Vec<(String, usize)> {
    let path = file.path.strip_suffix(".rs").unwrap_or(&file.path);
    let mut found: Vec<_> = path.split('/').map(|part| (part.to_owned(), 1)).collect();
    let code = Source::of(&file.text).code;
    for pair in tokens(&code).windows(2) {
        if let [(Token::Word("mod"), line), (Token::Word(name), _)] = pair {
            found.push(((*name).to_owned(), *line));
        }
    }
    found
}

pub(super) fn module_names(file: &File) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (name, line) in modules(file) {
        let remedy = match name.as_str() {
            "mod" => "call it after its folder: foo.rs beside foo/",
            name if BANNED.contains(&name) => {
                "name the noun of the domain that it is about, and split what has none"
            }
            _ => continue,
        };
        breaches.push(Breach::new(
            format!("{}:{line}", file.path),
            format!("a module is called {name}"),
            remedy,
        ));
    }
    breaches
}

pub(super) fn unfinished(file: &File) -> Vec<Breach> {
    let source = Source::of(&file.text);
    let mut breaches = Vec::new();
    let mut add = |line: usize, what: &str, remedy: &str| {
        breaches.push(Breach::new(format!("{}:{line}", file.path), what, remedy));
    };
    for triple in tokens(&source.code).windows(3) {
        match triple {
            [(Token::Word(name @ ("todo" | "unimplemented" | "dbg")), line), (Token::Mark('!'), _), _] => {
                add(*line, &format!("calls {name}!"), "finish it, or leave it out and say so in the issue");
            }
            [
                (Token::Mark('#'), _),
                (Token::Mark('['), _),
                (Token::Word(name @ ("ignore" | "should_panic")), line),
            ] => {
                add(
                    *line,
                    &format!("a test is marked {name}"),
                    "make it run and tell its failure by an assertion",
                );
            }
            _ => {}
        }
    }
    for (at, comment) in source.comments.lines().enumerate() {
        for mark in MARKS.iter().filter(|mark| comment.contains(**mark)) {
            add(at + 1, &format!("a comment says {mark}"), "do it now, or write an issue");
        }
    }
    breaches
}

/// In files of tests, and in the test modules of others.
pub(super) fn sleeps(file: &File) -> Vec<Breach> {
    // There time is simulated, and a sleep is over at once.
    if file.path.starts_with("tests/sim/") {
        return Vec::new();
    }
    let source = Source::of(&file.text);
    let tests = if file.is_test() { source.code } else { source.tests() };
    let asleep = names(&tests)
        .into_iter()
        .filter(|name| ["thread::sleep", "time::sleep"].iter().any(|sleep| name.mentions(sleep)));
    let breach = |name: Name| {
        let remedy = "wait on a condition with a deadline, freeze the clock, or pause tokio's time";
        Breach::new(format!("{}:{}", file.path, name.line), format!("a test names {}", name.path), remedy)
    };
    asleep.map(breach).collect()
}

#[cfg(test)]
mod tests;
