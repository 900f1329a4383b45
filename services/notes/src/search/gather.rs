//! Reads from the notes what the index takes up next: what changed, and while it is being built some that it does
//! not cover yet.
//!
//! All of a batch is read from one state of the data.

use std::collections::BTreeMap;
use std::ops::Range;

use super::coverage::Coverage;
use crate::store::{Change, Entry, Kind, Mark, StoreError, View, author_of, numbers_of};

/// Changes in a batch: some milliseconds of reading.
const CHANGES_MAX: u32 = 1000;
/// Notes that are taken up at once while the index is built; with the longest contents ten megabytes.
const NOTES_MAX: usize = 1000;

/// What there is to do.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// The notes whose documents go.
    pub(super) removed: Vec<i64>,
    /// The notes as they are now.
    pub(super) added: Vec<Entry>,
    /// The change that it has come to; none when nothing changed.
    pub(super) mark: Option<Mark>,
    /// What is covered by it and was not.
    pub(super) covered: Option<Range<i64>>,
    /// Whether notes of purged authors are among the removed.
    pub(super) has_remains: bool,
    /// Whether there may be more right now.
    pub(super) is_full: bool,
}

/// What follows the change at `mark` for the notes in `coverage`, and notes from the gap after `from`.
pub(super) fn gather(
    view: &View<'_>,
    mark: Mark,
    coverage: &Coverage,
    from: i64,
) -> Result<Batch, StoreError> {
    let changes = view.changes_after(mark.seq, CHANGES_MAX)?;
    let mut batch = Batch { mark: changes.last().map(|change| change.mark), ..Batch::default() };
    batch.is_full = changes.len() == CHANGES_MAX as usize;
    batch.follow(view, &changes, coverage)?;
    // While changes wait, the notes are ahead of the mark: one that is taken up now would come again as new.
    if !batch.is_full
        && let Some(gap) = coverage.gap(from)
    {
        batch.fill(view, gap)?;
        batch.is_full = true;
    }
    Ok(batch)
}

impl Batch {
    fn follow(&mut self, view: &View<'_>, changes: &[Change], coverage: &Coverage) -> Result<(), StoreError> {
        let mut first = BTreeMap::new();
        for change in changes.iter().filter(|change| coverage.has(change.note)) {
            first.entry(change.note).or_insert(change.kind);
        }
        for (note, kind) in first {
            // A note that was new then was never in the index.
            if kind != Kind::Added {
                self.removed.push(note);
            }
            match view.entry(note)? {
                Some(entry) => self.added.push(entry),
                None => self.has_remains |= view.is_deleted(author_of(note))?,
            }
        }
        Ok(())
    }

    fn fill(&mut self, view: &View<'_>, gap: Range<i64>) -> Result<(), StoreError> {
        let (mut left, mut end) = (NOTES_MAX, gap.end);
        let added = &mut self.added;
        view.entries(&gap, |entry| {
            let is_taken = left > 0;
            if is_taken {
                left -= 1;
                added.push(entry);
            } else {
                end = entry.number;
            }
            is_taken
        })?;
        self.covered = Some(gap.start..end);
        Ok(())
    }
}

/// The part of a gap that is one author's: those who wait are taken up first.
pub(super) fn gap_of(author: i64, coverage: &Coverage) -> Option<i64> {
    let numbers = numbers_of(author);
    coverage.gap(numbers.start).filter(|gap| gap.start < numbers.end).map(|gap| gap.start)
}
