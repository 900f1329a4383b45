//! What completes what, and in which order.

use proptest::prelude::*;

use super::*;

fn prompt(text: &str) -> Prompt {
    Prompt::new(&Text::new(text.to_owned()).unwrap()).unwrap()
}

fn completed(text: &str, titles: &[&str], tags: &[&str]) -> Vec<String> {
    let mut completions = Completions::of(prompt(text), 5);
    for title in titles {
        completions.offer(title, Source::Title, 1);
    }
    for tag in tags {
        completions.offer(tag, Source::Tag, 1);
    }
    completions.into_best().into_iter().map(|completion| completion.text).collect()
}

#[test]
fn a_word_of_a_title_or_a_tag_begins_like_the_last_word() {
    assert_eq!(
        completed("so", &["Onion soup", "Also", "Soap"], &["sold", "also"]),
        ["sold", "Soap", "Onion soup"]
    );
    assert_eq!(completed("KÄ", &["Der Kase", "Küche"], &[]), ["Der Kase"]);
    assert_eq!(completed("東", &["私の東京", "京"], &[]), ["私の東京"]);
}

#[test]
fn what_has_the_words_before_as_well_comes_first() {
    assert_eq!(completed("onion so", &["Soap", "Soup of onion"], &["so"]), ["Soup of onion", "so", "Soap"]);
}

#[test]
fn nothing_completes_a_text_without_words() {
    assert!(completed("", &["a"], &["b"]).is_empty() && completed(" !? ", &["a"], &[]).is_empty());
}

#[test]
fn what_more_notes_have_comes_first_and_then_what_comes_first_in_the_alphabet() {
    let mut completions = Completions::of(prompt("a"), 3);
    for (tag, count) in [("ab", 1), ("ac", 2), ("aa", 1), ("ad", 1)] {
        completions.offer(tag, Source::Tag, count);
    }
    let best: Vec<_> = completions.into_best().into_iter().map(|best| (best.text, best.count)).collect();
    assert_eq!(best, [("ac".to_owned(), 2), ("aa".to_owned(), 1), ("ab".to_owned(), 1)]);
}

#[test]
fn a_prompt_has_at_most_1000_utf_16_units() {
    let units = |text: String| Prompt::new(&Text::new(text).unwrap());
    assert!(units("🙂".repeat(500)).is_some() && units(format!("{}x", "🙂".repeat(500))).is_none());
}

proptest! {
    #[test]
    fn the_best_are_the_same_in_any_order_of_offers(
        offers in prop::collection::btree_map("[ab]{1,3}( [ab]{1,3})?", 1..3_u64, 0..40),
        typed in "[ab]{1,2}( [ab])?",
    ) {
        let best = |offers: Vec<(&String, &u64)>| {
            let mut completions = Completions::of(prompt(&typed), 4);
            for (text, count) in offers {
                completions.offer(text, Source::Title, *count);
            }
            completions.into_best()
        };
        let forward = best(offers.iter().collect());
        prop_assert_eq!(&best(offers.iter().rev().collect()), &forward);
        let fitting = offers.keys().filter(|text| prompt(&typed).fit(text).is_some()).count();
        prop_assert_eq!(forward.len(), fitting.min(4));
    }
}
