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
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::edge::Edge;
use crate::shutdown::Shutdown;
use crate::task;

/// Open connections of one listener: each costs about 20 KiB, and a laptop's file limit is near.
const CONNECTIONS_MAX: u32 = 4096;
/// A head must be complete by then (PROMISES.md S1).
const HEAD_MAX: Duration = Duration::from_secs(10);
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

/// The address that a request came from, as the socket says; a request extension.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddr(pub SocketAddr);

/// Serves `edge` on `listener` until `shutdown`, then lets requests in flight finish for at most 10 s.
pub async fn run<L: Listener>(mut listener: L, edge: Edge, mut shutdown: Shutdown) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX as usize));
    loop {
        let accepted = tokio::select! {
            () = shutdown.requested() => break,
            accepted = listener.accept() => accepted,
        };
        match (accepted, Arc::clone(&slots).try_acquire_owned()) {
            (Ok((stream, address)), Ok(slot)) => {
                let connection = connection(stream, address, edge.clone(), shutdown.clone());
                task::spawn("connection", async move {
                    connection.await;
                    drop(slot);
                });
            }
            (Ok((_, address)), Err(_)) => tracing::warn!(%address, "connection refused: too many are open"),
            (Err(error), _) => {
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(ACCEPT_REST).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_MAX, slots.acquire_many(CONNECTIONS_MAX)).await.is_err() {
        tracing::warn!("some requests did not finish within {DRAIN_MAX:?}");
    }
}

async fn connection<S>(stream: S, address: SocketAddr, edge: Edge, mut shutdown: Shutdown)
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
