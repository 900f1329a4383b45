//! Marks lie where they say, and no note can write into the page that shows it.

use proptest::prelude::*;

use super::super::tests::{query, texts};
use super::*;

/// The places of `text` that are marked.
fn marked(text: &str, places: &[Range<usize>]) -> Vec<String> {
    let units: Vec<u16> = text.encode_utf16().collect();
    places.iter().map(|place| String::from_utf16(&units[place.clone()]).unwrap()).collect()
}

fn in_content(text: &str, content: &str) -> Vec<String> {
    marked(content, &query(text).marks("", content).content)
}

fn snippet(text: &str, content: &str) -> String {
    query(text).marks("", content).snippet
}

fn unescaped(html: &str) -> String {
    let plain = html.replace("<mark>", "").replace("</mark>", "");
    let plain = plain.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    plain.replace("&amp;", "&")
}

#[test]
fn what_was_asked_for_is_marked_whole_and_in_utf_16_units() {
    assert_eq!(query("milk OR tea").marks("", "🙂 Milk, tea").content, [3..7, 9..12]);
    assert_eq!(in_content("cafe mil*", "Café, milkshake and cafeteria"), ["Café", "milkshake"]);
    assert_eq!(in_content("\"fresh milk\"", "fresh: milk, milk"), ["fresh: milk"]);
    assert_eq!(in_content("東京", "東の東京"), ["東京"]);
    assert_eq!(in_content("strasse", "die STRAẞE"), ["STRAẞE"]);
}

#[test]
fn what_overlaps_is_marked_once() {
    assert_eq!(in_content("\"a b\" \"b c\" b", "a b c"), ["a b c"]);
    assert_eq!(in_content("a* a", "a a"), ["a", "a"]);
    assert_eq!(in_content("\"x x\"", "x x x y"), ["x x x"]);
}

#[test]
fn a_title_is_marked_by_what_may_be_in_it_and_nothing_that_is_excluded_is() {
    let marks = query("title:milk bread -butter tag:x").marks("Milk bread butter", "milk bread butter");
    assert_eq!(marked("Milk bread butter", &marks.title), ["Milk", "bread"]);
    assert_eq!(marked("milk bread butter", &marks.content), ["bread"]);
}

#[test]
fn a_field_has_at_most_100_marks() {
    assert_eq!(query("x").marks("", &"x ".repeat(500)).content.len(), 100);
}

#[test]
fn a_note_cannot_write_into_the_page() {
    let hostile = "<script>alert('x')</script> </mark> &amp; \"milk\" <mark>";
    assert_eq!(
        snippet("milk mark", hostile),
        "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &lt;/<mark>mark</mark>&gt; &amp;amp; \
         &quot;<mark>milk</mark>&quot; &lt;<mark>mark</mark>&gt;"
    );
}

#[test]
fn a_snippet_shows_where_most_of_the_marks_are() {
    let content = format!("milk {} fresh milk and bread {}", "word ".repeat(100), "end ".repeat(100));
    let shown = snippet("milk bread", &content);
    assert!(shown.contains("fresh <mark>milk</mark> and <mark>bread</mark> end"), "{shown}");
    assert!(shown.starts_with("word ") && shown.ends_with(" end"), "{shown}");
}

#[test]
fn a_snippet_without_marks_is_the_beginning() {
    assert_eq!(snippet("tag:x", "  \n Fresh milk. "), "Fresh milk.");
    assert_eq!(snippet("", ""), "");
    let shown = snippet("", &"word ".repeat(100));
    assert!(shown.len() <= 160 && shown.ends_with("word"), "{shown}");
}

#[test]
fn a_word_longer_than_a_snippet_is_cut() {
    let shown = snippet("x*", &format!("a {} b", "x".repeat(500)));
    assert_eq!(shown, format!("a <mark>{}</mark>", "x".repeat(158)));
    assert_eq!(snippet("", &"x".repeat(500)), "x".repeat(160));
}

/// A text, and a query of some of its words and more.
fn searched() -> impl Strategy<Value = (String, String)> {
    (texts(), texts()).prop_flat_map(|(content, other)| {
        let length = content.chars().count();
        (Just(content), 0..=length, 0..=length, Just(other)).prop_map(|(content, from, count, other)| {
            let part: String = content.chars().skip(from).take(count).collect();
            (content, format!("{part} {other} m* \"a b\""))
        })
    })
}

proptest! {
    #[test]
    fn marks_lie_in_the_text_in_order_and_apart((content, text) in searched()) {
        let units: Vec<u16> = content.encode_utf16().collect();
        let marks = query(&text).marks(&content, &content);
        for places in [marks.title, marks.content] {
            let mut end = 0;
            for place in places {
                prop_assert!(end <= place.start && place.start < place.end && place.end <= units.len());
                prop_assert!(String::from_utf16(&units[place.clone()]).is_ok());
                end = place.end;
            }
        }
    }

    #[test]
    fn a_snippet_unescaped_is_a_piece_of_the_content((content, text) in searched()) {
        let content = content.repeat(4);
        let shown = snippet(&text, &content);
        prop_assert!(content.contains(&unescaped(&shown)), "{shown:?} in {content:?}");
        prop_assert!(unescaped(&shown).chars().count() <= 160);
        let bare = shown.replace("<mark>", "").replace("</mark>", "");
        prop_assert!(!bare.contains(['<', '>', '"', '\'']), "{shown:?}");
        prop_assert_eq!(shown.matches("<mark>").count(), shown.matches("</mark>").count());
    }

    #[test]
    fn a_snippet_shows_a_mark_where_the_content_has_one((content, text) in searched()) {
        let marks = query(&text).marks("", &content);
        prop_assert_eq!(marks.content.is_empty(), !marks.snippet.contains("<mark>"), "{:?}", marks);
    }

    #[test]
    fn an_answer_without_exclusions_tags_and_titles_has_a_mark(content in texts(), other in texts()) {
        let plain = query(&other.replace([':', '-'], " "));
        let has_words = plain.clauses.iter().any(|clause| !clause.is_excluded && !clause.choices.is_empty());
        if has_words && plain.is_in("", &content, &[]) {
            prop_assert!(!plain.marks("", &content).content.is_empty());
        }
    }
}
