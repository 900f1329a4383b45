//! What of an author's notes is asked for: filters, a literal search, and a page.
//!
//! Knows neither the query string it was written in nor the statements that answer it.

use chassis::page::Page;

use crate::folding::Needle;
use crate::note::{Note, Text};

/// Length of a search at most, in UTF-16 units: longer ones cost the index of a later plan seconds (DESIGN.md §2).
const SEARCH_UNITS_MAX: usize = 1000;
/// Notes that a page may hold and still be read where the caller stands: about a millisecond.
const BRIEF_LIMIT_MAX: u64 = 100;
/// Notes that may lie before such a page: skipping them in the index takes some tens of microseconds.
const BRIEF_OFFSET_MAX: u64 = 1000;

/// A literal text to be found in title or content, without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Search(Text);

impl Search {
    /// Takes a text; `None` when it is longer than 1,000 UTF-16 units.
    pub(crate) fn new(text: Text) -> Option<Self> {
        let units = text.as_str().encode_utf16().count();
        (units <= SEARCH_UNITS_MAX).then_some(Self(text))
    }

    /// The search, made ready to be held against many notes.
    pub(crate) fn needle(&self) -> Needle {
        Needle::new(self.0.as_str())
    }
}

/// A part of an author's notes, in the order of [`crate::note::Place`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listing {
    /// Archived notes instead of the others.
    pub(crate) is_archived: bool,
    /// Only notes with exactly this tag.
    pub(crate) tag: Option<Text>,
    /// Only notes that hold this text.
    pub(crate) search: Option<Search>,
    /// Which page of what is left.
    pub(crate) page: Page,
}

/// One page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The notes on the page.
    pub(crate) notes: Vec<Note>,
    /// How many notes match on all pages.
    pub(crate) total: u64,
}

impl Listing {
    /// Whether a look into the index answers it: no text to scan, nothing to count, few notes to skip.
    pub(crate) const fn is_brief(&self) -> bool {
        self.tag.is_none()
            && self.search.is_none()
            && self.page.limit() <= BRIEF_LIMIT_MAX
            && self.page.offset() <= BRIEF_OFFSET_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Text {
        Text::new(text.to_owned()).unwrap()
    }

    #[test]
    fn a_search_has_at_most_1000_utf_16_units() {
        assert!(Search::new(text(&"🙂".repeat(500))).is_some());
        assert!(Search::new(text(&format!("{}x", "🙂".repeat(500)))).is_none());
    }

    #[test]
    fn only_a_near_page_without_filters_is_brief() {
        let plain = Listing { is_archived: true, tag: None, search: None, page: Page::new(11, 100) };
        assert!(plain.is_brief());
        assert!(!Listing { page: Page::new(12, 100), ..plain.clone() }.is_brief());
        assert!(!Listing { page: Page::new(1, 101), ..plain.clone() }.is_brief());
        assert!(!Listing { tag: Some(text("a")), ..plain.clone() }.is_brief());
        assert!(!Listing { search: Search::new(text("a")), ..plain }.is_brief());
    }
}
