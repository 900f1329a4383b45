//! One committed state of the index, open for searches.

use std::sync::Arc;

use tantivy::directory::{Directory, META_LOCK};
use tantivy::index::SegmentMeta;
use tantivy::{Index, IndexMeta};

use super::coverage::Coverage;
use super::part::Part;
use super::schema::Fields;
use crate::store::Mark;

/// What the index holds: of the notes that are covered, the state after the change at the mark. Without parts and
/// coverage there is none.
#[derive(Default)]
pub(crate) struct Snapshot {
    pub(super) index: Option<Index>,
    pub(super) parts: Vec<Arc<Part>>,
    pub(super) mark: Mark,
    pub(super) coverage: Coverage,
}

impl Snapshot {
    /// How many notes there are in it.
    pub(super) fn documents(&self) -> u64 {
        self.parts.iter().map(|part| u64::from(part.meta.num_docs())).sum()
    }
}

/// The last commit of `index` and its parts; those of `known` that are the same are not opened again.
pub(super) fn parts(
    index: &Index,
    fields: &Fields,
    known: &[Arc<Part>],
) -> tantivy::Result<(IndexMeta, Vec<Arc<Part>>)> {
    // While this is held no file is removed, so all that the commit names is there.
    let _files = index
        .directory()
        .acquire_lock(&META_LOCK)
        .map_err(|error| tantivy::TantivyError::LockFailure(error, None))?;
    let commit = index.load_metas()?;
    let open = |meta: &SegmentMeta| {
        let id = (meta.id(), meta.delete_opstamp());
        match known.iter().find(|part| part.id() == id) {
            Some(part) => Ok(Arc::clone(part)),
            None => Part::open(&index.segment(meta.clone()), fields).map(Arc::new),
        }
    };
    let parts = commit.segments.iter().map(open).collect::<tantivy::Result<_>>()?;
    Ok((commit, parts))
}
