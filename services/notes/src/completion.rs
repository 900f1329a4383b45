//! Completions of what is being typed: titles and tags that have a word which begins like the last one typed.
//!
//! Knows neither where titles are kept nor how completions are shown.

use std::cmp::Reverse;

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
    /// Never many more than are wanted, however many are offered.
    best: Vec<(Fit, Completion)>,
}

impl Completions {
    /// None yet; at most `limit` at the end.
    pub(crate) fn of(prompt: Prompt, limit: usize) -> Self {
        Self { prompt, limit, best: Vec::new() }
    }

    /// Takes `text` into account, of which `count` notes have it; each text comes once for each source.
    pub(crate) fn offer(&mut self, text: &str, source: Source, count: u64) {
        let Some(fit) = self.prompt.fit(text) else { return };
        self.best.push((fit, Completion { text: text.to_owned(), source, count }));
        if self.best.len() > 2 * self.limit {
            self.keep_best();
        }
    }

    /// The best first: those with more of the words typed, those that begin so, tags, and what more notes have.
    pub(crate) fn into_best(mut self) -> Vec<Completion> {
        self.keep_best();
        self.best.into_iter().map(|(_, completion)| completion).collect()
    }

    fn keep_best(&mut self) {
        let key = |(fit, Completion { text, source, count }): &(Fit, Completion)| {
            (*fit, *source, Reverse(*count), text.clone())
        };
        self.best.sort_by_cached_key(key);
        self.best.truncate(self.limit);
    }
}

#[cfg(test)]
mod tests;
