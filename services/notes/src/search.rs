//! Ranked search over everything that an author wrote: tantivy finds, the database decides.
//!
//! ```text
//! writer ─ commit ─► bell ─► indexer ─► the folder `index` ─► snapshot ─┐
//!    └────────────────────── notes changed since ──────────────────────┴─► find
//! ```
//!
//! The index is derived from the notes and may lag, be missing or be damaged. Each of its commits says which change it
//! has come to (`folder.rs`); what is newer is read from the database and counted in the same way (`tally.rs`), so an
//! answer is that of the notes as they are. What the index says is believed after its checksums and its set of notes
//! were held against the database; otherwise it is built again (`indexer.rs`), while the notes themselves answer.
//!
//! At the end the indexer is told, finishes the commit that it is in and lets go of the store, which then closes.

mod answer;
mod coverage;
mod files;
mod folder;
mod gather;
mod indexer;
mod merging;
mod part;
mod postings;
mod schema;
mod shared;
mod snapshot;
mod sorted;
mod tally;
mod typo;
mod verify;
mod word;
mod work;

use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use chassis::dir::{self, DirError};
use chassis::id::AccountId;

use self::answer::answer;
use self::folder::Folder;
use self::indexer::Indexer;
use self::schema::{Key, TAG_BYTES_MAX};
use self::shared::Shared;
use self::snapshot::Snapshot;
use self::tally::{Fresh, Ground};
use crate::ranked::{Found, Term, Wanted};
use crate::store::{Pile, Store, StoreError, View};

/// Notes that a search may have to read because they are newer than the index, before it asks for a commit.
const FRESH_MAX: usize = 64;

/// Why the index could not do its part.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the search index failed")]
    Tantivy(#[from] tantivy::TantivyError),
    #[error("the search index cannot be written")]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Dir(#[from] DirError),
    #[error("the search index is not what the notes are")]
    Differs,
    #[error("the search index panicked")]
    Panicked,
}

/// How often the copy of an index is tried that changes meanwhile; without one it is built from the notes.
const COPIES_MAX: u32 = 3;

/// Copies the index from one folder of data to another. It is derived, so that one which cannot be copied is left out.
pub(crate) fn copy(from: &Path, to: &Path) {
    let (from, to) = (folder::place(from), folder::place(to));
    // Only the two files that tell which others count are ever replaced.
    let is_final = |path: &Path| path.extension().is_none_or(|extension| extension != "json");
    for _ in 0..COPIES_MAX {
        let copied = from.exists().then(|| dir::duplicate(&from, &to, is_final));
        let Some(Err(error)) = copied else { return };
        tracing::debug!(%error, "the search index was not copied");
        let _absent = std::fs::remove_dir_all(&to);
    }
}

/// What an operator may know of the index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gauges {
    /// Notes in it, with those that were replaced since the last merge.
    pub(crate) documents: u64,
    /// Changes that it has not taken up yet.
    pub(crate) lag: u64,
    /// How often it was built from the notes since the start.
    pub(crate) builds: u64,
    /// How much of the notes it covers.
    pub(crate) percent: u64,
}

/// The ranked index of one data directory, with the thread that keeps it.
pub(crate) struct Index {
    shared: Arc<Shared>,
    indexer: Option<JoinHandle<()>>,
}

impl Index {
    /// Takes up the index in `data_dir` and keeps it as `store` has the notes. What is there is looked at in the
    /// background; until then, and if no thread can be had, the notes themselves answer.
    pub(crate) fn open(data_dir: &Path, store: Arc<Store>) -> Self {
        let shared = Arc::new(Shared::new(store.bell()));
        // A simulation has one thread and a time of its own: there the notes themselves answer, always.
        #[cfg(feature = "simulation")]
        if chassis::simulation::director().is_some() {
            return Self { shared, indexer: None };
        }
        let mut indexer = Indexer::new(Folder::new(data_dir), store, Arc::clone(&shared));
        let thread = thread::Builder::new().name("notes indexer".to_owned()).spawn(move || indexer.run());
        let indexer =
            thread.inspect_err(|error| tracing::error!(%error, "there is no thread for the search index"));
        Self { shared, indexer: indexer.ok() }
    }

    /// Begins a search. The notes are looked at after this, so that the index is never ahead of them.
    pub(crate) fn search(&self) -> Search {
        Search { shared: Arc::clone(&self.shared), snapshot: self.shared.snapshot() }
    }

