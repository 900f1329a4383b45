//! Which notes the index covers while it is being built: stretches of numbers.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::store::numbers_of;

/// The number that is greater than that of any note.
const END: i64 = i64::MAX;

/// Stretches of numbers that neither touch nor overlap, by their first number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Coverage(BTreeMap<i64, i64>);

impl Coverage {
    /// All notes that are and will be.
    pub(super) fn whole() -> Self {
        Self(BTreeMap::from([(0, END)]))
    }

    pub(super) fn is_whole(&self) -> bool {
        self.0.get(&0) == Some(&END)
    }

    pub(super) fn has(&self, note: i64) -> bool {
        self.reaches(&(note..note + 1))
    }

    /// Whether all notes of `author` are covered, those to come too.
    pub(super) fn has_author(&self, author: i64) -> bool {
        self.reaches(&numbers_of(author))
    }

    fn reaches(&self, numbers: &Range<i64>) -> bool {
        self.0.range(..=numbers.start).next_back().is_some_and(|(_, end)| *end >= numbers.end)
    }

    /// The first stretch from `from` on that is not covered.
    pub(super) fn gap(&self, from: i64) -> Option<Range<i64>> {
        let start = match self.0.range(..=from).next_back() {
            Some((_, end)) => from.max(*end),
            None => from,
        };
        let end = self.0.range(start..).next().map_or(END, |(start, _)| *start);
        (start < end).then_some(start..end)
    }

    /// Covers `numbers`, which lie in a gap.
    pub(super) fn add(&mut self, numbers: Range<i64>) {
        let Range { mut start, mut end } = numbers;
        if let Some((before, _)) = self.0.range(..start).next_back().filter(|(_, end)| **end == start) {
            start = *before;
        }
        if let Some(after) = self.0.remove(&end) {
            end = after;
        }
        self.0.insert(start, end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_grow_together_until_all_is_covered() {
        let mut coverage = Coverage::default();
        assert_eq!(coverage.gap(0), Some(0..END));
        coverage.add(100..200);
        assert_eq!(coverage.gap(0), Some(0..100));
        assert_eq!(coverage.gap(150), Some(200..END));
        coverage.add(0..50);
        assert!(coverage.has(49) && !coverage.has(50) && coverage.has(100));
        coverage.add(50..100);
        assert_eq!(coverage.gap(0), Some(200..END));
        assert!(!coverage.is_whole());
        coverage.add(200..END);
        assert_eq!((coverage.is_whole(), coverage.gap(0)), (true, None));
        assert_eq!(coverage, Coverage::whole());
    }

    #[test]
    fn an_author_is_covered_when_every_number_is() {
        let mut coverage = Coverage::default();
        let Range { start, end } = numbers_of(7);
        coverage.add(start..end - 1);
        assert!(!coverage.has_author(7));
        coverage.add(end - 1..end);
        assert!(coverage.has_author(7) && !coverage.has_author(8));
        assert!(Coverage::whole().has_author(i64::from(i32::MAX) - 1));
    }
}
