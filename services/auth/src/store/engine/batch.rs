//! Carries out what the writer thread was handed: one transaction for a whole batch, then the answers.
//!
//! Here is the only commit of the engine; what must go with each (the database's count of its commits, its witness,
//! the outbox in memory) goes with it here.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use chassis::clock::Clock;
use chassis::history::{History, Witness};
use chassis::outbox::Outbox;
use chassis::writer::Writer;
use tokio::time::Instant;

use super::backend::{Backend, Change};
use super::tx::{Outgoing, Tx};
use super::{EngineError, record};

/// Messages that may wait: so many only do when another service is away for long, and each costs memory. Beyond
/// it, changes that others must hear of are refused.
pub(super) const OUTBOX_MAX: usize = 100_000;
/// How long a full disk is left to RocksDB, which gets over a short want of space by itself, and closes slowly meanwhile.
const FULL_REST: Duration = Duration::from_millis(500);
/// Between two tries to open a broken database: each reads its files anew, on a disk that may be failing still, and
/// all changes wait for it. Nobody notices a tenth of a second more once the disk works again.
const REOPEN_REST: Duration = Duration::from_millis(100);

/// A unit of work with its way to answer the caller.
pub(super) trait Work: Send {
    /// The name of its commit.
    fn verb(&self) -> &'static str;
    /// Does it, up to the commit.
    fn run(&mut self, tx: &Tx) -> Result<(), EngineError>;
    /// Tells the caller what became of it.
    fn answer(self: Box<Self>, committed: Result<(), EngineError>);
}

/// The work of one caller, who waits.
pub(super) struct Task<T, F> {
    pub(super) verb: &'static str,
    pub(super) work: F,
    pub(super) outcome: Option<T>,
    pub(super) answer: SyncSender<Result<T, EngineError>>,
}

impl<T: Send, F: FnMut(&Tx) -> Result<T, EngineError> + Send> Work for Task<T, F> {
    fn verb(&self) -> &'static str {
        self.verb
    }

    fn run(&mut self, tx: &Tx) -> Result<(), EngineError> {
        self.outcome = Some((self.work)(tx)?);
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), EngineError>) {
        let Self { outcome, answer, .. } = *self;
        // A caller that went away no longer cares.
        let _gone = answer.send(committed.and_then(|()| outcome.ok_or(EngineError::Ended)));
    }
}

/// The writer's side of an engine.
pub(super) struct Committer {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) outbox: Arc<Outbox>,
    /// How far the database has come.
    pub(super) history: History,
    pub(super) witness: Witness,
    pub(super) clock: Clock,
    pub(super) service: &'static str,
    /// Messages that may wait.
    pub(super) outbox_max: usize,
    /// When the database may be opened again, after a failed commit that broke it; none while it works.
    pub(super) reopens_at: Option<Instant>,
    /// When the disk was found full; none once something was written.
    pub(super) full_since: Option<Instant>,
}

impl Committer {
    /// Starts the writer thread.
    pub(super) fn start(mut self) -> Result<Writer<Box<dyn Work>>, EngineError> {
        let name = format!("{} writer", self.service);
        Ok(Writer::start(&name, move |batch| self.carry_out(batch))?)
    }

    /// One transaction for the whole batch; if any unit fails below the domain, each runs again by itself, because
    /// PoloDB has no savepoints and a failed write leaves half of its unit behind. After a failed commit nothing runs
    /// again: it may have been done.
    pub(super) fn carry_out(&mut self, mut batch: Vec<Box<dyn Work>>) {
        if batch.len() > 1 {
            match self.attempt(&mut batch) {
                Ok(()) => return answer(batch, || Ok(())),
                Err(EngineError::Commit(cause)) => {
                    return answer(batch, || Err(EngineError::Commit(Arc::clone(&cause))));
                }
                // Some unit failed, before anything was kept.
                Err(_) => {}
            }
        }
        for work in batch {
            let mut alone = [work];
            let done = self.attempt(&mut alone);
            let [work] = alone;
            work.answer(done);
        }
    }

