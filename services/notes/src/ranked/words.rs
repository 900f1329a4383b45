//! What the words of a text are, and where.
//!
//! Letters and digits in a row are a word; other characters stand between words. Scripts that leave no blanks have
//! one word for each char, and so have emoji and other symbols. The index and the queries both go by this alone.

use std::ops::Range;

use icu_properties::props::{GeneralCategory, LineBreak, Script};
use icu_properties::{CodePointMapData, CodePointMapDataBorrowed};

use super::fold;

/// Letters of a folded word that count: a SHA-512 in hexadecimal has as many. What is longer is equal when it begins
/// equally, so that no entry of an index is large.
const LETTERS_MAX: usize = 128;

const CATEGORIES: CodePointMapDataBorrowed<'static, GeneralCategory> = CodePointMapData::new();
const SCRIPTS: CodePointMapDataBorrowed<'static, Script> = CodePointMapData::new();
const LINE_BREAKS: CodePointMapDataBorrowed<'static, LineBreak> = CodePointMapData::new();

/// What a char does to the words around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Is part of a word with its neighbours.
    Letter,
    /// Is a word of its own.
    Whole,
    /// Belongs to the char before it.
    Mark,
    /// Is not there.
    Invisible,
    /// Is part of no word.
    Between,
}

/// Calls `each` with every word of `text`, folded, and its byte range, in order.
pub(crate) fn words(text: &str, mut each: impl FnMut(&str, Range<usize>)) {
    let mut folded = String::new();
    let mut give = |range: Range<usize>| {
        let Some(word) = text.get(range.clone()) else { return };
        folded.clear();
        fold_into(word, &mut folded);
        if !folded.is_empty() {
            each(&folded, range);
        }
    };
    let mut open: Option<(Range<usize>, Kind)> = None;
    for (at, char) in text.char_indices() {
        let end = at + char.len_utf8();
        let kind = kind(char);
        match (&mut open, kind) {
            (Some((range, Kind::Letter)), Kind::Letter) | (Some((range, _)), Kind::Mark) => range.end = end,
            (_, Kind::Letter | Kind::Whole) => {
                if let Some((range, _)) = open.replace((at..end, kind)) {
                    give(range);
                }
            }
            (_, Kind::Between) => {
                if let Some((range, _)) = open.take() {
                    give(range);
                }
            }
            (None, Kind::Mark) | (_, Kind::Invisible) => {}
        }
    }
    if let Some((range, _)) = open {
        give(range);
    }
}

fn fold_into(word: &str, folded: &mut String) {
    if word.is_ascii() {
        folded.extend(word.chars().take(LETTERS_MAX).map(|char| char.to_ascii_lowercase()));
    } else {
        folded.extend(fold::chars(word).take(LETTERS_MAX));
    }
}

fn kind(char: char) -> Kind {
    use GeneralCategory as Category;
    if char.is_ascii() {
        return if char.is_ascii_alphanumeric() { Kind::Letter } else { Kind::Between };
    }
    if fold::is_invisible(char) {
        return Kind::Invisible;
    }
    // Half-width marks of voicing are letters to Unicode.
    if fold::is_skin_tone(char) || matches!(char, '\u{FF9E}' | '\u{FF9F}') {
        return Kind::Mark;
    }
    match CATEGORIES.get(char) {
        Category::UppercaseLetter
        | Category::LowercaseLetter
        | Category::TitlecaseLetter
        | Category::DecimalNumber
        | Category::OtherNumber => Kind::Letter,
        Category::OtherLetter | Category::ModifierLetter | Category::LetterNumber => {
            if is_unspaced(char) {
                Kind::Whole
            } else {
                Kind::Letter
            }
        }
        Category::NonspacingMark | Category::SpacingMark | Category::EnclosingMark => Kind::Mark,
        // What is not known yet or is private to someone can at least be found again.
        Category::OtherSymbol | Category::PrivateUse | Category::Unassigned => Kind::Whole,
        _ => Kind::Between,
    }
}

/// Whether the script of `char` leaves no blanks between words.
fn is_unspaced(char: char) -> bool {
    // The sign that draws a vowel out is of two scripts, so of neither.
    matches!(char, 'ー' | 'ｰ')
        || matches!(
            SCRIPTS.get(char),
            Script::Han | Script::Hiragana | Script::Katakana | Script::Bopomofo | Script::Yi
        )
        || LINE_BREAKS.get(char) == LineBreak::ComplexContext
}

#[cfg(test)]
mod tests;
