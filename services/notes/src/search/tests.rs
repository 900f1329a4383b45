//! The index against the notes: it may be anywhere between missing and complete, and answers are the same.

mod differential;
mod harm;
mod life;
mod oracle;
mod text;

use std::cell::Cell;

use chassis::clock::Timestamp;
use chassis::entropy::{Entropy, Stream};
use chassis::page::Page;
use chassis::standing::{Rung, Standing};
use tempfile::TempDir;

use self::text::Writer;
use super::indexer::Next;
use super::*;
use crate::note::{Draft, Note, NoteId, Text, Title};
use crate::store::Changes;

const ADA: AccountId = AccountId::from_bytes([1; 12]);
const BEN: AccountId = AccountId::from_bytes([2; 12]);

/// A store and an index of it that takes its turns when it is told to.
struct World {
    indexer: Indexer,
    index: Index,
    store: Arc<Store>,
    dir: TempDir,
    /// Milliseconds since 1970.
    now: Cell<i64>,
}

impl World {
    fn new() -> Self {
        Self::open(tempfile::tempdir().unwrap())
    }

    fn open(dir: TempDir) -> Self {
        let store = Arc::new(Store::open(dir.path(), 4, false).unwrap());
        let shared = Arc::new(Shared::new(store.bell()));
        let indexer = Indexer::new(Folder::new(dir.path()), Arc::clone(&store), Arc::clone(&shared));
        Self { indexer, index: Index { shared, indexer: None }, store, dir, now: Cell::new(1_000_000) }
    }

    /// Everything is left as it is, as by a kill, and opened again.
    fn reopened(self) -> Self {
        let Self { indexer, index, store, dir, now } = self;
        drop((indexer, index, store));
        Self { now, ..Self::open(dir) }
    }

    fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Changes<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.store.change("test", work).unwrap()
    }

    fn insert(&self, note: Note) {
        self.change(move |notes| {
            notes.raise(note.author, Standing::new(Rung::Active))?;
            notes.insert(&note)
        });
    }

    /// Turns until there is nothing to do but to wait; commits are due at once.
    async fn settle(&mut self) {
        for _ in 0..100_000 {
            tokio::time::advance(std::time::Duration::from_secs(1)).await;
            let next = self.indexer.turn();
            let gauges = self.store.view(|notes| self.index.gauges(notes)).unwrap();
            if matches!(next, Next::Wait(_))
                && gauges.lag == 0
                && (gauges.percent == 100 || gauges.documents == 0)
            {
                return;
            }
        }
        panic!("the index does not come to rest");
    }

    fn find(&self, account: AccountId, wanted: &Wanted) -> Found {
        let search = self.index.search();
        self.store.view(|notes| search.find(notes, account, wanted)).unwrap()
    }
}

fn text(text: &str) -> Text {
    Text::new(text.to_owned()).unwrap()
}

/// How much a proof tries: a share on every change, everything on demand.
#[expect(
    clippy::disallowed_methods,
    reason = "the size of a proof is a setting of the test run, not of the product"
)]
fn size(ci: usize, full: usize) -> usize {
    match std::env::var("SATCHEL_PROOF").as_deref() {
        Ok("full") => full,
        _ => ci,
    }
}
