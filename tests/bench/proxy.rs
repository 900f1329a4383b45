//! The empty proxy: what a gateway costs on this machine when it does nothing but pass on.
//!
//! A constant 400-byte answer behind a minimal axum and hyper-util reverse proxy, both in one child process, as
//! gateway and services are. No token, no limit, no database, no allow-list: Satchel is measured as a share of it.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri, header::CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower_service::Service as _;

use crate::Failure;
use crate::process::Process;

/// The size of the answer: about that of one note.
const ANSWER_BYTES: usize = 400;
/// Idle connections kept to the answering side: as many as the bench can have requests under way.
const POOL: usize = 64;
/// It only binds two sockets.
const START_DEADLINE: Duration = Duration::from_secs(10);

type Upstream = Client<HttpConnector, Body>;

/// The proxy in its own process.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// For its CPU time and memory.
    pub(crate) process: Process,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Proxy {
    /// Starts this very program once more, as the proxy, and reads its address from its first line.
    pub(crate) async fn start() -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--empty-proxy").stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = Process::start(&mut command)?;
        let stdout = process.child().stdout.take().ok_or("the proxy has no output")?;
        let mut line = String::new();
        timeout(START_DEADLINE, BufReader::new(stdout).read_line(&mut line)).await??;
        let address =
            line.trim().strip_prefix("http://").ok_or("the proxy did not say where it is")?.parse()?;
        Ok(Self { process, address })
    }

    /// Ends the process; it has nothing to drain, so how it ended does not matter.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        self.process.end().await?;
        Ok(())
    }
}

/// What the child does: serve both sides until the process is ended.
pub(crate) async fn serve() -> Result<(), Failure> {
    let origin = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let front = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let answering = Router::new().fallback(|| async { constant() });
    let passing = Router::new().fallback(pass_on).with_state((upstream(), origin.local_addr()?));
    println!("http://{}", front.local_addr()?);
    tokio::try_join!(listen(origin, answering), listen(front, passing))?;
    Ok(())
}

fn constant() -> Response {
    static ANSWER: [u8; ANSWER_BYTES] = [b'x'; ANSWER_BYTES];
    ([(CONTENT_TYPE, "application/json")], Bytes::from_static(&ANSWER)).into_response()
}

fn upstream() -> Upstream {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).pool_max_idle_per_host(POOL).build(connector)
}

async fn pass_on(
    State((upstream, origin)): State<(Upstream, SocketAddr)>,
    mut request: Request,
) -> Result<Response, StatusCode> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() =
        Uri::try_from(format!("http://{origin}{path}")).map_err(|_not_a_uri| StatusCode::BAD_REQUEST)?;
    let answer = upstream.request(request).await.map_err(|_unreachable| StatusCode::BAD_GATEWAY)?;
    Ok(answer.map(Body::new))
}

/// Accepts until the process ends; a connection's end is reaped before the next one is taken.
async fn listen(listener: TcpListener, router: Router) -> io::Result<()> {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        while connections.try_join_next().is_some() {}
        connections.spawn(converse(stream, router.clone()));
    }
}

async fn converse(stream: TcpStream, router: Router) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut router = router.clone();
        async move { Ok::<_, Infallible>(router.call(request).await.into_response()) }
    });
    // A client that goes away is no news here: the bench counts what it did not get.
    let _ended = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