    fn attempt(&mut self, batch: &mut [Box<dyn Work>]) -> Result<(), EngineError> {
        self.recover()?;
        let room = self.outbox_max.saturating_sub(self.outbox.total());
        let tx = Tx::new(self.backend.begin()?, self.history.next, self.clock.now(), room);
        batch.iter_mut().try_for_each(|work| work.run(&tx))?;
        if !tx.is_dirty() {
            return Ok(());
        }
        let history = tx.keep_count(self.history)?;
        // Also when the commit fails: it may have reached the disk before that, and no number is used twice.
        self.history.next = history.next;
        let (change, outgoing) = tx.into_parts();
        if let Err(error) = commit(self.service, batch.first().map_or("", |work| work.verb()), change) {
            return Err(self.failed(error));
        }
        self.full_since = None;
        self.history = history;
        self.witness.record(history);
        self.tell(outgoing);
        Ok(())
    }

    /// After a commit that failed: RocksDB refuses every further one until it is opened again. On a full disk it stays
    /// open for reads, and is opened again by the first change for which there is room.
    fn failed(&mut self, error: EngineError) -> EngineError {
        let service = self.service;
        let stays_open = matches!(error, EngineError::Full(_)) && !self.has_room_again();
        self.reopens_at = (!stays_open).then(Instant::now);
        match self.recover() {
            Ok(()) => tracing::error!(service, %error, "a commit failed"),
            Err(closed) => {
                tracing::error!(service, %error, %closed, "a commit failed, and the database cannot be used");
            }
        }
        EngineError::Commit(Arc::new(error))
    }

    /// Whether a disk that has been full for a while has room now.
    fn has_room_again(&mut self) -> bool {
        let since = *self.full_since.get_or_insert_with(Instant::now);
        since.elapsed() >= FULL_REST && self.backend.has_room()
    }

    /// Opens a broken database again, unless it was tried a moment ago.
    fn recover(&mut self) -> Result<(), EngineError> {
        match self.reopens_at {
            None => Ok(()),
            Some(at) if Instant::now() < at => Err(EngineError::Closed),
            Some(_) => {
                let opened = self.reopen();
                self.reopens_at = opened.is_err().then(|| Instant::now() + REOPEN_REST);
                opened
            }
        }
    }

    /// Opens the database again and finds what reached the disk. What was acknowledged must be there.
    fn reopen(&mut self) -> Result<(), EngineError> {
        self.backend.reopen()?;
        let rows = record::rows(&*self.backend)?;
        let (found, recorded) = (record::history(&*self.backend, &rows)?, self.history);
        if found.commits < recorded.commits {
            return Err(EngineError::Lost { found, recorded });
        }
        self.history = History { next: found.next.max(recorded.next), ..found };
        self.witness.record(self.history);
        self.outbox.renew(rows);
        tracing::warn!(service = self.service, "the database was opened again");
        Ok(())
    }

    fn tell(&self, outgoing: Outgoing) {
        if !outgoing.rows.is_empty() {
            self.outbox.committed(outgoing.rows);
        }
        for sequence in outgoing.removed {
            self.outbox.removed(sequence);
        }
    }
}

/// Tells every caller what became of the batch.
fn answer(batch: Vec<Box<dyn Work>>, committed: impl Fn() -> Result<(), EngineError>) {
    for work in batch {
        work.answer(committed());
    }
}

/// Makes `change` durable. In a simulation the director has a say before and after.
fn commit(service: &'static str, verb: &'static str, change: Box<dyn Change>) -> Result<(), EngineError> {
    #[cfg(any(test, feature = "simulation"))]
    chassis::simulation::before(chassis::simulation::Step { service, verb })?;
    change.commit()?;
    tracing::trace!(service, verb, "committed");
    #[cfg(any(test, feature = "simulation"))]
    chassis::simulation::after(chassis::simulation::Step { service, verb });
    Ok(())
}
