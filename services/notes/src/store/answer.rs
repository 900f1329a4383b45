//! Ranked search without an index: every note of an author is held against the query, and comes in the order of lists.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chassis::id::AccountId;

use super::{StoreError, View};
use crate::note::{Note, Place};
use crate::ranked::{Found, Wanted};

impl View<'_> {
    /// What `wanted` finds among the notes of `account`.
    pub(crate) fn answer(&self, account: AccountId, wanted: &Wanted) -> Result<Found, StoreError> {
        let mut notes = self.some_notes(account, u32::MAX)?;
        notes.retain(|note| is_in(note, wanted));
        notes.sort_by_key(place);
        let mut tags = BTreeMap::new();
        for note in &notes {
            let different: BTreeSet<_> = note.draft.tags.iter().collect();
            for tag in different {
                *tags.entry(tag.as_str().to_owned()).or_insert(0_u64) += 1;
            }
        }
        let mut tags: Vec<_> = tags.into_iter().collect();
        tags.sort_by_key(|(_, count)| Reverse(*count));
        let total = u64::try_from(notes.len()).unwrap_or(u64::MAX);
        let clipped = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let (offset, limit) = (clipped(wanted.page.offset()), clipped(wanted.page.limit()));
        let notes = notes.into_iter().skip(offset).take(limit).collect();
        Ok(Found { notes, total, tags, query: wanted.query.clone() })
    }
}

fn place(note: &Note) -> Place {
    let (is_pinned, updated_at) = (Reverse(note.draft.is_pinned), Reverse(note.updated_at));
    Place { is_pinned, updated_at, id: note.id }
}

fn is_in(note: &Note, wanted: &Wanted) -> bool {
    let draft = &note.draft;
    draft.is_archived == wanted.is_archived
        && wanted.tag.as_ref().is_none_or(|tag| draft.tags.contains(tag))
        && wanted.query.is_in(draft.title.as_str(), draft.content.as_str(), &draft.tags)
}
