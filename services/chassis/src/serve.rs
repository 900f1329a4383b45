//! The accept loop: HTTP/1.1 connections with deadlines and a cap, drained when the world ends.
//!
//! Generic over the listener, so that the same loop runs over TCP and over a simulated network.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::edge::Edge;
use crate::shutdown::Shutdown;

/// Open connections of one listener: each costs about 20 KiB, and a laptop's file limit is near.
const CONNECTIONS_MAX: usize = 4096;
/// A head must be complete by then (PROMISES.md S1). hyper counts from the end of the last answer, so it is also how
/// long a connection may idle.
pub(crate) const HEAD_MAX: Duration = Duration::from_secs(10);
/// Bytes of a head, and so of hyper's read buffer.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// How long requests in flight may take once the world is ending (PROMISES.md G1).
const DRAIN_MAX: Duration = Duration::from_secs(10);
/// Rest after a failed accept: the usual cause is a lack of file descriptors, which takes a moment to pass.
const ACCEPT_REST: Duration = Duration::from_millis(50);

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
pub trait Answer: Clone + Send + 'static {
    /// Answers one request.
    fn answer(&self, request: Request) -> impl Future<Output = Response> + Send;
}

impl Answer for Edge {
    async fn answer(&self, request: Request) -> Response {
        Self::answer(self, request).await
    }
}

/// Serves `edge` on `listener` until `shutdown`, then lets requests in flight finish for at most 10 s.
pub async fn run<L: Listener>(listener: L, edge: impl Answer, shutdown: Shutdown) {
    run_within(listener, edge, shutdown, DRAIN_MAX).await;
}

/// The same with another time for requests in flight; connections that are still open then are cut.
pub async fn run_within<L: Listener>(listener: L, edge: impl Answer, shutdown: Shutdown, drain: Duration) {
    let ending = shutdown.clone();
    let limits = Limits { connections: CONNECTIONS_MAX, drain };
    let serve = move |stream, address| connection(stream, address, edge.clone(), ending.clone());
    accept(listener, limits, shutdown, serve).await;
}

/// How much a listener takes upon itself.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Open connections at a time; more are hung up on.
    pub connections: usize,
    /// How long open connections may take to end after the listener has.
    pub drain: Duration,
}

/// Has `serve` deal with each connection of `listener` until `shutdown`, whatever is spoken there.
pub async fn accept<L: Listener, F>(
    mut listener: L,
    limits: Limits,
    mut shutdown: Shutdown,
    serve: impl Fn(L::Stream, SocketAddr) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = shutdown.requested() => break,
            Some(_ended) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, address)) if connections.len() < limits.connections => {
                connections.spawn(serve(stream, address));
            }
            Ok((_, address)) => tracing::warn!(%address, "connection refused: too many are open"),
            Err(error) => {
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(ACCEPT_REST).await;
            }
        }
    }
    drop(listener);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.drain, all_ended).await.is_err() {
        tracing::warn!("some connections did not end within {:?}", limits.drain);
        connections.shutdown().await;
    }
}

async fn connection<S>(stream: S, address: SocketAddr, edge: impl Answer, mut shutdown: Shutdown)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let edge = edge.clone();
        async move {
            let mut request: Request = request.map(Body::new);
            request.extensions_mut().insert(ClientAddr(address));
            Ok::<_, Infallible>(edge.answer(request).await)
        }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = shutdown.requested() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%address, %error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use crate::connect::IDLE_FOR;

    use super::*;

    #[test]
    fn our_clients_close_idle_connections_long_before_our_listeners_do() {
        assert!(IDLE_FOR * 2 <= HEAD_MAX, "{IDLE_FOR:?} and {HEAD_MAX:?}");
    }
}
