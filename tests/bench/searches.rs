//! What is searched for: needles of each kind, with the totals that a naive scan of the same texts gives.
//!
//! Knows the texts and nothing of requests; a fast wrong answer is no answer.

use crate::Failure;
use crate::text::{Draft, HAN};

/// Searches per row, so that one remembered answer does not make the figure.
const SEARCHES: usize = 16;
/// The shortest word searched for as a whole; shorter ones are letters in the middle of everything.
const WORD_CHARS: usize = 4;
/// Of 1,000 notes, how many mention a common word.
const COMMON: std::ops::Range<usize> = 100..500;
/// Of 1,000 notes, how many at most mention a rare word; it is in one at least.
const RARE: usize = 5;

/// A search with the number of notes it has to find.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    /// A lower-case text.
    pub(crate) text: String,
    /// How many notes hold it.
    pub(crate) total: usize,
}

/// Searches over the notes of one author.
#[derive(Debug)]
pub(crate) struct Searches {
    /// Words of many notes, anywhere in the text.
    pub(crate) common: Vec<Search>,
    /// Words of very few, anywhere in the text.
    pub(crate) rare: Vec<Search>,
    /// Two letters.
    pub(crate) two: Vec<Search>,
    /// Two words that follow each other.
    pub(crate) phrase: Vec<Search>,
    /// Two characters of a script without spaces.
    pub(crate) han: Vec<Search>,
    /// Words of many notes, as whole words.
    pub(crate) common_words: Vec<Search>,
    /// Words of very few, as whole words.
    pub(crate) rare_words: Vec<Search>,
    /// Two words of many notes, as whole words in any order.
    pub(crate) pairs: Vec<Search>,
}

impl Searches {
    /// Searches for what `notes`, which are written in `words` (the commonest first), hold.
    pub(crate) fn over(words: &[String], notes: &[Draft]) -> Result<Self, Failure> {
        let common = per_mille(COMMON.start, notes)..per_mille(COMMON.end, notes);
        let rare = 1..per_mille(RARE, notes).max(1) + 1;
        let any = 1..usize::MAX;
        let long = || words.iter().filter(|word| word.len() >= WORD_CHARS).cloned();
        let anywhere = |text: &str, note: &Draft| note.mentions(text);
        let whole = |text: &str, note: &Draft| note.has_words(text);
        let phrases = notes.iter().filter_map(Draft::a_phrase);
        let pairs = long().zip(long().skip(1)).map(|(first, second)| format!("{first} {second}"));
        Ok(Self {
            common: pick(long(), notes, anywhere, common.clone())?,
            rare: pick(long().rev(), notes, anywhere, rare.clone())?,
            two: pick(
                long().filter_map(|word| word.get(..2).map(str::to_owned)),
                notes,
                anywhere,
                any.clone(),
            )?,
            phrase: pick(phrases, notes, anywhere, any.clone())?,
            han: pick(HAN.iter().map(|word| (*word).to_owned()), notes, anywhere, any.clone())?,
            common_words: pick(long(), notes, whole, common)?,
            rare_words: pick(long().rev(), notes, whole, rare)?,
            pairs: pick(pairs, notes, whole, any)?,
        })
    }
}

fn per_mille(share: usize, notes: &[Draft]) -> usize {
    notes.len() * share / 1_000
}

/// The first different texts that so many notes hold.
fn pick(
    texts: impl Iterator<Item = String>,
    notes: &[Draft],
    holds: impl Fn(&str, &Draft) -> bool,
    totals: std::ops::Range<usize>,
) -> Result<Vec<Search>, Failure> {
    let mut found: Vec<Search> = Vec::new();
    for text in texts {
        if found.iter().any(|search| search.text == text) {
            continue;
        }
        let total = notes.iter().filter(|note| holds(&text, note)).count();
        if totals.contains(&total) {
            found.push(Search { text, total });
        }
        if found.len() == SEARCHES {
            break;
        }
    }
    if found.is_empty() { Err("no text is as common or rare as the searches need".into()) } else { Ok(found) }
}
