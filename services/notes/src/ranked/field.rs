//! One text of a note, taken apart into words, and where in it a term is found.
//!
//! The definition of a match: the index has to find the notes in which a term has a place here.

use std::ops::Range;

use super::words;

/// The words of a text.
#[derive(Debug, Default)]
pub(crate) struct Field {
    /// The folded words, one after the other.
    folded: String,
    words: Vec<Word>,
}

/// A word: where its folded form lies among the others, and where it stands in the text.
#[derive(Debug)]
struct Word {
    folded: Range<usize>,
    place: Range<usize>,
}

impl Field {
    /// Takes `text` apart.
    pub(crate) fn of(text: &str) -> Self {
        let mut field = Self::default();
        words(text, |word, place| {
            let start = field.folded.len();
            field.folded.push_str(word);
            field.words.push(Word { folded: start..field.folded.len(), place });
        });
        field
    }

    /// The folded words, in order.
    pub(crate) fn words(&self) -> impl ExactSizeIterator<Item = &str> {
        self.words.iter().map(|word| self.text(word))
    }

    /// Where the words stand, in order.
    pub(super) fn places(&self) -> impl Iterator<Item = &Range<usize>> {
        self.words.iter().map(|word| &word.place)
    }

    /// Where `words` follow each other, the last one perhaps going on, in order; such places may overlap.
    pub(crate) fn find(&self, words: &[String], is_prefix: bool) -> impl Iterator<Item = Range<usize>> {
        // A term has a word; without one it would be everywhere.
        let length = words.len().max(1);
        self.words.windows(length).filter_map(move |window| {
            let (first, last) = (window.first()?, window.last()?);
            let (wanted_last, wanted_others) = words.split_last()?;
            let is_last = if is_prefix {
                self.text(last).starts_with(wanted_last)
            } else {
                self.text(last) == wanted_last
            };
            let are_others =
                || window.iter().zip(wanted_others).all(|(word, wanted)| self.text(word) == wanted);
            (is_last && are_others()).then_some(first.place.start..last.place.end)
        })
    }

    fn text(&self, word: &Word) -> &str {
        self.folded.get(word.folded.clone()).unwrap_or_default()
    }
}