    /// Whether the index is damaged or has other notes than the database, which it should not have.
    pub(crate) fn is_wrong(&self, store: &Store) -> Result<bool, StoreError> {
        let snapshot = self.shared.snapshot();
        if !snapshot.coverage.is_whole() {
            return Ok(false);
        }
        match guarded(|| verify::verify(&snapshot, store)) {
            Ok(()) => Ok(false),
            Err(Trouble::Store(error)) => Err(error),
            Err(trouble) => {
                tracing::warn!(error = &trouble as &dyn std::error::Error, "the search index is wrong");
                Ok(true)
            }
        }
    }

    /// Has the index built again.
    pub(crate) fn rebuild(&self) {
        self.shared.order_rebuild();
    }

    /// The numbers of this moment.
    pub(crate) fn gauges(&self, view: &View<'_>) -> Result<Gauges, StoreError> {
        let snapshot = self.shared.snapshot();
        let newest = view.newest_change()?.seq;
        let (documents, notes) = (snapshot.documents(), view.count_notes()?);
        let is_whole = snapshot.coverage.is_whole();
        let percent = if is_whole { 100 } else { (documents * 100 / notes.max(1)).min(99) };
        let lag = newest.saturating_sub(snapshot.mark.seq).unsigned_abs();
        Ok(Gauges { documents, lag, builds: self.shared.builds(), percent })
    }
}

/// A search in one state of the index.
pub(crate) struct Search {
    shared: Arc<Shared>,
    snapshot: Arc<Snapshot>,
}

impl Search {
    /// Answers `wanted` from the notes of `account` as they are in `view`.
    pub(crate) fn find(
        &self,
        view: &View<'_>,
        account: AccountId,
        wanted: &Wanted,
    ) -> Result<Found, StoreError> {
        let Some(pile) = view.pile(account, wanted.is_archived)? else {
            return Ok(Found { notes: Vec::new(), total: 0, tags: Vec::new(), query: wanted.query.clone() });
        };
        let ground = |fresh| Ground {
            view,
            pile,
            key: Key::of(&pile),
            tag: wanted.tag.as_ref(),
            parts: &self.snapshot.parts,
            fresh,
        };
        let indexed = ground(self.fresh(view, &pile, wanted)?);
        match guarded(|| answer(&indexed, account, wanted)) {
            Err(Trouble::Store(error)) => return Err(error),
            Err(trouble) => self.shared.distrust(&trouble),
            Ok(found) => return Ok(found),
        }
        answer(&ground(Fresh::All), account, wanted).map_err(|trouble| match trouble {
            Trouble::Store(error) => error,
            // Without parts nothing but the database is asked.
            _ => StoreError::Corrupt { table: "author", key: pile.author, what: "notes" },
        })
    }

    /// Which notes have to be read.
    fn fresh(&self, view: &View<'_>, pile: &Pile, wanted: &Wanted) -> Result<Fresh, StoreError> {
        let Snapshot { mark, coverage, .. } = &*self.snapshot;
        if !coverage.has_author(pile.author) {
            self.shared.ask_for(pile.author);
            return Ok(Fresh::All);
        }
        if !is_in_terms(wanted) {
            return Ok(Fresh::All);
        }
        if pile.changed <= mark.seq {
            return Ok(Fresh::Only(Vec::new()));
        }
        if !view.reaches_back_to(mark.seq)? {
            return Ok(Fresh::All);
        }
        let fresh = view.changed_after(mark.seq, &pile.numbers())?;
        if fresh.len() > FRESH_MAX {
            self.shared.hurry();
        }
        Ok(Fresh::Only(fresh))
    }
}

/// Whether the index has all that is asked for as terms.
fn is_in_terms(wanted: &Wanted) -> bool {
    let choices = wanted.query.clauses.iter().flat_map(|clause| &clause.choices);
    let tags = choices.filter_map(|choice| match choice {
        Term::Tag(tag) => Some(tag.len()),
        Term::Words { .. } => None,
    });
    let exact = wanted.tag.as_ref().map(|tag| tag.as_str().len());
    tags.chain(exact).all(|len| len <= TAG_BYTES_MAX)
}

/// Damaged files make tantivy panic in places.
fn guarded<T>(work: impl FnOnce() -> Result<T, Trouble>) -> Result<T, Trouble> {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Trouble::Panicked))
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Index(..)")
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        self.shared.end();
        if let Some(indexer) = self.indexer.take()
            && indexer.join().is_err()
        {
            tracing::error!("the indexer had panicked");
        }
    }
}

#[cfg(test)]
mod tests;
