//! What of a note is marked, because it is what the query asked for.
//!
//! Places are given in UTF-16 units, as all lengths of the contract, and as the short HTML text that lists show.

use std::ops::Range;

use super::field::Field;
use super::{Query, Scope, Term, snippet};

/// Places that are given of one field at most: nobody looks at more, and a note of 10 KiB could have five thousand.
const PLACES_MAX: usize = 100;

/// The places in a note that answer a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// Places in the title in UTF-16 units, in order, none in another.
    pub(crate) title: Vec<Range<usize>>,
    /// The same in the content.
    pub(crate) content: Vec<Range<usize>>,
    /// A piece of the content, as HTML: escaped, the places in `<mark>`.
    pub(crate) snippet: String,
}

impl Query {
    /// Marks what this query found in the two texts of a note.
    pub(crate) fn marks(&self, title: &str, content: &str) -> Marks {
        let in_title = self.places(&Field::of(title), &[Scope::Anywhere, Scope::Title]);
        let field = Field::of(content);
        let in_content = self.places(&field, &[Scope::Anywhere]);
        let snippet = snippet::html(content, &field, &in_content);
        Marks { title: in_units(title, in_title), content: in_units(content, in_content), snippet }
    }

    /// Where `field` holds what is asked for in one of `scopes`; what overlaps is one place.
    fn places(&self, field: &Field, scopes: &[Scope]) -> Vec<Range<usize>> {
        let wanted = self.clauses.iter().filter(|clause| !clause.is_excluded);
        let mut places: Vec<Range<usize>> = Vec::new();
        for term in wanted.flat_map(|clause| &clause.choices) {
            if let Term::Words { scope, words, is_prefix } = term
                && scopes.contains(scope)
            {
                places.extend(field.find(words, *is_prefix));
            }
        }
        places.sort_unstable_by_key(|place| place.start);
        places.dedup_by(|next, place| {
            let overlaps = next.start < place.end;
            if overlaps {
                place.end = place.end.max(next.end);
            }
            overlaps
        });
        places.truncate(PLACES_MAX);
        places
    }
}

/// Byte ranges of `text` in UTF-16 units; they are in order.
fn in_units(text: &str, places: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let (mut byte, mut unit) = (0, 0);
    let mut unit_at = |at: usize| {
        unit += text.get(byte..at).map_or(0, |between| between.encode_utf16().count());
        byte = at;
        unit
    };
    places.into_iter().map(|place| unit_at(place.start)..unit_at(place.end)).collect()
}

#[cfg(test)]
mod tests;
