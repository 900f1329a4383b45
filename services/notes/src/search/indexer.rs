//! Keeps the index as the notes are, on a thread of its own: it takes up what changed after each commit of the notes,
//! and builds the index when there is none that can be believed.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::folder::{Folder, Receipt};
use super::gather::{gap_of, gather};
use super::shared::Shared;
use super::snapshot::{Snapshot, parts};
use super::verify::verify;
use super::work::Work;
use super::{Trouble, guarded};
use crate::store::{Mark, Store, author_of};

/// After a setback it is tried again this much later, and twice as long after each further one.
const RETRY_MIN: Duration = Duration::from_millis(500);
/// But not later than this: a full disk may have room again.
const RETRY_MAX: Duration = Duration::from_mins(1);
/// Setbacks in a row after which what is there is not taken up again.
const SETBACKS_MAX: u32 = 2;
/// Steps in which the progress of a build is logged, in per cent.
const PROGRESS_STEP: u64 = 10;

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The next turn, at once.
    Turn,
    /// The next turn when the bell rings, or after this long.
    Wait(Option<Duration>),
    /// The next turn after this long, whatever the notes do meanwhile.
    Pause(Duration),
    /// Nothing any more.
    End,
}

/// The index, its folder and the notes that it is made of.
pub(super) struct Indexer {
    folder: Folder,
    store: Arc<Store>,
    shared: Arc<Shared>,
    work: Option<Work>,
    /// While the index is built: where the next notes are taken from, and whose they are if somebody waits for them.
    from: i64,
    asked: Option<i64>,
    logged_percent: u64,
    setbacks: u32,
    retry_at: Option<Instant>,
}

impl Indexer {
    pub(super) fn new(folder: Folder, store: Arc<Store>, shared: Arc<Shared>) -> Self {
        Self {
            folder,
            store,
            shared,
            work: None,
            from: 0,
            asked: None,
            logged_percent: 0,
            setbacks: 0,
            retry_at: None,
        }
    }

    /// Takes turns until the end is asked for.
    pub(super) fn run(&mut self) {
        loop {
            match self.turn() {
                Next::Turn => {}
                Next::Wait(limit) => self.shared.bell().wait(limit),
                Next::Pause(limit) => self.shared.bell().pause(limit),
                Next::End => return,
            }
        }
    }

    /// Does a bit of what there is to do.
    pub(super) fn turn(&mut self) -> Next {
        if self.shared.is_ending() {
            return Next::End;
        }
        if let Some(left) = self.retry_at.map(|at| at.saturating_duration_since(Instant::now()))
            && !left.is_zero()
        {
            return Next::Wait(Some(left));
        }
        match guarded(|| self.step()) {
            Ok(next) => next,
            Err(trouble) => self.set_back(&trouble),
        }
    }

    fn step(&mut self) -> Result<Next, Trouble> {
        if self.shared.take_rebuild() {
            self.work = None;
            self.begin("it is wrong")?;
        }
        let mut work = match self.work.take() {
            Some(work) => work,
            None => match self.open()? {
                Some(work) => work,
                None => return Ok(Next::Wait(None)),
            },
        };
        let next = self.keep(&mut work)?;
        // Unless a new one was begun instead.
        self.work.get_or_insert(work);
        Ok(next)
    }

    /// Takes up what is there, if it can be believed; none when there is nothing, and nothing to be made of.
    fn open(&mut self) -> Result<Option<Work>, Trouble> {
        if self.setbacks > SETBACKS_MAX {
            self.begin("it failed again and again")?;
            return Ok(self.work.take());
        }
        match self.take_up() {
            Ok(Some(work)) => {
                self.shared.publish(work.snapshot());
                return Ok(Some(work));
            }
            Ok(None) if self.newest_change()? == Mark::default() => {
                self.shared.publish(Snapshot::default());
                return Ok(None);
            }
            Ok(None) => self.begin("there is none")?,
            Err(Trouble::Store(error)) => return Err(error.into()),
            Err(trouble) => {
                tracing::warn!(error = &trouble as &dyn std::error::Error, "the search index cannot be used");
                self.begin("it cannot be used")?;
            }
        }
        Ok(self.work.take())
    }

    fn newest_change(&self) -> Result<Mark, Trouble> {
        self.store.view(|notes| Ok(notes.newest_change()?))
    }

    /// The work on the index in the folder, which is held against its checksums and against the notes.
    fn take_up(&self) -> Result<Option<Work>, Trouble> {
        guarded(|| {
            let Some(index) = self.folder.open()? else { return Ok(None) };
            let (commit, parts) = parts(&index, &self.folder.fields, &[])?;
            let receipt =
                commit.payload.as_deref().and_then(Receipt::parse).filter(|receipt| receipt.is_whole);
            let work = Work::on(index, parts, receipt.ok_or(Trouble::Differs)?);
            verify(&work.snapshot(), &self.store)?;
            Ok(Some(work))
        })
    }

