//! How a file looks: its head, its size, its name, and the words that no file has.
//!
//! What the compiler, rustfmt and clippy see is theirs.

pub(crate) mod markdown;
mod rust;
mod service;
mod text;
mod used;

use crate::rule::{Breach, holds};
use crate::tree::{File, Tree};

fn all(extension: &str, check: impl Fn(&File) -> Vec<Breach>) -> Vec<Breach> {
    Tree::read().with(extension).flat_map(check).collect()
}

#[test]
fn every_file_says_first_what_it_is_for() {
    holds("a Rust file opens with `//!`", all("rs", rust::heads));
}

#[test]
fn no_file_outgrows_its_reader() {
    holds("a file has at most 400 lines, one of tests 600", all("rs", rust::long_files));
}

#[test]
fn no_function_outgrows_its_reader() {
    holds("a function has at most 70 lines", all("rs", rust::long_functions));
}

#[test]
fn modules_are_named_after_nouns_of_the_domain() {
    holds("no module has a name that fits anything, and none is a mod.rs", all("rs", rust::module_names));
}

#[test]
fn nothing_is_left_undone_and_no_test_is_set_aside() {
    holds("no unfinished code, no ignored test, no expected panic", all("rs", rust::unfinished));
}

#[test]
fn tests_wait_for_conditions() {
    holds("no test sleeps", all("rs", rust::sleeps));
}

#[test]
fn no_line_ends_in_blanks() {
    let breaches: Vec<_> = Tree::read().files.iter().flat_map(text::trailing_blanks).collect();
    holds("no line ends in a blank", breaches);
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let breaches: Vec<_> = Tree::read().files.iter().flat_map(text::machine_paths).collect();
    holds("no path of a particular machine", breaches);
}

#[test]
fn every_page_has_one_title() {
    holds("a Markdown file has exactly one first-level heading", all("md", markdown::titles));
}

#[test]
fn every_path_in_a_page_exists() {
    let tree = Tree::read();
    let breaches: Vec<_> = tree.with("md").flat_map(|file| markdown::paths(file, &tree)).collect();
    holds("a path in backticks exists", breaches);
}

#[test]
fn every_fixture_is_named_by_a_reader() {
    holds("every fixture is named by a test or a README", used::fixtures(&Tree::read()));
}

#[test]
fn services_export_the_same_names() {
    let tree = Tree::read();
    let roots = tree.files.iter().filter(|file| crate::tree::matches("services/*/src/lib.rs", &file.path));
    let breaches: Vec<_> = roots.flat_map(service::missing_names).collect();
    holds("every service exports `Config`, its struct, `open` and `router`", breaches);
}
