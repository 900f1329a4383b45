//! Starts background work under a name, and sees to it that what must be done is done.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use tokio::task::JoinHandle;
use tracing::Instrument;

use crate::request::RequestId;
use crate::span;

/// Runs `work` beside the caller, inside a span named after it and for the same request, if the caller serves
/// one. A panic in it ends this task alone.
#[expect(clippy::disallowed_methods, reason = "the one home of spawning")]
pub fn spawn<F>(name: &'static str, work: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let request = RequestId::current();
    let work = span::under(span::current(), work);
    let work = async move {
        match request {
            Some(id) => id.scope(work).await,
            None => work.await,
        }
    };
    tokio::spawn(work.instrument(tracing::debug_span!("task", name)))
}

/// The pause between two tries of [`until_done`]: what failed is a store that needs a moment, such as a full disk.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Does `work` now if it can, else again each second in the background until it is done or the process ends.
///
/// For the end of something that must not stay half done; the next start finishes what this did not.
pub async fn until_done<F, T, E>(name: &'static str, mut work: F)
where
    F: FnMut() -> T + Send + 'static,
    T: Future<Output = Result<(), E>> + Send + 'static,
    E: Error + Send,
{
    let Err(first) = work().await else { return };
    tracing::error!(error = %first, "{name} failed and is tried again");
    spawn(name, async move {
        loop {
            tokio::time::sleep(RETRY_PAUSE).await;
            if work().await.is_ok() {
                return;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn what_fails_at_first_is_tried_again_until_it_is_done() {
        let (tries, done) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
        let (counted, told) = (Arc::clone(&tries), Arc::clone(&done));
        let work = move || {
            let (counted, told) = (Arc::clone(&counted), Arc::clone(&told));
            async move {
                if counted.fetch_add(1, Ordering::Relaxed) == 0 {
                    return Err(std::io::Error::other("planted"));
                }
                told.notify_one();
                Ok(())
            }
        };
        until_done("test", work).await;
        done.notified().await;
        assert_eq!(tries.load(Ordering::Relaxed), 2);
    }
}