    /// Begins a new index, from no notes at all.
    fn begin(&mut self, reason: &str) -> Result<(), Trouble> {
        self.shared.publish(Snapshot::default());
        self.work = None;
        let (mark, notes) =
            self.store.view(|notes| Ok::<_, Trouble>((notes.newest_change()?, notes.count_notes()?)))?;
        tracing::info!(reason, notes, "the search index is built");
        let index = self.folder.create()?;
        self.work = Some(Work::on(index, Vec::new(), Receipt { mark, is_whole: false, has_remains: false }));
        (self.from, self.asked, self.logged_percent) = (0, None, 0);
        self.shared.count_build();
        Ok(())
    }

    /// Takes up what comes next and commits when it is time.
    fn keep(&mut self, work: &mut Work) -> Result<Next, Trouble> {
        let left = work.due_in(self.shared.must_hurry());
        // What is taken before there may be a commit is not found any sooner.
        if work.coverage.is_whole() && !left.is_zero() {
            return Ok(Next::Pause(left));
        }
        let from = self.place_to_fill(work);
        let batch = self.store.view(|notes| {
            if !notes.reaches_back_to(work.mark.seq)? {
                return Ok(None);
            }
            gather(notes, work.mark, &work.coverage, from).map(Some).map_err(Trouble::from)
        })?;
        let Some(batch) = batch else {
            self.begin("it is too far behind")?;
            return Ok(Next::Turn);
        };
        let (was_whole, is_full) = (work.coverage.is_whole(), batch.is_full);
        work.take(&self.folder.fields, batch)?;
        let is_complete = work.coverage.is_whole() && !was_whole;
        let is_due = work.is_pending() && left.is_zero() && !(was_whole && is_full);
        if is_complete || is_due || self.has_what_was_asked(work) {
            self.commit(work)?;
        }
        if is_full { Ok(Next::Turn) } else { self.rest(work) }
    }

    fn rest(&self, work: &mut Work) -> Result<Next, Trouble> {
        let left = work.rest(&self.folder.fields)?;
        self.shared.publish(work.snapshot());
        Ok(Next::Wait(left))
    }

    fn commit(&mut self, work: &mut Work) -> Result<(), Trouble> {
        #[cfg(feature = "simulation")]
        if chassis::simulation::has_bug("the mark is ahead of what was taken up") {
            work.mark = self.newest_change()?;
        }
        work.commit(&self.folder.fields)?;
        self.shared.calm_down();
        self.setbacks = 0;
        let snapshot = work.snapshot();
        if self.logged_percent < 100 {
            self.log(&snapshot)?;
        }
        self.shared.publish(snapshot);
        Ok(())
    }

    fn log(&mut self, snapshot: &Snapshot) -> Result<(), Trouble> {
        let all = self.store.view(|notes| Ok::<_, Trouble>(notes.count_notes()?))?;
        let done = snapshot.documents();
        let percent = if snapshot.coverage.is_whole() { 100 } else { (done * 100 / all.max(1)).min(99) };
        if percent == 100 || percent >= self.logged_percent + PROGRESS_STEP {
            tracing::info!(notes = done, percent, "the search index covers so much");
            self.logged_percent = percent;
        }
        Ok(())
    }

    /// Where notes are taken from next while the index is built: authors whose notes are asked for come first.
    fn place_to_fill(&mut self, work: &Work) -> i64 {
        if work.coverage.is_whole() {
            return 0;
        }
        self.asked = self.asked.filter(|author| !work.coverage.has_author(*author));
        while self.asked.is_none() {
            match self.shared.next_asked() {
                Some(author) => self.asked = gap_of(author, &work.coverage).map(author_of),
                None => return 0,
            }
        }
        self.asked.and_then(|author| gap_of(author, &work.coverage)).unwrap_or(0)
    }

    /// Whether an author who was asked for has just been covered.
    fn has_what_was_asked(&self, work: &Work) -> bool {
        self.asked.is_some_and(|author| work.coverage.has_author(author))
    }

    fn set_back(&mut self, trouble: &Trouble) -> Next {
        self.work = None;
        let delay = RETRY_MAX.min(RETRY_MIN * 2_u32.saturating_pow(self.setbacks));
        self.setbacks = self.setbacks.saturating_add(1);
        self.retry_at = Some(Instant::now() + delay);
        tracing::warn!(error = trouble as &dyn std::error::Error, ?delay, "the search index was set back");
        Next::Wait(Some(delay))
    }
}
