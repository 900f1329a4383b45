//! How connections to other services are opened, and the pooled HTTP client on top.
//!
//! The connector is a value, so the same client runs over TCP and over a simulated network.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response, Uri};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::Client as PooledClient;
use hyper_util::client::legacy::Error as PoolError;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::fault::{Faults, Loss};
use crate::span;

/// Loopback answers at once or not at all; across machines a second is still generous.
const CONNECT_MAX: Duration = Duration::from_secs(1);
/// Idle connections kept for each service: as many as one machine's cores can keep busy.
const IDLE_MAX: usize = 128;
/// Well below the minute after which an accept loop closes a silent connection (`IDLE_MAX` in `serve/wire.rs`): the
/// client must be the one that closes, or a request meets a closing connection and fails for nothing.
pub(crate) const IDLE_FOR: Duration = Duration::from_secs(5);

/// A pooled client for whole bodies; clones share connections, and the faults that were asked for.
#[derive(Clone, Debug)]
pub struct Client {
    pool: PooledClient<Connector, Full<Bytes>>,
    faults: Option<Faults>,
}

/// An answer whose body is still on its way, or one that a fault made up.
pub type Answer = Response<Either<Incoming, Full<Bytes>>>;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// No connection, or it broke.
    #[error(transparent)]
    Broken(#[from] PoolError),
    /// A fault that was asked for.
    #[error("a fault that was asked for broke the connection")]
    Lost,
}

impl Client {
    /// The same client on the side of a service whose calls may meet `faults`.
    #[must_use]
    pub fn meeting(self, faults: Faults) -> Self {
        Self { faults: Some(faults), ..self }
    }

    /// Sends `request` to the service `to` and waits for the head of its answer.
    ///
    /// # Errors
    /// When no connection can be had, it breaks, or a fault says so.
    pub async fn request(&self, to: &str, mut request: Request<Full<Bytes>>) -> Result<Answer, NoAnswer> {
        span::hand_on(request.headers_mut());
        let met = self.faults.as_ref().map(|faults| faults.meet(to, request.uri().path()));
        let Some(met) = met else { return self.send(request).await };
        if !met.latency.is_zero() {
            tokio::time::sleep(met.latency).await;
        }
        match met.loss {
            None => self.send(request).await,
            Some(Loss::Answered(status)) => Ok(status.answer().map(Either::Right)),
            Some(Loss::Reset) => Err(NoAnswer::Lost),
            Some(Loss::Dropped) => {
                self.send(request).await?;
                Err(NoAnswer::Lost)
            }
        }
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, NoAnswer> {
        Ok(self.pool.request(request).await?.map(Either::Left))
    }
}

/// A byte stream to another service.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

type Open = dyn Fn(Uri) -> BoxFuture<'static, io::Result<Box<dyn Stream>>> + Send + Sync;

/// Opens connections; clones share the way of doing it.
#[derive(Clone)]
pub struct Connector(Arc<Open>);

impl Connector {
    /// Over TCP, without Nagle's delay.
    pub fn tcp() -> Self {
        Self::new(|uri| async move {
            let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
            let address = (host, uri.port_u16().unwrap_or(80));
            let stream = tokio::time::timeout(CONNECT_MAX, TcpStream::connect(address)).await??;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream) as Box<dyn Stream>)
        })
    }

    /// Over whatever `open` returns for a service's URI.
    pub fn new<F, Fut>(open: F) -> Self
    where
        F: Fn(Uri) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = io::Result<Box<dyn Stream>>> + Send + 'static,
    {
        Self(Arc::new(move |uri| Box::pin(open(uri))))
    }

    /// A client that keeps its connections.
    pub fn client(self) -> Client {
        let pool = PooledClient::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_FOR)
            .pool_max_idle_per_host(IDLE_MAX)
            .build(self);
        Client { pool, faults: None }
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connector(..)")
    }
}

impl tower_service::Service<Uri> for Connector {
    type Response = Socket;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Socket>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let opening = (self.0)(uri);
        Box::pin(async move { Ok(Socket(TokioIo::new(opening.await?))) })
    }
}

/// An open connection, as hyper wants it.
pub struct Socket(TokioIo<Box<dyn Stream>>);

impl Connection for Socket {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl Write for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, buffers)
    }
}
