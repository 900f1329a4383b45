//! Queries as people type them, and any text at all.

use proptest::prelude::*;

use super::super::tests::{query, texts};
use super::*;

fn wanted(choices: impl IntoIterator<Item = Term>) -> Clause {
    Clause { is_excluded: false, choices: choices.into_iter().collect() }
}

fn excluded(term: Term) -> Clause {
    Clause { is_excluded: true, choices: vec![term] }
}

fn term(scope: Scope, text: &str, is_prefix: bool) -> Term {
    Term::Words { scope, words: text.split(' ').map(str::to_owned).collect(), is_prefix }
}

fn anywhere(text: &str) -> Term {
    term(Scope::Anywhere, text, false)
}

fn beginning(text: &str) -> Term {
    term(Scope::Anywhere, text, true)
}

fn title(text: &str) -> Term {
    term(Scope::Title, text, false)
}

fn tag(text: &str) -> Term {
    Term::Tag(text.to_owned())
}

#[track_caller]
fn reads(text: &str, clauses: impl IntoIterator<Item = Clause>) {
    assert_eq!(query(text).clauses, clauses.into_iter().collect::<Vec<_>>(), "{text}");
}

/// `text` is what is looked for, a term for each item.
#[track_caller]
fn is_text(text: &str, terms: &[&str]) {
    reads(text, terms.iter().map(|term| wanted([anywhere(term)])));
}

#[test]
fn words_phrases_and_beginnings_are_told_apart() {
    is_text("Fresh  MILK\n", &["fresh", "milk"]);
    is_text("\"Fresh milk\" e-mail 東京", &["fresh milk", "e mail", "東 京"]);
    is_text("“fresh milk” „a b“", &["fresh milk", "a b"]);
    reads(
        "mil* \"fresh mi\"* e-ma**",
        [wanted([beginning("mil")]), wanted([beginning("fresh mi")]), wanted([beginning("e ma")])],
    );
}

#[test]
fn fields_are_named_in_any_case() {
    reads(
        "title:Milk Title:\"a b\" title:mi* TAG:Work tag:\"to do\"",
        [
            wanted([title("milk")]),
            wanted([title("a b")]),
            wanted([term(Scope::Title, "mi", true)]),
            wanted([tag("work")]),
            wanted([tag("to do")]),
        ],
    );
}

#[test]
fn a_minus_before_an_item_excludes_it() {
    reads(
        "-milk -\"a b\" -tag:x -title:y -mi*",
        [
            excluded(anywhere("milk")),
            excluded(anywhere("a b")),
            excluded(tag("x")),
            excluded(title("y")),
            excluded(beginning("mi")),
        ],
    );
}

#[test]
fn or_joins_its_neighbours_and_binds_tighter_than_a_blank() {
    reads(
        "a b OR tag:c OR \"d e\" f",
        [
            wanted([anywhere("a")]),
            wanted([anywhere("b"), tag("c"), anywhere("d e")]),
            wanted([anywhere("f")]),
        ],
    );
    reads("a OR A", [wanted([anywhere("a")])]);
}

#[test]
fn what_cannot_be_an_operator_is_text() {
    is_text("OR a", &["or", "a"]);
    is_text("a OR", &["a", "or"]);
    is_text("a or b", &["a", "or", "b"]);
    is_text("a OR !?", &["a", "or"]);
    is_text("\"OR\" OR", &["or", "or"]);
    reads("a OR OR b", [wanted([anywhere("a")]), wanted([anywhere("or"), anywhere("b")])]);
    reads("-a OR b", [excluded(anywhere("a")), wanted([anywhere("or")]), wanted([anywhere("b")])]);
    reads("a OR -b", [wanted([anywhere("a")]), wanted([anywhere("or")]), excluded(anywhere("b"))]);
    is_text("\"a b", &["a", "b"]);
    is_text("a\"b c\"", &["a b", "c"]);
    is_text("- a", &["a"]);
    is_text("--verbose a-b -- -", &["verbose", "a b"]);
    is_text("foo: foo:bar title: tag: tag:\"\"", &["foo", "foo bar", "title", "tag", "tag"]);
    is_text("w*d * a-*", &["w d", "a"]);
}

