//! Made-up notes that read roughly like English: few words make up most of the text, most words are rare.
//!
//! The frequencies follow Zipf's law (the word of rank r comes about 1/r as often as the first), which is what makes
//! a search for a common word dear and one for a rare word cheap. Equal seeds give equal texts. No text is borrowed.

use std::collections::HashSet;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

/// The words of the lowest ranks, so that the head of the distribution is English.
const HEAD: &str = "the of and to in for that with on this from have not are will they what there been when your \
    which more about some time would then could people after first also work other before because should over \
    week where most through next still only need again day between great place right old plan home small last \
    under while never meeting another list write change why off keep water look letter page without study book \
    almost above garden near project bring paper often run important until idea river second late miss recipe \
    train winter music market summer kitchen morning evening bread window travel ticket budget harbour";
/// Words of a script without spaces; some notes end with a few of them.
pub(crate) const HAN: [&str; 12] =
    ["会议", "记录", "旅行", "食谱", "花园", "音乐", "读书", "健康", "工作", "家庭", "市场", "天气"];
/// One note in so many ends with such words.
const WITH_HAN: u32 = 20;
/// Distinct words: the last of them comes about once in seven hundred notes.
const WORDS: usize = 4_000;
/// Weight of the first word; large against `WORDS`, so that the last still has one.
const TOP_WEIGHT: u64 = 10_000_000;
/// How long a text grows, at least; the average is a little more.
const CONTENT_BYTES: std::ops::Range<usize> = 230..360;
/// One note in so many is pinned.
const PINNED: u32 = 500;
const TAGS: [&str; 10] =
    ["work", "home", "travel", "recipe", "idea", "reading", "garden", "money", "health", "music"];
const ONSETS: [&str; 20] = [
    "b", "br", "c", "ch", "d", "dr", "f", "g", "gr", "h", "l", "m", "n", "p", "pl", "s", "st", "t", "tr", "w",
];
const VOWELS: [&str; 8] = ["a", "e", "i", "o", "u", "ai", "ea", "oo"];
const CODAS: [&str; 12] = ["", "", "d", "l", "m", "n", "nd", "r", "rt", "s", "st", "ck"];

/// A note as it will be sent.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The body of the request that creates it.
    pub(crate) json: String,
    /// Its title.
    pub(crate) title: String,
    folded_title: String,
    folded_content: String,
}

impl Draft {
    /// Whether a search for a lower-case word has to find the note: the naive scan that answers are held against.
    pub(crate) fn mentions(&self, word: &str) -> bool {
        self.folded_title.contains(word) || self.folded_content.contains(word)
    }

    /// Whether a search for whole words has to find the note: each of them is one of its words.
    pub(crate) fn has_words(&self, words: &str) -> bool {
        let separates = |char: char| !char.is_ascii_alphanumeric();
        let mut own =
            [&self.folded_title, &self.folded_content].into_iter().flat_map(|text| text.split(separates));
        words.split(' ').all(|word| own.clone().any(|one| one == word)) && own.next().is_some()
    }

    /// Two words from the middle of a sentence of the note.
    pub(crate) fn a_phrase(&self) -> Option<String> {
        let sentence = self.folded_content.split('.').max_by_key(|sentence| sentence.len())?;
        let words: Vec<&str> = sentence.split_ascii_whitespace().collect();
        Some(words.get(1..3)?.join(" "))
    }
}

/// Writes notes from one vocabulary.
#[derive(Debug)]
pub(crate) struct Writer {
    words: Vec<String>,
    /// Weight of each word and all before it.
    weights: Vec<u64>,
    rng: ChaCha8Rng,
}

