//! The bytes of one connection on their way to the HTTP parser: only those of good requests get there, and in time.
//!
//! It stands between the socket and hyper. Requests that are refused, or late, never reach hyper: it sees the end of
//! the connection once everything before them is answered, and [`Wire::end`] tells the client why. What a good request
//! is, is decided in [`crate::head`].

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::Answer;
use super::alarm::Alarm;
use super::farewell::{self, Stop};
use super::tally::Tally;
use crate::head::{Refusal, Requests};

/// A new connection must say something by then (PROMISES.md S1): browsers open some ahead, and open them again.
const FIRST_BYTE_MAX: Duration = Duration::from_secs(10);
/// A head that has begun must be complete by then (PROMISES.md S1).
const HEAD_MAX: Duration = Duration::from_secs(10);
/// How long a connection may idle after an answer (PROMISES.md S1).
pub(crate) const IDLE_MAX: Duration = Duration::from_mins(1);
/// A whole body must be here by then, however it comes (PROMISES.md S1).
const BODY_MAX: Duration = Duration::from_secs(30);
/// The slowest pace of a body in bytes a second (PROMISES.md S1): a phone at the edge of its network is ten times faster.
const BODY_PACE: u64 = 1024;
/// How late a body may be at that pace: a network may be away for a moment.
const BODY_GRACE: Duration = Duration::from_secs(10);
/// A client that takes its answer only piece by piece must have all of it by then, and a second later for each 16 KiB:
/// until it has, the memory of it is held.
const STALL_MAX: Duration = Duration::from_secs(30);
/// The slowest pace of an answer in bytes a second.
const ANSWER_PACE: u64 = 16 * 1024;
/// An answer that is made has deadlines of its own, none of them here.
const FOREVER: Duration = Duration::from_secs(u32::MAX as u64);
/// Bytes that are read at a time behind a head that has begun.
const PIECE: usize = 4096;

/// A socket whose requests are looked at before they are passed on.
#[derive(Debug)]
pub(super) struct Wire<S> {
    stream: S,
    requests: Requests,
    tally: Tally,
    /// Bytes that were read and not handed on.
    held: BytesMut,
    /// How many of these may be.
    passed: usize,
    /// Why no further request will be passed on.
    stop: Option<Stop>,
    /// Whether hyper has met the end of the connection for it.
    is_told: bool,
    quiet: Alarm<Wait>,
    /// Whether the last look found an answer under way.
    was_answering: bool,
    stall: Alarm<()>,
    /// Bytes of an answer that the client took since it first had to be waited for.
    taken: u64,
    /// When the client last had taken all there was.
    unstalled_at: Instant,
    /// Bytes of the body that is waited for.
    arrived: u64,
}

/// What is waited for; each knows its request, so that two waits of a kind are two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    /// An answer is made, or the client has not taken it yet: nobody waits for requests.
    Answer(u64),
    FirstByte,
    Idle(u64),
    Head(u64),
    Body(u64),
}

impl<S> Wire<S> {
    pub(super) fn new(stream: S, tally: Tally) -> Self {
        Self {
            stream,
            requests: Requests::default(),
            tally,
            held: BytesMut::new(),
            passed: 0,
            stop: None,
            is_told: false,
            quiet: Alarm::default(),
            was_answering: false,
            stall: Alarm::default(),
            taken: 0,
            unstalled_at: Instant::now(),
            arrived: 0,
        }
    }

    /// What is waited for now.
    fn wait(&self) -> Wait {
        let count = self.requests.count();
        match (self.requests.is_in_body(), self.requests.is_in_head()) {
            (true, _) => Wait::Body(count),
            _ if self.is_answering() => Wait::Answer(count),
            (_, true) => Wait::Head(count),
            _ if count == 0 => Wait::FirstByte,
            _ => Wait::Idle(count),
        }
    }

    fn is_answering(&self) -> bool {
        self.requests.count() > self.tally.answered() || self.stall.is_on()
    }

    fn limit(&self, wait: Wait) -> Duration {
        match wait {
            Wait::Answer(_) => FOREVER,
            Wait::FirstByte => FIRST_BYTE_MAX,
            Wait::Idle(_) => IDLE_MAX,
            Wait::Head(_) => HEAD_MAX,
            Wait::Body(_) => BODY_MAX.min(BODY_GRACE + Duration::from_secs(self.arrived / BODY_PACE)),
        }
    }

    /// Nothing has come; ends the connection when that has lasted too long.
    ///
    /// hyper does not look again when an answer is complete, so what was waited for meanwhile began then and not now.
    fn idle(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (wait, limit) = (self.wait(), self.limit(self.wait()));
        let freed_at = self.tally.answered_at().max(self.unstalled_at);
        let since = || if self.was_answering { freed_at } else { Instant::now() };
        let is_late = self.quiet.poll(wait, since, limit, cx).is_ready();
        self.was_answering = matches!(wait, Wait::Answer(_));
        match wait {
            Wait::Answer(_) => {
                if self.tally.is_ending() {
                    self.tally.wake_when_answered(cx);
                }
                Poll::Pending
            }
            Wait::FirstByte | Wait::Idle(_) if is_late || self.tally.is_ending() => Poll::Ready(Ok(())),
            Wait::Head(_) if is_late => self.halt(Stop::Late, cx),
            Wait::Body(_) if is_late => self.break_off(io::ErrorKind::TimedOut.into()),
            Wait::FirstByte | Wait::Idle(_) | Wait::Head(_) | Wait::Body(_) => Poll::Pending,
        }
    }

