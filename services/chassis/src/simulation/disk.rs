//! A disk that forgets what was not committed, and fails when it is told to.
//!
//! It keeps bytes by collection and key, and knows nothing of what they mean. A change is visible to itself at
//! once and to others when it is committed; one that is dropped was never there, as after a crash.

use std::collections::BTreeMap;
use std::io;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The documents of one database, as they survive a crash; clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    kept: BTreeMap<Place, Vec<u8>>,
    /// Writes and commits so far.
    writes: u64,
    /// The write that fails, counted as `writes` is.
    fails_at: Option<u64>,
    is_full: bool,
    lies: Vec<Lie>,
    /// Whether the next commit is reported and not kept.
    forgets_next: bool,
}

impl State {
    fn is_forgotten(&self, (collection, _): &Place, value: Option<&Vec<u8>>) -> bool {
        self.lies.iter().any(|lie| match lie {
            Lie::ForgetsPuts(of) => of == collection && value.is_some(),
            Lie::ForgetsRemovals(of) => of == collection && value.is_none(),
            Lie::KeepsPutsAtOnce(_) => false,
        })
    }

    fn keeps_at_once(&self, collection: &str) -> bool {
        self.lies.iter().any(|lie| matches!(lie, Lie::KeepsPutsAtOnce(of) if *of == collection))
    }
}

