//! Files that must stay equal, because no place exists where they could be one.

use std::collections::BTreeSet;

use crate::rule::{Breach, holds};
use crate::tree::Tree;

/// The engine of auth and the engine of user: a file each, and what lies in the folder of its name.
const TWINS: [&str; 2] = ["services/auth/src/store/engine", "services/user/src/store/engine"];

/// The lines that must differ, as they stand in each.
const MAY_DIFFER: [(&str, &str); 0] = [];

const WHY: &str = "auth and user each own a PoloDB, the chassis knows no database and siblings never import each \
                   other, so each has its copy: make the same change in both, or list a line that must differ in \
                   MAY_DIFFER in tests/house/twins.rs";

/// The files of an engine, by what follows its name: `.rs`, `/tx.rs`.
fn parts<'a>(tree: &'a Tree, engine: &str) -> BTreeSet<&'a str> {
    let parts = tree.with("rs").filter_map(|file| file.path.strip_prefix(engine));
    parts.filter(|part| part.starts_with(['.', '/'])).collect()
}

/// Each line where the two part, up to the first that shows they are out of step for good.
fn differences(part: &str, texts: [&str; 2], may_differ: &[(&str, &str)]) -> Vec<Breach> {
    let [auth, user] = texts;
    let lines = auth.lines().map(Some).chain([None]).zip(user.lines().map(Some).chain([None]));
    let parts = lines.enumerate().filter(|(_, (a, b))| a != b);
    let open =
        parts.filter(|(_, (a, b))| !may_differ.contains(&(a.unwrap_or("").trim(), b.unwrap_or("").trim())));
    let breach = |(at, (a, b)): (usize, (Option<&str>, Option<&str>))| {
        let what = format!("{:?} stands beside {:?}", a.unwrap_or("(the end)"), b.unwrap_or("(the end)"));
        Breach::new(format!("the engines of auth and user, {part}:{}", at + 1), what, WHY)
    };
    open.map(breach).take(1).collect()
}

#[test]
fn the_two_engines_stay_equal() {
    let tree = Tree::read();
    let [auth, user] = TWINS.map(|engine| parts(&tree, engine));
    assert!(auth.contains(".rs"), "{TWINS:?} are not there");
    let both = auth.union(&user).flat_map(|part| {
        let texts = TWINS.map(|engine| tree.text(&format!("{engine}{part}")));
        differences(part, texts, &MAY_DIFFER)
    });
    holds("the engines of auth and user are one text", both);
}

#[test]
fn a_difference_is_told_unless_it_must_be() {
    assert_eq!(differences(".rs", ["a\nb\n", "a\nb\n"], &[]), []);
    assert_eq!(differences(".rs", ["a\nb\nc", "a\nx\nc"], &[]).len(), 1);
    assert_eq!(differences(".rs", ["a\n  b\nc", "a\n  x\nc"], &[("b", "x")]), []);
    assert_eq!(differences(".rs", ["a\nb", "a"], &[]).len(), 1);
}