    /// Passes nothing on any more. Between requests hyper finds the end of the connection, but not while answers are
    /// under way: it would give them up.
    fn halt(&mut self, stop: Stop, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stop = Some(stop);
        if stop == Stop::Refused(Refusal::Chunk) {
            return self.break_off(io::Error::new(io::ErrorKind::InvalidData, Refusal::Chunk));
        }
        if self.is_answering() {
            self.tally.wake_when_answered(cx);
            return Poll::Pending;
        }
        self.is_told = true;
        Poll::Ready(Ok(()))
    }

    /// A body has no end: whoever reads it answers that, and the connection closes.
    fn break_off(&self, error: io::Error) -> Poll<io::Result<()>> {
        self.tally.break_off();
        Poll::Ready(Err(error))
    }

    /// Judges the `fresh` bytes of a body or a head that nothing is held of; gives how many may go on.
    fn judge(&mut self, fresh: &[u8]) -> usize {
        let passed = self.requests.pass(fresh);
        self.held.extend_from_slice(fresh.get(passed.bytes..).unwrap_or_default());
        self.stop = passed.refusal.map(Stop::Refused);
        self.note(fresh.len());
        passed.bytes
    }

    /// The same for bytes behind those that are held already.
    fn judge_held(&mut self, fresh: &[u8]) {
        self.held.extend_from_slice(fresh);
        let passed = self.requests.pass(&self.held);
        self.passed = passed.bytes;
        self.stop = passed.refusal.map(Stop::Refused);
        self.note(fresh.len());
    }

    fn note(&mut self, arrived: usize) {
        self.arrived = if self.requests.is_in_body() { self.arrived + arrived as u64 } else { 0 };
    }

    fn hand_on(&mut self, buffer: &mut ReadBuf<'_>) {
        let length = self.passed.min(buffer.remaining());
        buffer.put_slice(self.held.get(..length).unwrap_or_default());
        self.held.advance(length.min(self.held.len()));
        self.passed -= length;
    }
}

impl<S: AsyncRead + Unpin> Wire<S> {
    /// Reads into `buffer` itself and leaves there what may go on.
    fn read_on(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<usize>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let fresh = buffer.filled().get(before..).unwrap_or_default();
        let length = fresh.len();
        let passed = self.judge(fresh);
        buffer.set_filled(before + passed);
        Poll::Ready(Ok(length))
    }

    /// Reads on behind what is held.
    fn read_behind(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut piece = [0; PIECE];
        let mut buffer = ReadBuf::new(&mut piece);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
        self.judge_held(buffer.filled());
        Poll::Ready(Ok(buffer.filled().len()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// Says the last word of the connection and closes it.
    pub(super) async fn end(mut self, answer: &impl Answer) {
        let last = match self.stop {
            Some(stop) if self.is_told => Some(answer.refuse(&stop.into())),
            _ => None,
        };
        let is_cut_short = self.stop.is_some() || self.requests.is_in_body() || !self.held.is_empty();
        farewell::say(&mut self.stream, last, is_cut_short).await;
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let before = buffer.filled().len();
        loop {
            if wire.passed > 0 {
                wire.hand_on(buffer);
                return Poll::Ready(Ok(()));
            }
            if let Some(stop) = wire.stop {
                return wire.halt(stop, cx);
            }
            let read = if wire.held.is_empty() { wire.read_on(cx, buffer) } else { wire.read_behind(cx) };
            match read {
                Poll::Ready(Ok(0)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(_)) if buffer.filled().len() > before => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return wire.idle(cx),
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> Wire<S> {
    /// Watches over a write: a client that takes too little in its time loses the connection.
    fn watch(&mut self, written: Poll<io::Result<usize>>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = written {
            self.taken += written.as_ref().map_or(0, |length| *length as u64);
            return Poll::Ready(written);
        }
        if !self.stall.is_on() {
            self.taken = 0;
        }
        let limit = STALL_MAX + Duration::from_secs(self.taken / ANSWER_PACE);
        self.stall.poll((), Instant::now, limit, cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        let written = Pin::new(&mut wire.stream).poll_write(cx, bytes);
        wire.watch(written, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        let written = Pin::new(&mut wire.stream).poll_write_vectored(cx, buffers);
        wire.watch(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        ready!(Pin::new(&mut wire.stream).poll_flush(cx))?;
        // hyper asks for this once it has nothing left to write.
        if wire.stall.rest() {
            wire.unstalled_at = Instant::now();
            // A refusal may have waited for this.
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    /// hyper is done, the connection is not: [`Wire::end`] closes it.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}
