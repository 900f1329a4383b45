//! Starts background work under a name.

use std::future::Future;

use tokio::task::JoinHandle;
use tracing::Instrument;

use crate::request::RequestId;

/// Runs `work` beside the caller, inside a span named after it and for the same request, if the caller serves
/// one. A panic in it ends this task alone.
#[expect(clippy::disallowed_methods, reason = "the one home of spawning")]
pub fn spawn<F>(name: &'static str, work: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let request = RequestId::current();
    let work = async move {
        match request {
            Some(id) => id.scope(work).await,
            None => work.await,
        }
    };
    tokio::spawn(work.instrument(tracing::debug_span!("task", name)))
}
