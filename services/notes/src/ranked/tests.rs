//! What a query finds, over texts of many languages.

use proptest::prelude::*;

use super::*;

/// Pieces of texts: words of eight languages, emoji, what queries and pages are made of, and what is in between.
const PIECES: [&str; 56] = [
    "milk",
    "Milk",
    "recipe",
    "e-mail",
    "Straße",
    "STRASSE",
    "Käse",
    "Kase",
    "ﬁsh",
    "İstanbul",
    "ISPARTA",
    "ılık",
    "ΣΊΣΥΦΟΣ",
    "σίσυφος",
    "Łódź",
    "北京",
    "東京タワー",
    "がっこう",
    "ｶﾞ",
    "한국어",
    "مَدْرَسَة",
    "مدرسة",
    "ภาษาไทย",
    "किताब",
    "🍞",
    "👩‍🍳",
    "👍🏽",
    "1️⃣",
    "12",
    "3.14",
    "é",
    "e\u{301}",
    "\u{301}",
    "a\u{AD}b",
    "ß",
    "\u{10FFFD}",
    "OR",
    "or",
    "-",
    "--",
    "\"",
    "“",
    "”",
    "*",
    "title:",
    "Tag:",
    "tag:\"",
    "foo:",
    "<script>",
    "</mark>",
    "&amp;",
    "'",
    " ",
    "  ",
    "\n",
    "!?",
];

/// Texts that may be anything: pieces in any order, and chars that are no words of anyone.
pub(super) fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => proptest::sample::select(PIECES.as_slice()).prop_map(str::to_owned),
        4 => Just(" ".to_owned()),
        1 => any::<char>().prop_filter("kept texts have none", |char| *char != '\0').prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// The query `text`.
pub(super) fn query(text: &str) -> Query {
    Query::read(text).unwrap()
}

fn tags(tags: &[&str]) -> Vec<Text> {
    tags.iter().map(|tag| Text::new((*tag).to_owned()).unwrap()).collect()
}

fn finds(text: &str, content: &str) -> bool {
    query(text).is_in("", content, &[])
}

#[test]
fn words_are_found_in_any_order_and_all_of_them() {
    assert!(finds("bread milk", "Milk and bread"));
    assert!(!finds("bread butter", "Milk and bread"));
    assert!(!finds("mil", "Milk and bread"));
}

#[test]
fn one_of_the_choices_is_enough_and_no_excluded_one_is_there() {
    assert!(finds("milk OR butter bread", "bread and butter"));
    assert!(!finds("milk OR butter bread", "milk and butter"));
    assert!(finds("bread -milk", "bread and butter"));
    assert!(!finds("bread -milk", "bread and milk"));
}

#[test]
fn a_phrase_is_found_within_one_field_and_in_its_order() {
    assert!(finds("\"bread and milk\"", "Bread, and... MILK!"));
    assert!(!finds("\"bread milk\"", "bread and milk"));
    assert!(!query("\"bread milk\"").is_in("bread", "milk", &[]));
}

#[test]
fn the_last_word_of_a_phrase_may_go_on() {
    assert!(finds("\"fresh mi\"*", "fresh milk"));
    assert!(!finds("\"fre mi\"*", "fresh milk"));
    assert!(finds("mi*", "fresh milk") && finds("e-ma*", "an e-mail"));
}

#[test]
fn a_title_and_a_tag_are_asked_for_by_name() {
    assert!(query("title:milk").is_in("Milk", "", &[]) && !query("title:milk").is_in("", "milk", &[]));
    assert!(query("milk").is_in("Milk", "", &[]));
    let noted = tags(&["To Do", "C++"]);
    for text in ["tag:\"to do\"", "tag:c++", "-tag:c", "tag:x OR tag:\"TO DO\""] {
        assert!(query(text).is_in("", "", &noted), "{text}");
    }
    assert!(!query("tag:to").is_in("", "", &noted));
}

#[test]
fn case_and_diacritics_make_no_difference_in_any_script() {
    for (text, content) in [
        ("cafe", "Café"),
        ("strasse", "STRAẞE"),
        ("koln", "Köln"),
        ("isparta", "ISPARTA"),
        ("istanbul", "İSTANBUL"),
        ("ilik", "ILIK ılık"),
        ("σισυφος", "ΣΊΣΥΦΟΣ"),
        ("lodz", "Łódź"),
        ("مدرسة", "مَدْرَسَة"),
        ("ガ", "ｶﾞ"),
        ("東京", "私は東京都"),
        ("한국", "한국"),
        ("fish", "ﬁsh"),
        ("🍞", "buy 🍞!"),
    ] {
        assert!(finds(text, content), "{text} in {content}");
    }
}

#[test]
fn what_tells_words_apart_is_kept() {
    for (text, content) in [("か", "が"), ("京東", "東京"), ("कि", "का"), ("한", "하"), ("o", "ö̲x")]
    {
        assert!(!finds(text, content), "{text} in {content}");
    }
}

#[test]
fn nothing_asked_for_is_every_note_and_a_text_without_words_is_none() {
    assert!(finds("", "x") && finds(" \n ", "x"));
    assert!(!finds("!?", "!?") && !finds("\"\"", "x"));
    assert!(finds("x !?", "x"));
}

proptest! {
    #[test]
    fn a_note_is_found_by_all_its_words_and_by_none_that_is_excluded(content in texts()) {
        let mut held = Vec::new();
        words(&content, |_, place| held.extend(content.get(place).map(str::to_owned)));
        for word in &held {
            prop_assert!(finds(&format!("\"{word}\""), &content), "{word:?}");
            prop_assert!(!finds(&format!("-\"{word}\""), &content), "{word:?}");
        }
    }

    #[test]
    fn a_text_in_quotes_is_found_in_itself(content in texts()) {
        let quoted = content.replace(['"', '“', '”', '„'], " ");
        let mut has_words = false;
        words(&quoted, |_, _| has_words = true);
        if has_words {
            let found = finds(&format!("\"{quoted}\""), &content);
            prop_assert!(found);
        }
    }
}