impl Writer {
    /// A writer whose words and texts follow from the seed.
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let words = vocabulary(&mut rng);
        let ranks = 1..=words.len() as u64;
        let weights = ranks
            .scan(0, |sum, rank| {
                *sum += TOP_WEIGHT / rank;
                Some(*sum)
            })
            .collect();
        Self { words, weights, rng }
    }

    /// All words, the commonest first.
    pub(crate) fn words(&self) -> &[String] {
        &self.words
    }

    /// The next note.
    pub(crate) fn draft(&mut self) -> Draft {
        let title_words = self.rng.random_range(2..6);
        let title = self.sentence(title_words);
        let content = self.content();
        let is_pinned = self.rng.random_ratio(1, PINNED);
        let json = json!({ "title": title, "content": content, "tags": self.tags(), "isPinned": is_pinned });
        Draft {
            json: json.to_string(),
            folded_title: title.to_ascii_lowercase(),
            folded_content: content.to_ascii_lowercase(),
            title,
        }
    }

    fn content(&mut self) -> String {
        let enough = self.rng.random_range(CONTENT_BYTES);
        let mut content = String::with_capacity(enough + 100);
        while content.len() < enough {
            let words = self.rng.random_range(4..15);
            content.push_str(&self.sentence(words));
            content.push_str(". ");
        }
        content.truncate(content.trim_end().len());
        if self.rng.random_ratio(1, WITH_HAN) {
            content.push(' ');
            for _ in 0..4 {
                content.push_str(pick(&mut self.rng, &HAN));
            }
        }
        content
    }

    fn sentence(&mut self, words: usize) -> String {
        let mut sentence = String::new();
        for _ in 0..words {
            let gap = if sentence.is_empty() { "" } else { " " };
            sentence.extend([gap, self.word()]);
        }
        if let Some(first) = sentence.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        sentence
    }

    fn word(&mut self) -> &str {
        let total = self.weights.last().copied().unwrap_or(1);
        let drawn = self.rng.random_range(0..total);
        let rank = self.weights.partition_point(|&weight| weight <= drawn);
        self.words.get(rank).map_or("", String::as_str)
    }

    /// None on two notes of three, else one to three, perhaps the same twice: that is allowed.
    fn tags(&mut self) -> Vec<&'static str> {
        let count = if self.rng.random_ratio(1, 3) { self.rng.random_range(1..4) } else { 0 };
        (0..count).map(|_| pick(&mut self.rng, &TAGS)).collect()
    }
}

fn vocabulary(rng: &mut ChaCha8Rng) -> Vec<String> {
    let mut words: Vec<String> = HEAD.split_ascii_whitespace().map(str::to_owned).collect();
    let mut known: HashSet<String> = words.iter().cloned().collect();
    while words.len() < WORDS {
        let word = made_up(rng);
        if known.insert(word.clone()) {
            words.push(word);
        }
    }
    words
}

/// Two or three syllables.
fn made_up(rng: &mut ChaCha8Rng) -> String {
    let syllables = rng.random_range(2..4);
    (0..syllables).map(|_| [pick(rng, &ONSETS), pick(rng, &VOWELS), pick(rng, &CODAS)].concat()).collect()
}

fn pick(rng: &mut ChaCha8Rng, choice: &[&'static str]) -> &'static str {
    choice.get(rng.random_range(0..choice.len())).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn equal_seeds_write_equal_notes() {
        use super::Writer;

        let notes = |seed| {
            let mut writer = Writer::new(seed);
            (0..50).map(|_| writer.draft().json).collect::<Vec<_>>()
        };
        assert_eq!(notes(1), notes(1));
        assert_ne!(notes(1), notes(2));
    }

    #[test]
    fn no_word_is_written_twice_in_the_vocabulary() {
        use super::{WORDS, Writer};
        use std::collections::HashSet;

        let writer = Writer::new(1);
        assert_eq!(writer.words().iter().collect::<HashSet<_>>().len(), WORDS);
    }

    #[test]
    fn few_words_make_most_of_the_text_and_notes_are_about_300_bytes() {
        use super::{CONTENT_BYTES, Writer};

        let mut writer = Writer::new(1);
        let notes: Vec<_> = (0..1_000).map(|_| writer.draft()).collect();
        let average = notes.iter().map(|note| note.folded_content.len()).sum::<usize>() / notes.len();
        assert!(CONTENT_BYTES.contains(&average), "{average} bytes on average");
        let common = notes.iter().filter(|note| note.mentions("people")).count();
        assert!((50..900).contains(&common), "{common} of 1,000 notes mention a common word");
    }
}
