//! Group commit: the changes that wait together become durable with one sync, each for itself undoable.
//!
//! Knows no table. A request that fails takes back only its own part; a commit that fails takes back all of
//! them, and every caller hears of it.

use std::sync::mpsc::SyncSender;

#[cfg(feature = "simulation")]
use chassis::simulation;
use rusqlite::Connection;

use super::{Changes, Chores, StoreError, past};

/// The work of one request on the writer's thread.
pub(super) trait Job: Send {
    /// What the commit is for.
    fn verb(&self) -> &'static str;
    /// Does the work; `false` asks for its own changes to be taken back.
    fn perform(&mut self, changes: &Changes<'_>) -> bool;
    /// Tells the caller, once it is certain what became of the batch.
    fn answer(self: Box<Self>, batch: Result<(), StoreError>);
}

/// A closure and the caller who waits for what it returns.
pub(super) struct Unit<W, T, E> {
    verb: &'static str,
    work: Option<W>,
    outcome: Option<Result<T, E>>,
    caller: SyncSender<Result<T, E>>,
}

impl<W, T, E> Unit<W, T, E> {
    pub(super) const fn new(verb: &'static str, work: W, caller: SyncSender<Result<T, E>>) -> Self {
        Self { verb, work: Some(work), outcome: None, caller }
    }
}

impl<W, T, E> Job for Unit<W, T, E>
where
    W: FnOnce(&Changes<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn verb(&self) -> &'static str {
        self.verb
    }

    fn perform(&mut self, changes: &Changes<'_>) -> bool {
        self.outcome = self.work.take().map(|work| work(changes));
        matches!(self.outcome, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, batch: Result<(), StoreError>) {
        let outcome = match (batch, self.outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(StoreError::Undone.into()),
            (Err(error), _) => Err(error.into()),
        };
        if self.caller.send(outcome).is_err() {
            tracing::debug!("the caller of a change is gone");
        }
    }
}

/// Carries out `jobs` in one transaction and answers all of them.
pub(super) fn carry_out(connection: &Connection, chores: &Chores, mut jobs: Vec<Box<dyn Job>>) {
    let batch = commit(connection, chores, &mut jobs);
    if let Err(error) = &batch {
        let verbs: Vec<_> = jobs.iter().map(|job| job.verb()).collect();
        tracing::debug!(?verbs, %error, "a batch of changes was undone");
    }
    if batch.is_err()
        && !connection.is_autocommit()
        && let Err(error) = connection.execute_batch("ROLLBACK")
    {
        tracing::error!(%error, "a failed batch could not be rolled back");
    }
    for job in jobs {
        job.answer(batch.clone());
    }
}

fn commit(connection: &Connection, chores: &Chores, jobs: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    run(connection, "BEGIN IMMEDIATE")?;
    let before = past::changes(connection)?;
    let changes = Changes::of(connection, chores);
    for job in jobs.iter_mut() {
        run(connection, "SAVEPOINT request")?;
        if !job.perform(&changes) {
            // A full disk or a failed write ends the whole transaction, not just the statement.
            if connection.is_autocommit() {
                return Err(StoreError::Undone);
            }
            run(connection, "ROLLBACK TO request")?;
        }
        run(connection, "RELEASE request")?;
    }
    past::count_commit(connection, before)?;
    #[cfg(feature = "simulation")]
    ask_director(jobs)?;
    run(connection, "COMMIT")?;
    #[cfg(feature = "simulation")]
    after(jobs);
    Ok(())
}

/// Asks the director of a simulation, if there is one, whether the commit of `jobs` succeeds.
#[cfg(feature = "simulation")]
fn ask_director(jobs: &[Box<dyn Job>]) -> Result<(), StoreError> {
    use rusqlite::{Error, ffi};
    let failed = |error: std::io::Error| {
        let is_full = error.kind() == std::io::ErrorKind::StorageFull;
        let code = if is_full { ffi::SQLITE_FULL } else { ffi::SQLITE_IOERR };
        Error::SqliteFailure(ffi::Error::new(code), Some(error.to_string())).into()
    };
    jobs.iter().try_for_each(|job| simulation::before(step(job.as_ref())).map_err(failed))
}

/// Tells the director that `jobs` are durable.
#[cfg(feature = "simulation")]
fn after(jobs: &[Box<dyn Job>]) {
    for job in jobs {
        simulation::after(step(job.as_ref()));
    }
}

#[cfg(feature = "simulation")]
fn step(job: &dyn Job) -> simulation::Step {
    simulation::Step { service: crate::NAME, verb: job.verb() }
}

/// Runs a statement without parameters, prepared once for each connection.
pub(super) fn run(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}