/// A way in which a disk deceives whoever writes to it: a planted bug, for proofs that it would be noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// What is put into the collection is not kept.
    ForgetsPuts(&'static str),
    /// What is removed from the collection stays.
    ForgetsRemovals(&'static str),
    /// What is put into the collection is kept at once, whatever becomes of the change that it is part of.
    KeepsPutsAtOnce(&'static str),
}

/// A collection and a key in it.
type Place = (String, Vec<u8>);

/// Changes that are kept together or not at all.
#[derive(Debug)]
pub struct Change {
    disk: Disk,
    /// What was written, `None` for what was removed.
    pending: BTreeMap<Place, Option<Vec<u8>>>,
}

impl Disk {
    /// The committed bytes under `key`.
    pub fn find(&self, collection: &str, key: &[u8]) -> Option<Vec<u8>> {
        self.state().kept.get(&place(collection, key)).cloned()
    }

    /// All committed bytes of a collection, in the order of their keys.
    pub fn scan(&self, collection: &str) -> Vec<Vec<u8>> {
        let state = self.state();
        let from_first = state.kept.range(place(collection, &[])..);
        from_first.take_while(|((of, _), _)| of == collection).map(|(_, value)| value.clone()).collect()
    }

    /// Starts a change.
    pub fn begin(&self) -> Change {
        Change { disk: self.clone(), pending: BTreeMap::new() }
    }

    /// Another disk with what is committed here by now.
    #[must_use]
    pub fn copy(&self) -> Self {
        let kept = self.state().kept.clone();
        Self(Arc::new(Mutex::new(State { kept, ..State::default() })))
    }

    /// Lets the `nth` write or commit from now, counted from 1, fail once.
    pub fn fail_at(&self, nth: u64) {
        let mut state = self.state();
        state.fails_at = Some(state.writes + nth);
    }

    /// Lets the disk deceive from now on.
    pub fn lie(&self, lie: Lie) {
        self.state().lies.push(lie);
    }

    /// Lets the next commit be reported and not kept.
    pub fn forget_next(&self) {
        self.state().forgets_next = true;
    }

    /// Lets every write and commit fail for want of space, or no more.
    pub fn fill(&self, is_full: bool) {
        self.state().is_full = is_full;
    }

    /// How many writes and commits there were, failed ones too.
    pub fn writes(&self) -> u64 {
        self.state().writes
    }

    fn write(&self) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        state.writes += 1;
        if state.is_full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        if state.fails_at == Some(state.writes) {
            return Err(io::Error::other("the disk failed"));
        }
        Ok(state)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Change {
    /// The bytes under `key`, with what this change wrote.
    pub fn find(&self, collection: &str, key: &[u8]) -> Option<Vec<u8>> {
        match self.pending.get(&place(collection, key)) {
            Some(changed) => changed.clone(),
            None => self.disk.find(collection, key),
        }
    }

    /// Puts `value` under `key`, whatever was there.
    pub fn put(&mut self, collection: &str, key: &[u8], value: Vec<u8>) -> io::Result<()> {
        let mut state = self.disk.write()?;
        if state.keeps_at_once(collection) {
            state.kept.insert(place(collection, key), value.clone());
        }
        drop(state);
        self.pending.insert(place(collection, key), Some(value));
        Ok(())
    }

    /// Removes what is under `key`; tells whether there was anything.
    pub fn remove(&mut self, collection: &str, key: &[u8]) -> io::Result<bool> {
        let was_there = self.find(collection, key).is_some();
        drop(self.disk.write()?);
        self.pending.insert(place(collection, key), None);
        Ok(was_there)
    }

    /// Makes the change durable, whole; after an error nothing of it is kept.
    pub fn commit(self) -> io::Result<()> {
        let mut state = self.disk.write()?;
        if mem::take(&mut state.forgets_next) {
            return Ok(());
        }
        for (place, value) in self.pending {
            if state.is_forgotten(&place, value.as_ref()) {
                continue;
            }
            match value {
                Some(value) => state.kept.insert(place, value),
                None => state.kept.remove(&place),
            };
        }
        Ok(())
    }
}

fn place(collection: &str, key: &[u8]) -> Place {
    (collection.to_owned(), key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(disk: &Disk, key: u8, value: u8) -> io::Result<()> {
        let mut change = disk.begin();
        change.put("a", &[key], vec![value])?;
        change.commit()
    }

    #[test]
    fn a_change_sees_itself_and_others_see_it_once_it_is_committed() {
        let disk = Disk::default();
        put(&disk, 1, 1).unwrap();
        let mut change = disk.begin();
        change.put("a", &[1], vec![2]).unwrap();
        change.put("b", &[], vec![3]).unwrap();
        assert_eq!((change.find("a", &[1]), disk.find("a", &[1])), (Some(vec![2]), Some(vec![1])));
        assert!(change.remove("a", &[1]).unwrap() && !change.remove("a", &[1]).unwrap());
        change.commit().unwrap();
        let same = disk.clone();
        assert_eq!((same.scan("a"), same.scan("b")), (vec![], vec![vec![3]]));
    }

    #[test]
    fn what_was_not_committed_was_never_there() {
        let disk = Disk::default();
        let mut change = disk.begin();
        change.put("a", &[1], vec![1]).unwrap();
        drop(change);
        assert_eq!(disk.find("a", &[1]), None);
    }

    #[test]
    fn the_nth_write_fails_whichever_it_is_and_leaves_nothing() {
        let disk = Disk::default();
        for nth in [1, 2] {
            disk.fail_at(nth);
            assert!(put(&disk, 1, 1).is_err(), "{nth}");
            assert_eq!(disk.find("a", &[1]), None);
        }
        disk.fail_at(3);
        put(&disk, 1, 1).unwrap();
        assert_eq!(disk.writes(), 5);
    }

    #[test]
    fn a_disk_lies_as_it_is_told() {
        let disk = Disk::default();
        put(&disk, 1, 1).unwrap();
        disk.lie(Lie::ForgetsRemovals("a"));
        disk.lie(Lie::ForgetsPuts("b"));
        disk.lie(Lie::KeepsPutsAtOnce("c"));
        let mut change = disk.begin();
        change.remove("a", &[1]).unwrap();
        change.put("b", &[1], vec![1]).unwrap();
        change.commit().unwrap();
        let mut dropped = disk.begin();
        dropped.put("c", &[1], vec![1]).unwrap();
        drop(dropped);
        assert_eq!(["a", "b", "c"].map(|collection| disk.scan(collection).len()), [1, 0, 1]);
    }

    #[test]
    fn a_full_disk_takes_nothing_until_there_is_space() {
        let disk = Disk::default();
        disk.fill(true);
        assert_eq!(put(&disk, 1, 1).unwrap_err().kind(), io::ErrorKind::StorageFull);
        disk.fill(false);
        put(&disk, 1, 1).unwrap();
        assert_eq!(disk.scan("a"), [[1]]);
    }
}