#[test]
fn a_text_without_words_finds_nothing_unless_there_are_others() {
    let nothing = || Clause { is_excluded: false, choices: Vec::new() };
    reads("", []);
    reads(" \t ", []);
    for text in ["!?", "-", "\"\"", "*", "-!?", "\u{301}"] {
        reads(text, [nothing()]);
    }
    is_text("!? a", &["a"]);
}

#[test]
fn a_query_has_at_most_1000_utf_16_units() {
    assert!(Query::read(&"🙂".repeat(500)).is_some());
    assert!(Query::read(&format!("{}x", "🙂".repeat(500))).is_none());
}

/// A term as a person would type it.
fn typed(term: &Term) -> String {
    match term {
        Term::Tag(name) => format!("tag:\"{name}\""),
        Term::Words { scope, words, is_prefix } => {
            let name = if *scope == Scope::Title { "title:" } else { "" };
            format!("{name}\"{}\"{}", words.join(" "), if *is_prefix { "*" } else { "" })
        }
    }
}

fn any_term() -> impl Strategy<Value = Term> {
    let word =
        proptest::sample::select(["milk", "or", "tag", "strasse", "σισυφοσ", "京", "مدرسة", "🍞"].as_slice());
    let words = prop::collection::vec(word.prop_map(str::to_owned), 1..4);
    let scope = prop_oneof![Just(Scope::Anywhere), Just(Scope::Title)];
    prop_oneof![
        4 => (scope, words, any::<bool>())
            .prop_map(|(scope, words, is_prefix)| Term::Words { scope, words, is_prefix }),
        1 => "[a-z+]{1,4}( [a-z]{1,3})?".prop_map(Term::Tag),
    ]
}

fn any_clause() -> impl Strategy<Value = Clause> {
    let choices = prop::collection::vec(any_term(), 1..4).prop_map(|mut choices| {
        let mut kept: Vec<Term> = Vec::new();
        choices.retain(|term| {
            !kept.contains(term) && {
                kept.push(term.clone());
                true
            }
        });
        choices
    });
    prop_oneof![2 => choices.prop_map(wanted), 1 => any_term().prop_map(excluded)]
}

proptest! {
    #[test]
    fn what_is_typed_is_what_is_read(clauses in prop::collection::vec(any_clause(), 0..6)) {
        let typed: Vec<_> = clauses.iter().map(|clause| {
            let choices: Vec<_> = clause.choices.iter().map(typed).collect();
            format!("{}{}", if clause.is_excluded { "-" } else { "" }, choices.join(" OR "))
        }).collect();
        prop_assert_eq!(query(&typed.join(" ")).clauses, clauses, "{:?}", typed);
    }

    #[test]
    fn no_text_is_refused_and_none_of_its_words_lost(text in texts()) {
        let read = query(&text);
        let terms: Vec<_> = read.clauses.iter().flat_map(|clause| &clause.choices).collect();
        let holds = |term: &Term, word: &str| match term {
            Term::Words { words, .. } => words.iter().any(|kept| kept == word),
            Term::Tag(name) => name.contains(word),
        };
        let mut lost = Vec::new();
        words(&text, |word, _| {
            if !["or", "title", "tag"].contains(&word) && !terms.iter().any(|term| holds(term, word)) {
                lost.push(word.to_owned());
            }
        });
        prop_assert!(lost.is_empty(), "{:?} of {:?}", lost, text);
    }

    #[test]
    fn every_text_of_words_only_asks_for_each(found in prop::collection::vec("[a-zäöü]{1,8}", 0..9)) {
        let terms = found.iter().map(|word| wanted([anywhere(&folded(word))]));
        prop_assert_eq!(query(&found.join(" ")).clauses, terms.collect::<Vec<_>>());
    }

    #[test]
    fn no_clause_is_without_a_choice_but_the_one_that_finds_nothing(text in texts()) {
        let clauses = query(&text).clauses;
        prop_assert!(clauses.len() == 1 || clauses.iter().all(|clause| !clause.choices.is_empty()));
    }
}
