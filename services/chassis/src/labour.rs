//! Threads for work that computes for long, below the priority of everything else.
//!
//! On a machine with few cores such work would hold up whoever has a moment's work to do. How much of it may wait is
//! for its owner to bound, with [`crate::turn`].

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::oneshot;

use crate::blocking;

/// Nice values go from -20 to 19. At 10 a thread gets a tenth of what another asks for on the same core, and all of a
/// core that nobody else wants; at 19 it would hardly move while others compute.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;
/// Work handed over at a time; owners let in as many as there are threads.
const QUEUE_MAX: usize = 1_024;

type Work = Box<dyn FnOnce() + Send>;

/// Threads that work off what they are given; they end when this is dropped.
pub struct Labour {
    /// None in a simulation, which has one thread.
    queue: Option<SyncSender<Work>>,
}

impl Labour {
    /// Starts `threads` threads called `name`.
    ///
    /// # Errors
    /// When the system gives no more threads.
    pub fn start(name: &str, threads: usize) -> io::Result<Self> {
        #[cfg(feature = "simulation")]
        if crate::simulation::director().is_some() {
            return Ok(Self { queue: None });
        }
        let (queue, work) = sync_channel(QUEUE_MAX);
        let work = Arc::new(Mutex::new(work));
        for _ in 0..threads {
            let work = Arc::clone(&work);
            thread::Builder::new().name(name.to_owned()).spawn(move || toil(&work))?;
        }
        Ok(Self { queue: Some(queue) })
    }

    /// Does `work` on one of the threads. A panic in it continues in the caller.
    pub async fn run<T, F>(&self, work: F) -> T
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let Some(queue) = &self.queue else { return blocking::run(work).await };
        let (answer, answered) = oneshot::channel();
        let work: Work = Box::new(move || {
            // A caller that went away no longer cares.
            let _gone = answer.send(panic::catch_unwind(AssertUnwindSafe(work)));
        });
        // Who is let in by turns finds room.
        if let Err(TrySendError::Full(work) | TrySendError::Disconnected(work)) = queue.try_send(work) {
            blocking::run(work).await;
        }
        match answered.await {
            Ok(Ok(value)) => value,
            Ok(Err(payload)) => panic::resume_unwind(payload),
            Err(_ended) => std::future::pending().await,
        }
    }
}

impl std::fmt::Debug for Labour {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Labour(..)")
    }
}

fn toil(queue: &Mutex<Receiver<Work>>) {
    lower();
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(work) = next else { return };
        work();
    }
}

/// Lowers the priority of this thread: Linux has one for each.
#[cfg(target_os = "linux")]
fn lower() {
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE) {
        tracing::debug!(%error, "long computations run at the usual priority");
    }
}

/// Elsewhere it would be the whole process, which stays as it is.
#[cfg(not(target_os = "linux"))]
fn lower() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::getpriority_process;
    use rustix::thread::gettid;

    use super::*;

    #[tokio::test]
    async fn work_is_done_at_a_low_priority_and_nothing_else_is() {
        let labour = Labour::start("test", 2).unwrap();
        let priority = || getpriority_process(Some(gettid())).unwrap();
        let usual = priority();
        assert_eq!(labour.run(priority).await, NICE.max(usual));
        assert_eq!(priority(), usual);
    }

    #[tokio::test]
    async fn a_panic_ends_its_caller_and_no_thread() {
        let labour = Arc::new(Labour::start("test", 1).unwrap());
        let hit = Arc::clone(&labour);
        let caller = crate::task::spawn("test", async move { hit.run(|| panic!("planted")).await });
        assert!(caller.await.unwrap_err().is_panic());
        assert_eq!(labour.run(|| 7).await, 7);
    }
}
