//! Ranked search: what a query asks for, which notes answer it, and where in them.
//!
//! Pure: it knows neither how a query reached us nor the index that finds the notes. Its definition of a word and of
//! an answer is the one that the index has to keep to.

mod field;
mod fold;
mod marks;
mod query;
mod score;
mod snippet;
mod typo;
mod words;

use chassis::page::Page;

pub(crate) use self::field::Field;
pub(crate) use self::fold::folded;
pub(crate) use self::marks::Marks;
pub(crate) use self::score::{Counts, Lengths, boost, points, rank, weight};
pub(crate) use self::typo::{CORRECTIONS_MAX, Near};
pub(crate) use self::words::words;
use crate::note::{Note, Text};

/// Tags that an answer counts: more than a person reads, and an answer stays small.
pub(crate) const TAGS_MAX: usize = 100;

/// What a ranked search asks for: all clauses hold. Without a clause that is every note.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) clauses: Vec<Clause>,
}

/// One of the choices holds, or none does when they are excluded. Without a choice no note is left, as for a text
/// that has no words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clause {
    pub(crate) is_excluded: bool,
    pub(crate) choices: Vec<Term>,
}

/// What a note holds or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Term {
    /// At least one word; several follow each other in one field. The last may be only a beginning.
    Words {
        /// Where.
        scope: Scope,
        /// As [`words()`] gives them.
        words: Vec<String>,
        /// Whether every word that begins with the last one will do in its place.
        is_prefix: bool,
    },
    /// A tag that is the same when both are [`folded`], as this one is.
    Tag(String),
}

/// The fields in which words are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The title or the content.
    Anywhere,
    /// The title only.
    Title,
}

/// One page of the notes that a query finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) query: Query,
    /// Archived notes instead of the others.
    pub(crate) is_archived: bool,
    /// Only notes with exactly this tag.
    pub(crate) tag: Option<Text>,
    /// Which page of what is left.
    pub(crate) page: Page,
}

/// What a ranked search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The notes on the page, the best first.
    pub(crate) notes: Vec<Note>,
    /// How many notes there are on all pages.
    pub(crate) total: u64,
    /// Their tags with the number of notes that have them, the most frequent first, then by name.
    pub(crate) tags: Vec<(String, u64)>,
    /// The query as it was answered, with typos corrected.
    pub(crate) query: Query,
}

#[cfg(test)]
impl Query {
    /// Whether a note with these texts is an answer: the definition of one, for whoever counts in another way.
    pub(crate) fn is_in(&self, title: &str, content: &str, tags: &[Text]) -> bool {
        let (title, content) = (Field::of(title), Field::of(content));
        let holds = |term: &Term| match term {
            Term::Tag(wanted) => tags.iter().any(|tag| folded(tag.as_str()) == *wanted),
            Term::Words { scope, words, is_prefix } => {
                let in_content =
                    *scope == Scope::Anywhere && content.find(words, *is_prefix).next().is_some();
                in_content || title.find(words, *is_prefix).next().is_some()
            }
        };
        self.clauses.iter().all(|clause| clause.choices.iter().any(holds) != clause.is_excluded)
    }
}

#[cfg(test)]
mod tests;
