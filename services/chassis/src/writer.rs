//! One thread that owns all writes of a database and groups those that wait into one commit.
//!
//! It knows no database: the store says how a batch is carried out. Callers block until the batch that holds
//! their work is durable, so an answer can never precede its commit.

use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

/// Waiting jobs: four full commits, a few milliseconds of work. Whoever finds no room is told to come back.
const QUEUE_MAX: usize = 1024;
/// Jobs in one commit: the gain of sharing an fsync is nearly all reached, and latency stays in the milliseconds.
const BATCH_MAX: usize = 256;

/// The writer thread of one database. `J` is a unit of work with its own way to answer its caller.
pub struct Writer<J>(Place<J>);

/// Where jobs are carried out.
enum Place<J> {
    /// On a thread of the writer's own.
    Thread(Thread<J>),
    /// Where they are handed over, because a simulation has one thread.
    #[cfg(feature = "simulation")]
    Inline(std::sync::Mutex<Box<dyn FnMut(Vec<J>) + Send>>),
}

struct Thread<J> {
    jobs: Option<SyncSender<J>>,
    thread: Option<JoinHandle<()>>,
}

/// The writer takes no more work: its queue is full, or it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the writer takes no more work")]
pub struct Busy;

impl<J: Send + 'static> Writer<J> {
    /// Starts the thread `name`; it calls `carry_out` with 1 to 256 jobs at a time, in the order they came.
    pub fn start<F>(name: &str, mut carry_out: F) -> std::io::Result<Self>
    where
        F: FnMut(Vec<J>) + Send + 'static,
    {
        #[cfg(feature = "simulation")]
        if crate::simulation::director().is_some() {
            return Ok(Self(Place::Inline(std::sync::Mutex::new(Box::new(carry_out)))));
        }
        let (jobs, queue) = sync_channel(QUEUE_MAX);
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
            while let Some(batch) = next_batch(&queue) {
                // A batch that panics fails its callers, whose answers are dropped; the next one gets its chance.
                if panic::catch_unwind(AssertUnwindSafe(|| carry_out(batch))).is_err() {
                    tracing::error!("a batch of writes panicked");
                }
            }
        })?;
        Ok(Self(Place::Thread(Thread { jobs: Some(jobs), thread: Some(thread) })))
    }

    /// Hands over a job; refused when the queue is full.
    pub fn submit(&self, job: J) -> Result<(), Busy> {
        match &self.0 {
            Place::Thread(Thread { jobs: Some(jobs), .. }) => match jobs.try_send(job) {
                Ok(()) => Ok(()),
                Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(Busy),
            },
            Place::Thread(Thread { jobs: None, .. }) => Err(Busy),
            #[cfg(feature = "simulation")]
            Place::Inline(carry_out) => {
                (carry_out.lock().unwrap_or_else(std::sync::PoisonError::into_inner))(vec![job]);
                Ok(())
            }
        }
    }
}

impl<J> std::fmt::Debug for Writer<J> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer(..)")
    }
}

fn next_batch<J>(queue: &Receiver<J>) -> Option<Vec<J>> {
    let mut batch = vec![queue.recv().ok()?];
    while batch.len() < BATCH_MAX {
        match queue.try_recv() {
            Ok(job) => batch.push(job),
            Err(_) => break,
        }
    }
    Some(batch)
}

/// Finishes the jobs that were handed over, then ends the thread.
impl<J> Drop for Thread<J> {
    fn drop(&mut self) {
        self.jobs.take();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a writer thread had panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn jobs_are_carried_out_in_order_and_all_before_the_end() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let writer =
            Writer::start("test", move |batch: Vec<u32>| sink.lock().unwrap().extend(batch)).unwrap();
        for job in 0..500 {
            writer.submit(job).unwrap();
        }
        drop(writer);
        assert_eq!(*seen.lock().unwrap(), (0..500).collect::<Vec<_>>());
    }

    #[test]
    fn a_full_queue_refuses_instead_of_growing() {
        let (release, gate) = sync_channel::<()>(0);
        let writer = Writer::start("test", move |_: Vec<usize>| {
            let _ended = gate.recv();
        })
        .unwrap();
        let taken = (0..QUEUE_MAX * 2).take_while(|job| writer.submit(*job).is_ok()).count();
        assert!((QUEUE_MAX..=QUEUE_MAX + BATCH_MAX).contains(&taken), "{taken}");
        drop(release);
    }

    #[test]
    fn a_panic_ends_its_batch_and_not_the_thread() {
        let (told, heard) = sync_channel(1);
        let writer = Writer::start("test", move |batch: Vec<bool>| {
            assert!(batch.iter().all(|fine| *fine), "planted");
            let _heard_already = told.try_send(());
        })
        .unwrap();
        writer.submit(false).unwrap();
        while writer.submit(true).is_err() {}
        // The two may have shared a batch; a third certainly comes after it.
        while heard.try_recv().is_err() {
            let _full = writer.submit(true);
        }
    }
}
