//! The accept loop: HTTP/1.1 connections with deadlines and a cap, drained when the world ends.
//!
//! Generic over the listener, so that the same loop runs over TCP and over a simulated network.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::edge::Edge;
use crate::failure::Failure;
use crate::shutdown::Shutdown;
use census::{Census, Place};

mod alarm;
mod census;
mod connection;
mod farewell;
mod tally;
#[cfg(test)]
mod tests;
mod wire;

#[cfg(test)]
use wire::IDLE_MAX;

/// Open connections of one listener: each costs about 20 KiB, and a laptop's file limit is near.
pub const CONNECTIONS_MAX: usize = 4096;
/// Open connections of one client (PROMISES.md S1): a browser opens six, and a household shares an address.
pub const CONNECTIONS_PER_ADDRESS: usize = 64;
/// The same at a service. Its one client is the gateway, which brings everybody; the rest is for its peers and for
/// operators.
const CONNECTIONS_PER_PEER: usize = CONNECTIONS_MAX / 2;
/// How long requests in flight may take once the world is ending (PROMISES.md G1).
const DRAIN_MAX: Duration = Duration::from_secs(10);
/// Connections that the system has made before the end are let in, their requests may be here; such a one comes at once.
const LAST_CALL: Duration = Duration::from_millis(1);
/// And no more of them than the system keeps for us: a flood must not hold up the end.
const LAST_CALL_MAX: usize = 1024;
/// Rest after a failed accept: the usual cause is a lack of file descriptors, which takes a moment to pass.
const ACCEPT_REST: Duration = Duration::from_millis(50);
/// Between two lines in the log about connections that were one too many: a flood of them must not become one of lines.
const CROWDED_REST: Duration = Duration::from_secs(10);

/// Something that connections come from.
pub trait Listener: Send + 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    /// Waits for the next connection.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>> + Send;
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, address) = Self::accept(self).await?;
        stream.set_nodelay(true)?;
        Ok((stream, address))
    }
}

/// A socket that outlives whoever accepts from it.
impl Listener for Arc<TcpListener> {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, address) = TcpListener::accept(self).await?;
        stream.set_nodelay(true)?;
        Ok((stream, address))
    }
}

/// The address that a request came from, as the socket says; a request extension.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddr(pub SocketAddr);

/// What answers the requests of a listener; clones answer alike.
pub trait Answer: Clone + Send + Sync + 'static {
    /// Answers one request.
    fn answer(&self, request: Request) -> impl Future<Output = Response> + Send;

    /// Answers what never became a request.
    fn refuse(&self, failure: &Failure) -> Response;
}

impl Answer for Edge {
    async fn answer(&self, request: Request) -> Response {
        Self::answer(self, request).await
    }

    fn refuse(&self, failure: &Failure) -> Response {
        Self::refuse(self, failure)
    }
}

/// How much a listener takes upon itself.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Open connections at a time.
    pub connections: usize,
    /// Open connections at a time from one address, or one network of IPv6.
    pub per_address: usize,
    /// Addresses for which only [`Self::connections`] counts: proxies that many clients stand behind.
    pub unlimited: Arc<[IpAddr]>,
    /// How long open connections may take to end after the listener has; what is still open then is cut.
    pub drain: Duration,
}

impl Limits {
    /// What a service takes upon itself, whose clients are the gateway and other services.
    pub fn of_service(drain: Duration) -> Self {
        let (connections, per_address) = (CONNECTIONS_MAX, CONNECTIONS_PER_PEER);
        Self { connections, per_address, unlimited: Arc::default(), drain }
    }
}

/// What happens on the connections of a listener.
pub trait Talk<S>: Send + Sync {
    /// Deals with a connection from its beginning to its end.
    fn hold(&self, stream: S, address: SocketAddr) -> impl Future<Output = ()> + Send + 'static;

    /// Deals with one that is one too many.
    fn decline(&self, stream: S) -> impl Future<Output = ()> + Send + 'static;
}

/// Whatever else is spoken hangs up on those who are one too many.
impl<S, T, F> Talk<S> for T
where
    T: Fn(S, SocketAddr) -> F + Send + Sync,
    F: Future<Output = ()> + Send + 'static,
{
    fn hold(&self, stream: S, address: SocketAddr) -> impl Future<Output = ()> + Send + 'static {
        self(stream, address)
    }

    fn decline(&self, stream: S) -> impl Future<Output = ()> + Send + 'static {
        drop(stream);
        std::future::ready(())
    }
}

/// HTTP, answered by an [`Answer`].
struct Http<A> {
    answer: A,
    shutdown: Shutdown,
}

impl<S, A: Answer> Talk<S> for Http<A>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    fn hold(&self, stream: S, address: SocketAddr) -> impl Future<Output = ()> + Send + 'static {
        connection::hold(stream, address, self.answer.clone(), self.shutdown.clone())
    }

    fn decline(&self, stream: S) -> impl Future<Output = ()> + Send + 'static {
        connection::decline(stream, self.answer.clone())
    }
}

/// Serves `answer` on `listener` until `shutdown`, then lets requests in flight finish for at most 10 s.
pub async fn run<L: Listener>(listener: L, answer: impl Answer, shutdown: Shutdown) {
    run_within(listener, answer, shutdown, Limits::of_service(DRAIN_MAX)).await;
}

/// The same within other limits.
pub async fn run_within<L: Listener>(listener: L, answer: impl Answer, shutdown: Shutdown, limits: Limits) {
    let talk = Http { answer, shutdown: shutdown.clone() };
    accept(listener, limits, shutdown, talk).await;
}

/// Has `talk` deal with each connection of `listener` until `shutdown`, whatever is spoken there.
pub async fn accept<L: Listener>(
    mut listener: L,
    limits: Limits,
    mut shutdown: Shutdown,
    talk: impl Talk<L::Stream>,
) {
    let drain = limits.drain;
    let mut reception = Reception { census: Census::new(limits), warned_at: None };
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = shutdown.requested() => break,
            Some(_ended) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, address)) => reception.receive(stream, address, &talk, &mut connections),
            Err(error) => {
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(ACCEPT_REST).await;
            }
        }
    }
    for _ in 0..LAST_CALL_MAX {
        let Ok(Ok((stream, address))) = tokio::time::timeout(LAST_CALL, listener.accept()).await else {
            break;
        };
        reception.receive(stream, address, &talk, &mut connections);
    }
    drop(listener);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(drain, all_ended).await.is_err() {
        tracing::warn!("some connections did not end within {drain:?}");
        connections.shutdown().await;
    }
}

/// Where connections are let in or sent away.
struct Reception {
    census: Census,
    /// When the operator was last told that somebody was sent away.
    warned_at: Option<Instant>,
}

impl Reception {
    fn receive<S>(
        &mut self,
        stream: S,
        address: SocketAddr,
        talk: &impl Talk<S>,
        connections: &mut JoinSet<()>,
    ) {
        if let Some(place) = self.census.admit(address.ip()) {
            connections.spawn(seated(place, talk.hold(stream, address)));
            return;
        }
        if self.warned_at.is_none_or(|at| at.elapsed() > CROWDED_REST) {
            self.warned_at = Some(Instant::now());
            tracing::warn!(%address, "connections are refused: too many are open");
        }
        if let Some(place) = self.census.decline() {
            connections.spawn(seated(place, talk.decline(stream)));
        }
    }
}

async fn seated(place: Place, talking: impl Future<Output = ()>) {
    talking.await;
    drop(place);
}
