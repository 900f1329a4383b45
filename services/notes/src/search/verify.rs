//! Holds an index against its own checksums and against the notes.

use std::collections::HashSet;

use tantivy::index::SegmentComponent;
use tantivy::{Directory, Index};

use super::Trouble;
use super::part::Part;
use super::snapshot::Snapshot;
use crate::store::{Store, View};

/// An error if a file of the snapshot is damaged, or if the notes in it are not those of `store`. What changed since
/// its mark is left out.
pub(super) fn verify(snapshot: &Snapshot, store: &Store) -> Result<(), Trouble> {
    for part in &snapshot.parts {
        if let Some(index) = &snapshot.index {
            check_files(index, part)?;
        }
    }
    let is_same = store.view(|view| {
        if !view.follows(snapshot.mark)? {
            return Ok(false);
        }
        let changed = view.changed_after(snapshot.mark.seq, &(0..i64::MAX))?;
        let changed: HashSet<i64> = changed.into_iter().collect();
        Ok::<_, Trouble>(of_notes(view, &changed)? == of_parts(&snapshot.parts, &changed))
    })?;
    if is_same { Ok(()) } else { Err(Trouble::Differs) }
}

fn check_files(index: &Index, part: &Part) -> Result<(), Trouble> {
    for component in SegmentComponent::iterator() {
        if matches!(component, SegmentComponent::Delete) && !part.meta.has_deletes() {
            continue;
        }
        let path = part.meta.relative_path(*component);
        // Its content may still be mapped: what is gone is gone at the next start.
        let is_there = index.directory().exists(&path).map_err(|error| Trouble::Tantivy(error.into()))?;
        let is_sound = is_there
            && index.directory().validate_checksum(&path).map_err(|error| Trouble::Tantivy(error.into()))?;
        if !is_sound {
            return Err(Trouble::Differs);
        }
    }
    Ok(())
}

/// Stands for a set of notes and the times of their last changes: their number, and a sum that another set does not
/// have but by a chance of 2⁻⁶⁴.
#[derive(Debug, Default, PartialEq, Eq)]
struct Fingerprint {
    notes: u64,
    sum: u64,
}

impl Fingerprint {
    fn add(&mut self, number: i64, updated: i64) {
        self.notes += 1;
        self.sum = self.sum.wrapping_add(mixed(mixed(number.cast_unsigned()) ^ updated.cast_unsigned()));
    }
}

/// The bits of `value`, well mixed (Steele, Lea and Flood 2014, *Fast splittable pseudorandom number generators*).
const fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ value >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ value >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ value >> 31
}

fn of_notes(view: &View<'_>, changed: &HashSet<i64>) -> Result<Fingerprint, Trouble> {
    let mut found = Fingerprint::default();
    view.numbers_and_times(|number, updated| {
        if !changed.contains(&number) {
            found.add(number, updated);
        }
    })?;
    Ok(found)
}

fn of_parts(parts: &[std::sync::Arc<Part>], changed: &HashSet<i64>) -> Fingerprint {
    let mut found = Fingerprint::default();
    for part in parts {
        for doc in part.reader.doc_ids_alive() {
            let number = part.number_of(doc);
            if !changed.contains(&number) {
                found.add(number, part.updated_at(doc).as_millis());
            }
        }
    }
    found
}
