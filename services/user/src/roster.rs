//! The order of the list of all people: in chunks of account ids, whose sizes alone tell where a page begins.
//!
//! It holds no ids itself. New ones go to the end, removed ones leave a gap in their chunk, so the order is that
//! of creation and never changes; the total is the sum of the sizes and cannot disagree with them.

use crate::profile::Profile;

/// Ids in a chunk: an insertion rewrites one of 8 KiB, the longest page of 1,000 reads five or so.
const CHUNK_MAX: u32 = 256;

/// How many ids each chunk holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Roster {
    sizes: Vec<u32>,
}

/// A part of a page: ids of one chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) chunk: u32,
    pub(crate) skip: usize,
    pub(crate) take: usize,
}

/// One page of all profiles.
#[derive(Debug)]
pub(crate) struct Listing {
    /// How many profiles there are on all pages.
    pub(crate) total: u64,
    /// Those on the page.
    pub(crate) profiles: Vec<Profile>,
}

impl Roster {
    /// The roster whose chunks have these sizes.
    pub(crate) fn new(sizes: Vec<u32>) -> Self {
        Self { sizes }
    }

    /// The size of each chunk.
    pub(crate) fn sizes(&self) -> &[u32] {
        &self.sizes
    }

    /// How many ids there are.
    pub(crate) fn total(&self) -> u64 {
        self.sizes.iter().copied().map(u64::from).sum()
    }

    /// Makes room for one more id at the end; returns its chunk and whether that is new.
    pub(crate) fn append(&mut self) -> (u32, bool) {
        let opens = self.sizes.last().is_none_or(|size| *size >= CHUNK_MAX);
        if opens {
            self.sizes.push(0);
        }
        if let Some(size) = self.sizes.last_mut() {
            *size += 1;
        }
        (number(self.sizes.len().saturating_sub(1)), opens)
    }

    /// Takes one id out of `chunk`.
    pub(crate) fn remove(&mut self, chunk: u32) {
        if let Some(size) = self.sizes.get_mut(chunk as usize) {
            *size = size.saturating_sub(1);
        }
    }

    /// Where the `limit` ids after the first `offset` are.
    pub(crate) fn slices(&self, offset: u64, limit: u64) -> Vec<Slice> {
        let (mut before, mut wanted) = (offset, limit);
        let mut slices = Vec::new();
        for (chunk, size) in self.sizes.iter().copied().map(u64::from).enumerate() {
            let skip = before.min(size);
            let take = wanted.min(size - skip);
            before -= skip;
            wanted -= take;
            if take > 0 {
                slices.push(Slice { chunk: number(chunk), skip: count(skip), take: count(take) });
            }
            if wanted == 0 {
                break;
            }
        }
        slices
    }
}

fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

fn count(within_chunk: u64) -> usize {
    usize::try_from(within_chunk).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_fill_a_chunk_before_they_open_the_next() {
        let mut roster = Roster::default();
        assert_eq!(roster.append(), (0, true));
        for _ in 1..CHUNK_MAX {
            assert_eq!(roster.append(), (0, false));
        }
        assert_eq!(roster.append(), (1, true));
        roster.remove(0);
        assert_eq!(roster.append(), (1, false), "a gap is not filled: the order would change");
        assert_eq!(roster.total(), u64::from(CHUNK_MAX) + 1);
    }

    #[test]
    fn a_page_may_span_chunks_and_skips_empty_ones() {
        let roster = Roster::new(vec![2, 0, 3]);
        let slice = |chunk, skip, take| Slice { chunk, skip, take };
        assert_eq!(roster.slices(1, 2), [slice(0, 1, 1), slice(2, 0, 1)]);
        assert_eq!(roster.slices(0, 10), [slice(0, 0, 2), slice(2, 0, 3)]);
        assert_eq!(roster.slices(5, 10), []);
        assert_eq!(roster.slices(u64::MAX, 1), []);
    }
}
