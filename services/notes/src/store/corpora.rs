//! Which authors' folded notes are kept in memory, and which of them go when there are too many.
//!
//! Knows neither rows nor searches: `literal.rs` fills the copies and looks into them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError,
};

use chassis::id::AccountId;

use crate::corpus::Corpus;

/// What one author's copy may take: one pass over it stays near a millisecond, and no author has all the room.
pub(super) const AUTHOR_BYTES_MAX: i64 = 8 << 20;
/// What all copies may take together, so that the process stays under 150 MiB while people search (DESIGN.md §5).
const BYTES_MAX: i64 = 48 << 20;
/// Searches for which a copy is safe after its last use. More authors in turn than there is room for would otherwise
/// push each other out before any of them is asked for again, and each search would fill a copy.
const SAFE_FOR: u64 = 256;

/// An author's folded notes, as they were after a certain change.
#[derive(Debug, Default)]
pub(super) struct Copy {
    pub(super) corpus: Corpus,
    /// The author's newest change in it; none while it is not a copy of anything.
    pub(super) changed: Option<i64>,
}

/// A place for the copy of one author. What stands in it is valid for whoever sees the data as of its change, so it
/// can be used even after it lost its place.
#[derive(Debug, Default)]
pub(super) struct Slot {
    copy: RwLock<Copy>,
    /// The log of changes was looked through up to here: later rows may be about this author.
    seen: AtomicI64,
}

impl Slot {
    pub(super) fn read(&self) -> RwLockReadGuard<'_, Copy> {
        self.copy.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The copy, if nobody changes it.
    pub(super) fn try_read(&self) -> Option<RwLockReadGuard<'_, Copy>> {
        match self.copy.try_read() {
            Ok(copy) => Some(copy),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Copy> {
        self.copy.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The place in the log up to which no change of the author is missing from the copy.
    pub(super) fn seen(&self) -> i64 {
        self.seen.load(Ordering::Relaxed)
    }

    /// Notes that the copy was up to date when the log ended at `seq`.
    pub(super) fn see(&self, seq: i64) {
        self.seen.fetch_max(seq, Ordering::Relaxed);
    }
}

/// The copies that are kept.
#[derive(Debug, Default)]
pub(super) struct Corpora(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    slots: HashMap<AccountId, Place>,
    /// Of all places.
    bytes: i64,
    /// Searches so far: the age of a use is counted in these.
    searches: u64,
}

#[derive(Debug)]
struct Place {
    slot: Arc<Slot>,
    bytes: i64,
    used_at: u64,
}

impl Corpora {
    /// The place of `account`, if it has one; a search asks for it, so this counts as one.
    pub(super) fn get(&self, account: AccountId) -> Option<Arc<Slot>> {
        let mut kept = self.kept();
        kept.searches += 1;
        let now = kept.searches;
        let place = kept.slots.get_mut(&account)?;
        place.used_at = now;
        Some(Arc::clone(&place.slot))
    }

    /// The same for a look that may come to nothing and counts only if it does not.
    pub(super) fn peek(&self, account: AccountId) -> Option<Arc<Slot>> {
        self.kept().slots.get(&account).map(|place| Arc::clone(&place.slot))
    }

    /// A place for a copy of about `bytes` of `account`; none when it is too large, or when all the room is in use.
    pub(super) fn place(&self, account: AccountId, bytes: i64) -> Option<Arc<Slot>> {
        let mut kept = self.kept();
        if let Some(place) = kept.slots.get(&account) {
            return Some(Arc::clone(&place.slot));
        }
        if bytes > AUTHOR_BYTES_MAX || !kept.make_room(bytes) {
            return None;
        }
        let place = Place { slot: Arc::default(), bytes, used_at: kept.searches };
        let slot = Arc::clone(&place.slot);
        kept.bytes += bytes;
        kept.slots.insert(account, place);
        Some(slot)
    }

    /// Notes that the copy of `account` takes `bytes` now. One that grew over the limit goes, and so does one that
    /// there is no room for.
    pub(super) fn resize(&self, account: AccountId, bytes: i64) {
        let mut kept = self.kept();
        let Some(place) = kept.slots.remove(&account) else { return };
        kept.bytes -= place.bytes;
        if bytes <= AUTHOR_BYTES_MAX && kept.make_room(bytes) {
            kept.bytes += bytes;
            kept.slots.insert(account, Place { bytes, ..place });
        }
    }

    /// Lets the copy of `account` go.
    pub(super) fn drop(&self, account: AccountId) {
        let mut kept = self.kept();
        if let Some(place) = kept.slots.remove(&account) {
            kept.bytes -= place.bytes;
        }
    }

    /// How many copies are kept, and the memory that they take.
    pub(super) fn measure(&self) -> (i64, i64) {
        let kept = self.kept();
        (i64::try_from(kept.slots.len()).unwrap_or(i64::MAX), kept.bytes)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Lets copies go, the least recently used first, until `bytes` more fit; `false` when those that are left are in
    /// use.
    fn make_room(&mut self, bytes: i64) -> bool {
        while self.bytes + bytes > BYTES_MAX {
            let oldest = self.slots.iter().min_by_key(|(_, place)| place.used_at);
            let Some(account) = oldest
                .filter(|(_, place)| place.used_at + SAFE_FOR <= self.searches)
                .map(|(account, _)| *account)
            else {
                return false;
            };
            if let Some(place) = self.slots.remove(&account) {
                self.bytes -= place.bytes;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests;
