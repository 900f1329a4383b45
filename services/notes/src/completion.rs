//! Completions of what is being typed: titles and tags that have a word which begins like the last one typed.
//!
//! Knows neither where titles are kept nor how completions are shown.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use chassis::field::utf16_len;

use crate::note::Text;
use crate::ranked::words;

/// Length of what is typed at most, in UTF-16 units, as for a search.
const UNITS_MAX: usize = 1000;
/// Completions when the client names no limit: what fits below a search field.
pub(crate) const LIMIT_DEFAULT: u64 = 10;
/// Completions at most: nobody reads more of them while typing.
pub(crate) const LIMIT_MAX: u64 = 50;

/// What was typed so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prompt {
    /// The words before the last.
    before: Vec<String>,
    /// The word that goes on; none when nothing with a word was typed, which nothing completes.
    last: Option<String>,
}

/// Where a completion comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    Tag,
    Title,
}

/// A title or a tag that goes on from what was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Completion {
    pub(crate) text: String,
    pub(crate) source: Source,
    /// How many notes have it.
    pub(crate) count: u64,
}

/// How well a text completes what was typed; the least is the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    /// How many of the words before the last it holds as well.
    held: Reverse<usize>,
    /// Whether its first word goes on from the last one typed.
    is_first: Reverse<bool>,
}

impl Prompt {
    /// Takes what was typed; `None` when it is longer than 1,000 UTF-16 units.
    pub(crate) fn new(text: &Text) -> Option<Self> {
        let mut before = Vec::new();
        words(text.as_str(), |word, _| before.push(word.to_owned()));
        let last = before.pop();
        (utf16_len(text.as_str()) <= UNITS_MAX).then_some(Self { before, last })
    }

    /// How well `text` completes this, if it does.
    fn fit(&self, text: &str) -> Option<Fit> {
        let last = self.last.as_deref()?;
        let (mut count, mut goes_on) = (0, None);
        words(text, |word, _| {
            if goes_on.is_none() && word.starts_with(last) {
                goes_on = Some(count);
            }
            count += 1;
        });
        let is_first = Reverse(goes_on? == 0);
        let held = if self.before.is_empty() { 0 } else { self.held(text) };
        Some(Fit { held: Reverse(held), is_first })
    }

    fn held(&self, text: &str) -> usize {
        let mut missing: Vec<&String> = self.before.iter().collect();
        words(text, |word, _| missing.retain(|wanted| *wanted != word));
        self.before.len() - missing.len()
    }
}

/// The best completions of a prompt among those that were offered.
#[derive(Debug)]
pub(crate) struct Completions {
    prompt: Prompt,
    limit: usize,
    /// The texts that complete it, with how well they do and how many notes have them. Whoever offers bounds them.
    fitting: BTreeMap<Source, HashMap<String, (Fit, u64)>>,
}

impl Completions {
    /// None yet; at most `limit` at the end.
    pub(crate) fn of(prompt: Prompt, limit: usize) -> Self {
        Self { prompt, limit, fitting: BTreeMap::new() }
    }

    /// Takes `text` into account, which `count` more notes have.
    pub(crate) fn offer(&mut self, text: &str, source: Source, count: u64) {
        let fitting = self.fitting.entry(source).or_default();
        if let Some((_, notes)) = fitting.get_mut(text) {
            *notes += count;
        } else if let Some(fit) = self.prompt.fit(text) {
            fitting.insert(text.to_owned(), (fit, count));
        }
    }

    /// The best first: those with more of the words typed, those that begin so, tags, and what more notes have.
    pub(crate) fn into_best(self) -> Vec<Completion> {
        let mut keys = Vec::new();
        for (source, texts) in self.fitting {
            keys.extend(texts.into_iter().map(|(text, (fit, count))| (fit, source, Reverse(count), text)));
        }
        if self.limit < keys.len() {
            keys.select_nth_unstable(self.limit);
            keys.truncate(self.limit);
        }
        keys.sort_unstable();
        let completion = |(_, source, Reverse(count), text)| Completion { text, source, count };
        keys.into_iter().map(completion).collect()
    }
}

#[cfg(test)]
mod tests;
