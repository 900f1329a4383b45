//! An index that is being kept: what its writer has taken, what is committed, and when the next commit is due.
//!
//! Any error leaves it as the last commit was, on disk; whoever drives it opens that again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tantivy::indexer::IndexWriterOptions;
use tantivy::{Index, IndexWriter, Term};
use tokio::time::Instant;

use super::Trouble;
use super::coverage::Coverage;
use super::folder::Receipt;
use super::gather::Batch;
use super::merging::Merging;
use super::part::Part;
use super::schema::Fields;
use super::snapshot::{Snapshot, parts};
use crate::store::Mark;

/// What the writer may hold in memory.
const HEAP_BYTES: usize = 20_000_000;
/// Between two commits, since each leaves a segment that is merged later; nothing is taken in between either, for it
/// takes less time when it is more.
const COMMIT_INTERVAL: Duration = Duration::from_secs(2);
/// The same while searches read many notes that are not in the index yet, each of them anew.
const HURRIED_INTERVAL: Duration = Duration::from_millis(100);
/// A commit takes no more than this part of the time, however long one lasts.
const COMMIT_SHARE: u32 = 10;
/// Without work the writer lets go of its memory and its threads after this long.
const IDLE_MAX: Duration = Duration::from_secs(5);
/// How often merges are looked after.
const MERGE_INTERVAL: Duration = Duration::from_millis(500);
/// What a sweep may take before the writer is closed all the same: it begins again with the next one.
const SWEEP_MAX: Duration = Duration::from_mins(2);

/// An index and how far it is.
pub(super) struct Work {
    index: Index,
    writer: Option<IndexWriter>,
    parts: Vec<Arc<Part>>,
    /// What was handed to the writer, and what is covered with it.
    pub(super) mark: Mark,
    pub(super) coverage: Coverage,
    is_pending: bool,
    has_remains: bool,
    sweeps: Arc<AtomicBool>,
    committed_at: Instant,
    commit_took: Duration,
    worked_at: Instant,
}

impl Work {
    /// Goes on with `index`, whose last commit says `receipt`.
    pub(super) fn on(index: Index, parts: Vec<Arc<Part>>, receipt: Receipt) -> Self {
        let now = Instant::now();
        Self {
            index,
            writer: None,
            parts,
            mark: receipt.mark,
            coverage: if receipt.is_whole { Coverage::whole() } else { Coverage::default() },
            is_pending: false,
            has_remains: receipt.has_remains,
            sweeps: Arc::default(),
            committed_at: now,
            commit_took: Duration::ZERO,
            worked_at: now,
        }
    }

    /// The last commit, open for searches; `coverage` is what it covers.
    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot {
            index: Some(self.index.clone()),
            parts: self.parts.clone(),
            mark: self.mark,
            coverage: self.coverage.clone(),
        }
    }

    /// Hands `batch` to the writer.
    pub(super) fn take(&mut self, fields: &Fields, batch: Batch) -> Result<(), Trouble> {
        let Batch { removed, added, mark, covered, has_remains, .. } = batch;
        if mark.is_none() && covered.is_none() {
            return Ok(());
        }
        let writer = self.writer()?;
        for note in removed {
            writer.delete_term(Term::from_field_u64(fields.number, note.unsigned_abs()));
        }
        for entry in &added {
            writer.add_document(fields.document(entry))?;
        }
        self.is_pending = true;
        self.mark = mark.unwrap_or(self.mark);
        self.has_remains |= has_remains;
        if let Some(covered) = covered {
            self.coverage.add(covered);
        }
        self.worked_at = Instant::now();
        Ok(())
    }

    /// How long until there may be another commit, in a hurry or not.
    pub(super) fn due_in(&self, is_hurried: bool) -> Duration {
        let interval = if is_hurried { HURRIED_INTERVAL } else { COMMIT_INTERVAL };
        interval.max(self.commit_took * COMMIT_SHARE).saturating_sub(self.committed_at.elapsed())
    }

    /// Whether something was taken that is not committed.
    pub(super) const fn is_pending(&self) -> bool {
        self.is_pending
    }

    /// Makes all that was taken durable, with the mark in the same commit, and opens it for searches.
    pub(super) fn commit(&mut self, fields: &Fields) -> Result<(), Trouble> {
        let begun = Instant::now();
        let receipt =
            Receipt { mark: self.mark, is_whole: self.coverage.is_whole(), has_remains: self.has_remains };
        let mut prepared = self.writer()?.prepare_commit()?;
        prepared.set_payload(&receipt.to_string());
        prepared.commit()?;
        self.is_pending = false;
        self.refresh(fields)?;
        self.committed_at = Instant::now();
        self.commit_took = begun.elapsed();
        Ok(())
    }

    /// Opens what merges have made of the last commit.
    fn refresh(&mut self, fields: &Fields) -> Result<(), Trouble> {
        self.parts = parts(&self.index, fields, &self.parts)?.1;
        Ok(())
    }

    /// Lets merges end, sweeps what purges left, and closes the writer when there was nothing to do for a while.
    /// Returns how long it can be left alone; none when it can be for good.
    pub(super) fn rest(&mut self, fields: &Fields) -> Result<Option<Duration>, Trouble> {
        if self.writer.is_none() && !self.has_remains {
            return Ok(None);
        }
        let idle = self.worked_at.elapsed();
        if idle < IDLE_MAX {
            return Ok(Some(MERGE_INTERVAL.min(IDLE_MAX.saturating_sub(idle))));
        }
        self.refresh(fields)?;
        if self.has_remains && self.sweep(fields)? && idle < SWEEP_MAX {
            return Ok(Some(MERGE_INTERVAL));
        }
        self.close();
        Ok(None)
    }

    /// Merges away what was deleted; tells whether there is something left of it.
    pub(super) fn sweep(&mut self, fields: &Fields) -> Result<bool, Trouble> {
        let is_left = self.parts.iter().any(|part| part.meta.has_deletes());
        if !is_left {
            self.sweeps.store(false, Ordering::SeqCst);
            self.has_remains = false;
            self.commit(fields)?;
        } else if !self.sweeps.swap(true, Ordering::SeqCst) {
            // Merges are chosen after a commit.
            self.commit(fields)?;
        }
        Ok(is_left)
    }

    fn close(&mut self) {
        self.writer = None;
        self.sweeps.store(false, Ordering::SeqCst);
    }

    fn writer(&mut self) -> Result<&mut IndexWriter, Trouble> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.opened()?,
        };
        Ok(self.writer.insert(writer))
    }

    fn opened(&self) -> Result<IndexWriter, Trouble> {
        let options = IndexWriterOptions::builder()
            .memory_budget_per_thread(HEAP_BYTES)
            .num_worker_threads(1)
            .num_merge_threads(1)
            .build();
        let writer = self.index.writer_with_options(options)?;
        writer.set_merge_policy(Box::new(Merging::new(Arc::clone(&self.sweeps))));
        Ok(writer)
    }
}
