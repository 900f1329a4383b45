//! The folding against Unicode's own data, and the search against its definition.

use icu_casemap::CaseMapper;
use proptest::prelude::*;

use super::*;

/// The table as Unicode's data gives it: neighbours with one shift, one or two apart, make a run.
fn runs_of_unicode() -> Vec<Run> {
    let unicode = CaseMapper::new();
    let mut runs: Vec<Run> = Vec::new();
    for char in '\0'..=char::MAX {
        let folded = unicode.simple_fold(char);
        if folded == char {
            continue;
        }
        let shift = i32::try_from(i64::from(u32::from(folded)) - i64::from(u32::from(char))).unwrap();
        match runs.last_mut() {
            Some(run) if run.shift == shift && continues(run, char) => {
                run.step = u32::from(char) - u32::from(run.last);
                run.last = char;
            }
            _ => runs.push(Run { first: char, last: char, step: 1, shift }),
        }
    }
    runs
}

fn continues(run: &Run, char: char) -> bool {
    let step = u32::from(char) - u32::from(run.last);
    (step == 1 || step == 2) && (run.first == run.last || run.step == step)
}

/// The text between the brackets of `table.rs`.
fn source_of(runs: &[Run]) -> String {
    let line = |run: &Run| {
        let (first, last) = (u32::from(run.first), u32::from(run.last));
        format!("    run('\\u{{{first:04x}}}', '\\u{{{last:04x}}}', {}, {}),\n", run.step, run.shift)
    };
    runs.iter().map(line).collect()
}

/// A newer Unicode changes the table: paste what this test prints.
#[test]
fn the_table_is_what_unicode_gives() {
    let expected = runs_of_unicode();
    assert!(
        table::RUNS == expected.as_slice(),
        "services/notes/src/folding/table.rs should be:\n{}",
        source_of(&expected)
    );
}

#[test]
fn every_char_folds_as_unicode_says_and_only_once() {
    let unicode = CaseMapper::new();
    for char in '\0'..=char::MAX {
        assert_eq!(fold(char), unicode.simple_fold(char), "{char:?}");
        assert_eq!(fold(fold(char)), fold(char), "{char:?}");
    }
}

fn found(needle: &str, content: &str) -> bool {
    Needle::new(needle).is_in("", content)
}

#[test]
fn letters_meet_across_case_where_one_char_is_one_char() {
    for (needle, content) in [
        ("STRASSE", "strasse"),
        ("ẞ", "Straße"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("ς", "Σ"),
        ("ſ", "S"),
        ("K", "k"),
        ("Å", "å"),
        ("ꭰ", "Ꭰ"),
        ("𐐀", "𐐨"),
        ("ǅ", "Ǆ"),
        ("İSTANBUL", "İstanbul"),
        ("", "anything"),
    ] {
        assert!(found(needle, content), "{needle} in {content}");
    }
}

#[test]
fn what_would_need_more_than_one_char_stays_apart() {
    for (needle, content) in [
        ("ss", "ß"),
        ("i", "İ"),
        ("i", "ı"),
        ("I", "ı"),
        ("fi", "ﬁ"),
        ("é", "e\u{301}"),
        ("\u{307}", "İ"),
        ("ŉ", "ʼn"),
    ] {
        assert!(!found(needle, content), "{needle} in {content}");
    }
}

#[test]
fn no_sign_has_a_special_meaning() {
    for sign in ["%", "_", "*", "?", "\\", "\"", "'", "[", "$1", ".", "\u{feff}"] {
        assert!(found(sign, &format!("a{sign}b")), "{sign}");
        assert!(!found(sign, "ab"), "{sign}");
    }
}

#[test]
fn a_match_does_not_reach_from_title_into_content() {
    let mut needle = Needle::new("ab");
    assert!(!needle.is_in("a", "b"));
    assert!(needle.is_in("ab", ""));
    assert!(needle.is_in("", "xAB"));
}

/// Chars that fold in unusual ways, beside plain ones, so that random texts meet often.
fn nasty_text(length: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = String> {
    let chars: Vec<char> = "aAsSkKiI%_ſßẞσςΣİıKÅåéÉµμΜǅǆﬁ\u{301}\u{307}\u{345}ͅιι东🙂ꭰᎠ".chars().collect();
    proptest::collection::vec(proptest::sample::select(chars), length).prop_map(String::from_iter)
}

fn naively_found(needle: &str, text: &str) -> bool {
    let unicode = CaseMapper::new();
    let folded = |text: &str| text.chars().map(|char| unicode.simple_fold(char)).collect::<Vec<_>>();
    let (needle, text) = (folded(needle), folded(text));
    needle.is_empty() || text.windows(needle.len()).any(|window| window == needle)
}

proptest! {
    #[test]
    fn a_search_finds_what_a_naive_scan_finds(
        needle in nasty_text(0..4), title in nasty_text(0..12), content in nasty_text(0..24),
    ) {
        let expected = naively_found(&needle, &title) || naively_found(&needle, &content);
        prop_assert_eq!(Needle::new(&needle).is_in(&title, &content), expected);
    }

    #[test]
    fn every_part_of_a_text_is_found_in_it(text in "\\PC{0,40}", from in 0..40_usize, length in 0..40_usize) {
        let part: String = text.chars().skip(from).take(length).collect();
        prop_assert!(found(&part, &text));
    }
}
