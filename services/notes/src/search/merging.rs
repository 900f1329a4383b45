//! Which segments become one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tantivy::index::SegmentMeta;
use tantivy::indexer::{LogMergePolicy, MergeCandidate, MergePolicy};

/// Segments of a size that become one: each more costs every search a look into its dictionaries.
const SEGMENTS_MAX: usize = 8;
/// The part of a segment that may be deleted before it is written again.
const DELETED_MAX: f32 = 0.3;

/// Merges by size, and on request everything that holds deleted notes, so that their words go.
#[derive(Debug)]
pub(super) struct Merging {
    by_size: LogMergePolicy,
    sweeps: Arc<AtomicBool>,
}

impl Merging {
    /// Sweeps while `sweeps` says so.
    pub(super) fn new(sweeps: Arc<AtomicBool>) -> Self {
        let mut by_size = LogMergePolicy::default();
        by_size.set_min_num_segments(SEGMENTS_MAX);
        by_size.set_del_docs_ratio_before_merge(DELETED_MAX);
        Self { by_size, sweeps }
    }
}

impl MergePolicy for Merging {
    fn compute_merge_candidates(&self, segments: &[SegmentMeta]) -> Vec<MergeCandidate> {
        if !self.sweeps.load(Ordering::SeqCst) {
            return self.by_size.compute_merge_candidates(segments);
        }
        let (swept, others): (Vec<_>, Vec<_>) = segments.iter().cloned().partition(SegmentMeta::has_deletes);
        let each = swept.iter().map(|segment| MergeCandidate(vec![segment.id()]));
        each.chain(self.by_size.compute_merge_candidates(&others)).collect()
    }
}
