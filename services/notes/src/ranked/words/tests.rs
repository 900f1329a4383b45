//! What a word is in languages that differ in it.

use proptest::prelude::*;

use super::super::tests::texts;
use super::*;

fn folded_words(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    words(text, |word, _| found.push(word.to_owned()));
    found
}

#[test]
fn letters_and_digits_in_a_row_are_a_word() {
    assert_eq!(
        folded_words("Don't e-mail x_1 at 3.14!"),
        ["don", "t", "e", "mail", "x", "1", "at", "3", "14"]
    );
    assert_eq!(folded_words("H2O, B12"), ["h2o", "b12"]);
}

#[test]
fn scripts_without_blanks_have_a_word_for_each_char() {
    assert_eq!(folded_words("東京タワー2階"), ["東", "京", "タ", "ワ", "ー", "2", "階"]);
    assert_eq!(folded_words("ｶﾞｿﾘﾝ"), ["ガ", "ソ", "リ", "ン"]);
    assert_eq!(folded_words("ที่นี่"), ["ที่", "นี่"]);
    assert_eq!(folded_words("한국어 책"), ["한국어", "책"]);
}

#[test]
fn emoji_are_words_whatever_their_colour() {
    assert_eq!(folded_words("I❤\u{FE0F}👍🏽!"), ["i", "❤", "👍"]);
    assert_eq!(folded_words("👩‍🍳"), ["👩", "🍳"]);
}

#[test]
fn what_is_not_seen_neither_parts_a_word_nor_belongs_to_it() {
    assert_eq!(
        folded_words("Zei\u{AD}tung \u{200F}مـــد\u{200F} می\u{200C}خواهم"),
        ["zeitung", "مد", "میخواهم"]
    );
    let mut places = Vec::new();
    words("\u{200F}ab\u{200F} \u{301}c\u{301}", |_, place| places.push(place));
    assert_eq!(places, [3..5, 11..14]);
}

#[test]
fn letters_that_unicode_does_not_decompose_are_spelled_out() {
    assert_eq!(
        folded_words("Ærøskøbing Œuvre Þór Đà ŁÓDŹ GROẞ"),
        ["aeroskobing", "oeuvre", "thor", "da", "lodz", "gross"]
    );
}

#[test]
fn a_word_counts_by_its_first_letters() {
    let long = "é".repeat(200);
    assert_eq!(folded_words(&long), ["e".repeat(128)]);
    assert_eq!(folded_words(&"x".repeat(200)), ["x".repeat(128)]);
}

proptest! {
    #[test]
    fn words_lie_in_the_text_in_order_and_between_chars(text in texts()) {
        let mut end = 0;
        let mut is_sound = true;
        words(&text, |word, place| {
            is_sound &= !word.is_empty() && end <= place.start && place.start < place.end;
            is_sound &= text.get(place.clone()).is_some();
            end = place.end;
        });
        prop_assert!(is_sound);
    }

    #[test]
    fn every_letter_and_digit_belongs_to_a_word(text in texts()) {
        let mut places = Vec::new();
        words(&text, |_, place| places.push(place));
        let counts = |char: &char| char.is_alphanumeric() && kind(*char) != Kind::Mark && *char != '\u{640}';
        for (at, char) in text.char_indices().filter(|(_, char)| counts(char)) {
            prop_assert!(places.iter().any(|place| place.contains(&at)), "{:?} in {:?}", char, text);
        }
    }

    #[test]
    fn a_folded_text_stays_as_it_is(text in texts()) {
        let once = fold::folded(&text);
        prop_assert_eq!(fold::folded(&once), once);
    }

    #[test]
    fn composed_and_decomposed_texts_have_the_same_words(text in texts()) {
        use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};
        let decomposed = DecomposingNormalizer::new_nfd().normalize(&text).into_owned();
        let composed = ComposingNormalizer::new_nfc().normalize(&text).into_owned();
        prop_assert_eq!(folded_words(&decomposed), folded_words(&text));
        prop_assert_eq!(folded_words(&composed), folded_words(&text));
    }
}
