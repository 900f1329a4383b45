//! Group commit: the changes that wait together become durable with one sync, each for itself undoable.
//!
//! Knows no table. A request that fails takes back only its own part; a commit that fails takes back all of
//! them, and every caller hears of it.

use std::sync::mpsc::SyncSender;

use rusqlite::Connection;

use super::{Changes, StoreError};

/// The work of one request on the writer's thread.
pub(super) trait Job: Send {
    /// Does the work; `false` asks for its own changes to be taken back.
    fn perform(&mut self, changes: &Changes<'_>) -> bool;
    /// Tells the caller, once it is certain what became of the batch.
    fn answer(self: Box<Self>, batch: Result<(), StoreError>);
}

/// A closure and the caller who waits for what it returns.
pub(super) struct Unit<W, T, E> {
    work: Option<W>,
    outcome: Option<Result<T, E>>,
    caller: SyncSender<Result<T, E>>,
}

impl<W, T, E> Unit<W, T, E> {
    pub(super) const fn new(work: W, caller: SyncSender<Result<T, E>>) -> Self {
        Self { work: Some(work), outcome: None, caller }
    }
}

impl<W, T, E> Job for Unit<W, T, E>
where
    W: FnOnce(&Changes<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
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
pub(super) fn carry_out(connection: &Connection, mut jobs: Vec<Box<dyn Job>>) {
    let batch = commit(connection, &mut jobs);
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

fn commit(connection: &Connection, jobs: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    run(connection, "BEGIN IMMEDIATE")?;
    let changes = Changes::of(connection);
    for job in jobs {
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
    run(connection, "COMMIT")
}

fn run(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}
