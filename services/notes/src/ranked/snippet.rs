//! The piece of a content that is shown in a list of answers: where most of the marks are close together.
//!
//! Knows no query, only marks; what it gives is safe to be put into a page.

use std::ops::Range;

use super::field::Field;

/// Chars of a piece at most: about two lines of a list.
const CHARS_MAX: usize = 160;
/// Chars of it before the first mark at most: enough to see what the mark is about, few enough to see it at once.
const CHARS_BEFORE: usize = 40;

/// The piece of `content`, whose words are `field`, with what is in `places` marked. It is cut between words and has
/// no blanks around it; unescaped and without the marks it is found in the content.
pub(super) fn html(content: &str, field: &Field, places: &[Range<usize>]) -> String {
    let piece = trimmed(content, piece(content, field, places));
    let mut html = String::new();
    let mut at = piece.start;
    for place in places {
        let (start, end) = (place.start.max(at), place.end.min(piece.end));
        if start < end {
            escape(content, at..start, &mut html);
            html.push_str("<mark>");
            escape(content, start..end, &mut html);
            html.push_str("</mark>");
            at = end;
        }
    }
    escape(content, at..piece.end, &mut html);
    html
}

fn piece(content: &str, field: &Field, places: &[Range<usize>]) -> Range<usize> {
    let first =
        densest(content, places).or_else(|| field.places().next().map(|word| word.start)).unwrap_or(0);
    let start = match back(content, first, CHARS_BEFORE) {
        0 => 0,
        // A mark is where a word begins, so the next word does not begin after it.
        start => field.places().map(|word| word.start).find(|word| *word >= start).unwrap_or(first),
    };
    let end = forth(content, start, CHARS_MAX);
    let cut = field.places().find(|word| word.start < end && end < word.end);
    // Nothing would be left of a first word that is longer than the piece.
    let end = cut.map(|word| word.start).filter(|start| *start > first).unwrap_or(end);
    start..end
}

/// Where the mark begins that has the most marks close behind it, the first of them if there are several.
fn densest(content: &str, places: &[Range<usize>]) -> Option<usize> {
    let mut best = None;
    for (at, place) in places.iter().enumerate() {
        let end = forth(content, place.start, CHARS_MAX - CHARS_BEFORE);
        let count = places.iter().skip(at).take_while(|place| place.end <= end).count();
        if best.is_none_or(|(most, _)| count > most) {
            best = Some((count, place.start));
        }
    }
    best.map(|(_, start)| start)
}

/// The byte `count` chars before `from`, or the first one.
fn back(text: &str, from: usize, count: usize) -> usize {
    let before = text.get(..from).unwrap_or_default();
    before.char_indices().rev().take(count).last().map_or(from, |(at, _)| at)
}

/// The byte `count` chars after `from`, or the end.
fn forth(text: &str, from: usize, count: usize) -> usize {
    let after = text.get(from..).unwrap_or_default();
    after.char_indices().nth(count).map_or(text.len(), |(at, _)| from + at)
}

fn trimmed(text: &str, piece: Range<usize>) -> Range<usize> {
    let inside = text.get(piece.clone()).unwrap_or_default();
    let start = piece.end - inside.trim_start().len();
    start..(start + inside.trim().len())
}

fn escape(text: &str, piece: Range<usize>, html: &mut String) {
    for char in text.get(piece).unwrap_or_default().chars() {
        match char {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            char => html.push(char),
        }
    }
}
