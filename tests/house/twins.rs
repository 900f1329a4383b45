//! Two files that must stay equal, because no place exists where they could be one.

use crate::rule::{Breach, holds};
use crate::tree::Tree;

/// The engine of auth and the engine of user.
const TWINS: [&str; 2] = ["services/auth/src/store/engine.rs", "services/user/src/store/engine.rs"];

/// The lines that must differ, as they stand in each.
const MAY_DIFFER: [(&str, &str); 0] = [];

const WHY: &str = "auth and user each own a PoloDB, the chassis knows no database and siblings never import each \
                   other, so each has its copy: make the same change in both, or list a line that must differ in \
                   MAY_DIFFER in tests/house/twins.rs";

/// Each line where the two part, up to the first that shows they are out of step for good.
fn differences(texts: [&str; 2], may_differ: &[(&str, &str)]) -> Vec<Breach> {
    let [auth, user] = texts;
    let lines = auth.lines().map(Some).chain([None]).zip(user.lines().map(Some).chain([None]));
    let parts = lines.enumerate().filter(|(_, (a, b))| a != b);
    let open =
        parts.filter(|(_, (a, b))| !may_differ.contains(&(a.unwrap_or("").trim(), b.unwrap_or("").trim())));
    let breach = |(at, (a, b)): (usize, (Option<&str>, Option<&str>))| {
        let what = format!("{:?} stands beside {:?}", a.unwrap_or("(the end)"), b.unwrap_or("(the end)"));
        Breach::new(format!("{} and its twin, line {}", TWINS.first().unwrap_or(&""), at + 1), what, WHY)
    };
    open.map(breach).take(1).collect()
}

#[test]
fn the_two_engines_stay_equal() {
    let tree = Tree::read();
    let texts = TWINS.map(|path| tree.text(path));
    assert!(!texts.contains(&""), "one of {TWINS:?} is missing: {WHY}");
    holds("the engines of auth and user are one text", differences(texts, &MAY_DIFFER));
}

#[test]
fn a_difference_is_told_unless_it_must_be() {
    assert_eq!(differences(["a\nb\n", "a\nb\n"], &[]), []);
    assert_eq!(differences(["a\nb\nc", "a\nx\nc"], &[]).len(), 1);
    assert_eq!(differences(["a\n  b\nc", "a\n  x\nc"], &[("b", "x")]), []);
    assert_eq!(differences(["a\nb", "a"], &[]).len(), 1);
}
