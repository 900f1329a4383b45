//! That the invariants of ARCHITECTURE.md are guarded by tests that exist, and promises proven by such.

use std::collections::BTreeSet;

use crate::rule::{Breach, holds};
use crate::source::{Source, Token, tokens};
use crate::tidy::markdown::prose;
use crate::tree::Tree;

const PAGE: &str = "ARCHITECTURE.md";
/// Says which test proves which promise.
const PROOFS: &str = "tests/README.md";
const HEADING: &str = "## Invariants";
const GUARD: &str = "guard:";

/// A sentence of the list, with the line it begins on.
struct Invariant {
    line: usize,
    text: String,
}

/// The list items below the heading; an item goes on until the next one or an empty line.
fn invariants(page: &str) -> Vec<Invariant> {
    let section = prose(page).skip_while(|(_, line)| line.trim_end() != HEADING).skip(1);
    let mut items: Vec<Invariant> = Vec::new();
    let mut is_open = false;
    for (line, text) in section.take_while(|(_, line)| !line.starts_with("## ")) {
        if let Some(text) = text.strip_prefix("- ") {
            items.push(Invariant { line, text: text.to_owned() });
            is_open = true;
        } else if text.trim().is_empty() {
            is_open = false;
        } else if let Some(item) = items.last_mut().filter(|_| is_open) {
            item.text = format!("{} {}", item.text, text.trim());
        }
    }
    items
}

/// What stands in backticks behind each `guard:` of a text; a list of them has commas or `and` between.
fn guards(text: &str) -> Vec<&str> {
    let mut guards = Vec::new();
    for list in text.split(GUARD).skip(1) {
        let mut parts = list.trim_start().split('`');
        let mut expected: &[&str] = &[""];
        while parts.next().is_some_and(|between| expected.contains(&between.trim())) {
            guards.extend(parts.next());
            expected = &[",", "and", ", and"];
        }
    }
    guards
}

fn unguarded(page: &str, tests: &BTreeSet<String>) -> Vec<Breach> {
    let invariants = invariants(page);
    let mut breaches = Vec::new();
    if invariants.is_empty() {
        let remedy = "list them there: `- <sentence> — guard: `test_name``";
        breaches.push(Breach::new(PAGE, format!("has no invariants below `{HEADING}`"), remedy));
    }
    for invariant in invariants.iter().filter(|invariant| guards(&invariant.text).is_empty()) {
        let remedy = "end it with `— guard: `test_name``: what nothing guards is a wish";
        let what = format!("{:?} has no guard", invariant.text);
        breaches.push(Breach::new(format!("{PAGE}:{}", invariant.line), what, remedy));
    }
    let named = guards(page).into_iter().map(|guard| guard.rsplit("::").next().unwrap_or(guard));
    for guard in named.filter(|guard| !tests.contains(*guard)) {
        let remedy = "name a function marked as a test: follow it to its new name, or write it";
        breaches.push(Breach::new(PAGE, format!("the guard {guard} is no test of this tree"), remedy));
    }
    breaches
}

/// The tests that a page names: in backticks, words joined by underscores and nothing else.
fn unknown_tests(page: &str, tests: &BTreeSet<String>) -> Vec<Breach> {
    let is_name = |text: &&str| {
        text.matches('_').count() > 2
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let named = page.split('`').skip(1).step_by(2).filter(is_name);
    let remedy = "name a function marked as a test: follow it to its new name, or write it";
    let breach = |name| Breach::new(PROOFS, format!("{name} is no test of this tree"), remedy);
    named.filter(|name| !tests.contains(*name)).map(breach).collect()
}

/// The names of the functions marked `#[test]` or `#[tokio::test]`, also with arguments.
fn test_names(code: &str) -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    let mut is_marked = false;
    for pair in tokens(code).windows(2) {
        match pair {
            [(Token::Mark('[') | Token::Colons, _), (Token::Word("test"), _)] => is_marked = true,
            [(Token::Word("fn"), _), (Token::Word(name), _)] => {
                if is_marked {
                    tests.insert((*name).to_owned());
                }
                is_marked = false;
            }
            _ => {}
        }
    }
    tests
}

fn all_tests(tree: &Tree) -> BTreeSet<String> {
    tree.with("rs").flat_map(|file| test_names(&Source::of(&file.text).code)).collect()
}

#[test]
fn every_promise_is_proven_by_a_test() {
    let tree = Tree::read();
    let unknown = unknown_tests(tree.text(PROOFS), &all_tests(&tree));
    holds("each test that tests/README.md names is there", unknown);
}

#[test]
fn every_invariant_is_guarded_by_a_test() {
    let tree = Tree::read();
    let tests = all_tests(&tree);
    holds("each invariant of ARCHITECTURE.md names its guard", unguarded(tree.text(PAGE), &tests));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_that_does_not_exist_is_told() {
        let tests = BTreeSet::from(["what_is_promised_is_so".to_owned()]);
        let page = "`what_is_promised_is_so`, `what_is_not_is_not`, `make fuzz`, `tests/it/a_b_c_d.rs`";
        assert_eq!(unknown_tests(page, &tests).len(), 1);
    }

    fn told(page: &str) -> Vec<String> {
        let tests = ["arrows_hold", "rings_hold"].map(str::to_owned).into();
        unguarded(page, &tests).into_iter().map(|breach| breach.what).collect()
    }

    #[test]
    fn a_guarded_invariant_is_fine_however_it_is_wrapped() {
        let page = "# A\n## Invariants\n\nEach is an absence.\n\n- No service imports another —\n  guard: `arrows_hold`\n\
                    - Handlers\n  hold no rules — guard: `house::rings_hold`, `arrows_hold` and the `reader`\n\nMore.\n## B\n- c";
        assert_eq!(told(page), [""; 0]);
        assert_eq!(invariants(page).len(), 2);
    }

    #[test]
    fn an_invariant_without_a_guard_is_told() {
        assert_eq!(told("## Invariants\n- Nothing `panics`.\n"), ["\"Nothing `panics`.\" has no guard"]);
        assert_eq!(told("# A\nNone yet.\n"), ["has no invariants below `## Invariants`"]);
    }

    #[test]
    fn a_guard_that_does_not_exist_is_told() {
        let page = "## Invariants\n- A — guard: `arrows_hold`, `ghost`\n";
        assert_eq!(told(page), ["the guard ghost is no test of this tree"]);
    }

    #[test]
    fn only_marked_functions_are_tests() {
        let code = "#[test]\nfn a() {}\nfn b() {}\n#[tokio::test(flavor = x)]\nasync fn c() {}\n#[cfg(test)]\nmod t {}";
        assert_eq!(test_names(code).into_iter().collect::<Vec<_>>(), ["a", "c"]);
    }
}
