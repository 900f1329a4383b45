//! A connection that reads along: it finds where each request ends and asks the network what becomes of it.
//!
//! Requests of ours are HTTP/1.1 with a `Content-Length` or without a body; nothing else is understood.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};
use turmoil::net::TcpStream;

use crate::network::{Exchange, Fate, Network};

/// What the caller hears of answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hearing {
    Good,
    /// They are swallowed.
    Deaf,
    /// The first one ends the connection.
    Broken,
    /// The answer of somebody else is heard.
    Forged(u16),
}

/// A request that is kept back.
struct Late {
    until: Pin<Box<Sleep>>,
    due_ms: u64,
    request: Vec<u8>,
}

/// The calling end of a connection.
pub(crate) struct Tap {
    inner: TcpStream,
    network: Arc<Network>,
    from: &'static str,
    to: &'static str,
    /// What was written of a request that has not ended yet.
    begun: Vec<u8>,
    /// What goes on its way.
    going: Vec<u8>,
    late: Option<Late>,
    hearing: Hearing,
}

impl Tap {
    /// The end of `inner` that belongs to the host `from`.
    pub(crate) fn new(inner: TcpStream, network: Arc<Network>, from: &'static str, to: &'static str) -> Self {
        let (begun, going) = (Vec::new(), Vec::new());
        Self { inner, network, from, to, begun, going, late: None, hearing: Hearing::Good }
    }

    fn send(&mut self, request: Vec<u8>) {
        let line = request_line(&request);
        let fate = self.network.fate(&Exchange { from: self.from, to: self.to, line: &line });
        match fate {
            Fate::Arrives => self.going.extend(request),
            Fate::RequestLost => self.hearing = Hearing::Deaf,
            Fate::AnswerLost => {
                self.hearing = Hearing::Deaf;
                self.going.extend(request);
            }
            Fate::Reset => {
                self.hearing = Hearing::Broken;
                self.going.extend(request);
            }
            Fate::Forged { status, arrives } => {
                self.hearing = Hearing::Forged(status);
                if arrives {
                    // By itself: its sender closes this connection at once.
                    self.network.copy(self.to, request, self.network.now_ms());
                }
            }
            Fate::Late(span) => {
                let due_ms = self.due_ms(span);
                self.late = Some(Late { until: Box::pin(sleep(span)), due_ms, request });
            }
            Fate::Twice(span) => {
                self.network.copy(self.to, request.clone(), self.due_ms(span));
                self.going.extend(request);
            }
        }
    }

    fn due_ms(&self, span: Duration) -> u64 {
        self.network.now_ms() + u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
    }
}

/// A late request arrives although its sender gave it up.
impl Drop for Tap {
    fn drop(&mut self) {
        if let Some(Late { due_ms, request, .. }) = self.late.take() {
            self.network.copy(self.to, request, due_ms);
        }
    }
}

impl AsyncWrite for Tap {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.begun.extend_from_slice(bytes);
        while let Some(length) = request_length(&self.begun) {
            let request = self.begun.drain(..length).collect();
            self.send(request);
            // A forged answer is there at once.
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Some(late) = &mut this.late {
            ready!(late.until.as_mut().poll(cx));
            this.going.append(&mut late.request);
            this.late = None;
        }
        while !this.going.is_empty() {
            let written = ready!(Pin::new(&mut this.inner).poll_write(cx, &this.going))?;
            this.going.drain(..written);
        }
        Pin::new(&mut this.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl AsyncRead for Tap {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.hearing == Hearing::Good {
            return Pin::new(&mut self.inner).poll_read(cx, buffer);
        }
        if let Hearing::Forged(status) = self.hearing {
            self.hearing = Hearing::Deaf;
            buffer.put_slice(
                format!("HTTP/1.1 {status} Forged\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{{}}")
                    .as_bytes(),
            );
            return Poll::Ready(Ok(()));
        }
        let mut bytes = [0; 1024];
        let mut swallowed = ReadBuf::new(&mut bytes);
        loop {
            swallowed.clear();
            ready!(Pin::new(&mut self.inner).poll_read(cx, &mut swallowed))?;
            if self.hearing == Hearing::Broken {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            if swallowed.filled().is_empty() {
                // Ended at the other side, which a caller that hears nothing does not hear either.
                return Poll::Pending;
            }
        }
    }
}

/// The bytes of the first request in `bytes`, if all of it is there.
fn request_length(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length = head + length.map_or(0, |digits| digits.trim().parse().unwrap_or(0));
    (bytes.len() >= length).then_some(length)
}

/// Method and path.
fn request_line(request: &[u8]) -> String {
    let line = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
    String::from_utf8_lossy(line).trim_end_matches(" HTTP/1.1").to_owned()
}
