//! An answer that is written while it is read: lines from a thread that may wait, in chunks.
//!
//! It knows no line. The answer begins with the first chunk, so that whoever has it knows that the reading of the
//! records has begun.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::unfold;
use http::{HeaderValue, header};
use serde::Serialize;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::failure::Failure;
use crate::{blocking, task};

/// Bytes of a chunk: large enough that the hand-over between threads costs nothing beside the records.
const CHUNK: usize = 64 * 1024;
/// Chunks that wait for a slow reader.
const CHUNKS_MAX: usize = 4;
/// A reader that takes nothing for so long has hung up; what is read for it is held open meanwhile.
const STALL_MAX: Duration = Duration::from_secs(30);

type Chunk = Result<Bytes, Failure>;

/// Where records are written, a line each.
#[derive(Debug)]
pub struct Lines {
    sender: Sender<Chunk>,
    buffer: Vec<u8>,
}

/// Answers with the lines that `work` writes, on a thread where waiting harms nobody.
///
/// # Errors
/// What `work` failed with before the first chunk was full; later the answer breaks off, and the log says why.
pub async fn stream<E, F>(work: F) -> Result<Response, Failure>
where
    E: Into<Failure>,
    F: FnOnce(&mut Lines) -> Result<(), E> + Send + 'static,
{
    let (sender, mut receiver) = channel(CHUNKS_MAX);
    let writing = blocking::run(move || {
        let mut lines = Lines { sender, buffer: Vec::new() };
        let done = work(&mut lines).map(|()| lines.take());
        lines.send(done.map_err(Into::into));
    });
    drop(task::spawn("bundle", writing));
    let first = receiver.recv().await.transpose()?;
    let mut response = Response::new(body(first, receiver));
    let kind = HeaderValue::from_static("application/x-ndjson");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

fn body(first: Option<Bytes>, receiver: Receiver<Chunk>) -> Body {
    Body::from_stream(unfold((first, receiver), |(first, mut receiver)| async move {
        let chunk = match first {
            Some(first) => Ok(first),
            None => receiver.recv().await?.map_err(|failure| broken(&failure)),
        };
        Some((chunk, (None, receiver)))
    }))
}

fn broken(failure: &Failure) -> io::Error {
    let cause = failure.cause().unwrap_or_default();
    tracing::error!(cause, "handing out records broke off: {}", failure.message());
    io::Error::other(failure.message().to_owned())
}

impl Lines {
    /// Writes a record; `false` when nobody reads on.
    pub fn push<T: Serialize>(&mut self, record: &T) -> bool {
        if let Err(error) = serde_json::to_writer(&mut self.buffer, record) {
            self.send(Err(Failure::internal(&error)));
            return false;
        }
        self.buffer.push(b'\n');
        self.buffer.len() < CHUNK || {
            let chunk = self.take();
            self.send(Ok(chunk))
        }
    }

    fn take(&mut self) -> Bytes {
        std::mem::take(&mut self.buffer).into()
    }

    fn send(&self, chunk: Chunk) -> bool {
        Handle::current().block_on(self.sender.send_timeout(chunk, STALL_MAX)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::bytes_of;

    #[tokio::test]
    async fn all_lines_arrive_in_order_whatever_the_chunks() {
        let write = |lines: &mut Lines| {
            assert!((0..50_000).all(|number| lines.push(&number)));
            Ok::<_, Failure>(())
        };
        let text = String::from_utf8(bytes_of(stream(write).await.unwrap()).await).unwrap();
        assert!(text.lines().map(|line| line.parse::<u32>().unwrap()).eq(0..50_000));
    }

    #[tokio::test]
    async fn an_early_failure_is_the_answer_and_a_late_one_breaks_it_off() {
        let fail = |_: &mut Lines| Err(Failure::bad_request("no"));
        assert_eq!(stream(fail).await.unwrap_err().message(), "no");
        let fail_late = |lines: &mut Lines| {
            assert!((0..50_000).all(|number| lines.push(&number)));
            Err(Failure::bad_request("no"))
        };
        let answer = stream(fail_late).await.unwrap();
        assert!(axum::body::to_bytes(answer.into_body(), usize::MAX).await.is_err());
    }

    #[tokio::test]
    async fn a_reader_that_goes_away_ends_the_writing() {
        let (told, ended) = tokio::sync::oneshot::channel();
        let write = move |lines: &mut Lines| {
            while lines.push(&"line") {}
            told.send(()).unwrap();
            Ok::<_, Failure>(())
        };
        drop(stream(write).await.unwrap());
        ended.await.unwrap();
    }
}
