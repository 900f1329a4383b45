//! The bridge from async code to the synchronous stores.
//!
//! No lock, connection or transaction can live across an `.await`, because a unit of work is one closure here.

use std::panic;

use tokio::sync::Semaphore;
use tokio::task;

/// Threads that do such work at a time in one process: more than requests in work and deliveries together can keep
/// busy, so that one service whose disk hangs leaves threads to the others. A thread that waits costs some 30 KiB.
pub const THREADS_MAX: usize = 512;

/// One permit for each thread: the runtime's own queue for them has no bound, and forgets nobody who went away. Who
/// waits here is a request or a delivery, which have bounds, and leaves when it is given up.
static THREADS: Semaphore = Semaphore::const_new(THREADS_MAX);

/// Runs a unit of work that may wait (a commit, a scan, a hash) on a thread where waiting harms nobody.
///
/// A panic in `work` continues in the caller, whose connection it ends. In a simulation it runs where it is called.
#[expect(clippy::disallowed_methods, reason = "the one bridge to blocking work")]
pub async fn run<T, F>(work: F) -> T
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    #[cfg(feature = "simulation")]
    if crate::simulation::director().is_some() {
        return inline(work).await;
    }
    // It is never closed. The permit belongs to the work and not to who waits for it.
    let thread = THREADS.acquire().await.ok();
    let work = move || {
        let _thread = thread;
        work()
    };
    match task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(ended) => match ended.try_into_panic() {
            Ok(payload) => panic::resume_unwind(payload),
            // The runtime is shutting down; this future is about to be dropped with it.
            Err(_) => std::future::pending().await,
        },
    }
}

/// Runs `work` where it is called and bears what its commits brought upon it; a crash never returns.
#[cfg(feature = "simulation")]
async fn inline<T>(work: impl FnOnce() -> T) -> T {
    use crate::simulation::{Blow, take_blow};

    let value = work();
    match take_blow() {
        None => {}
        Some(Blow::Crash) => std::future::pending().await,
        Some(Blow::Delay(late)) => tokio::time::sleep(late).await,
    }
    value
}

/// Runs a read where the caller stands: a hop to another thread would cost more, and hold others up no less.
///
/// For lookups by key, for one page, and for one pass over an author's text in memory, which is under a millisecond;
/// never for reading many rows, a commit or anything that waits.
pub fn brief<T>(read: impl FnOnce() -> T) -> T {
    read()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    #[tokio::test]
    async fn work_keeps_its_thread_also_when_its_caller_is_gone() {
        let (started, has_started) = sync_channel::<()>(1);
        let (finish, may_finish) = sync_channel::<()>(0);
        let caller = crate::task::spawn("test", async move {
            run(move || {
                let _told = started.send(());
                let _ended = may_finish.recv();
            })
            .await;
        });
        run(move || has_started.recv()).await.unwrap();
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        assert!(THREADS.available_permits() < THREADS_MAX, "its thread is still at work");
        drop(finish);
    }
}
