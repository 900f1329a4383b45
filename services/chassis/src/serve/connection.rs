//! One HTTP/1.1 connection: hyper in the middle, good requests in, answers out, a last word at the end.
//!
//! What may pass is decided in `wire`, what is answered by an [`Answer`].

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::{HeaderValue, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::tally::{Counted, Tally};
use super::wire::Wire;
use super::{Answer, ClientAddr, farewell};
use crate::failure::Failure;
use crate::head;
use crate::shutdown::Shutdown;

/// Asked again after this time, somebody has usually closed a connection.
const CROWDED_RETRY_S: u32 = 1;

/// Serves the requests of `stream` by turns, until `shutdown` or either side has enough.
pub(super) async fn hold<S>(stream: S, address: SocketAddr, answer: impl Answer, mut shutdown: Shutdown)
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let tally = Tally::default();
    let wire = Wire::new(stream, tally.clone());
    let (asked, tallied, ending) = (answer.clone(), tally.clone(), tally);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (answer, tally) = (asked.clone(), tallied.clone());
        async move {
            let mut request: Request = request.map(Body::new);
            request.extensions_mut().insert(ClientAddr(address));
            Ok::<_, Infallible>(counted(answer.answer(request).await, &tally))
        }
    });
    let mut serving = http1::Builder::new()
        .max_buf_size(head::BYTES_MAX)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(wire), service);
    let ended = tokio::select! {
        ended = &mut serving => Some(ended),
        () = shutdown.requested() => None,
    };
    let ended = if let Some(ended) = ended {
        ended
    } else {
        // hyper's own way to end would give up a request that has come and was not read yet.
        ending.end();
        (&mut serving).await
    };
    if let Err(error) = ended {
        tracing::debug!(%address, %error, "a connection ended early");
    }
    serving.into_parts().io.into_inner().end(&answer).await;
}

/// A client is told with its answer that it was the last one.
fn counted(mut response: Response, tally: &Tally) -> http::Response<Counted> {
    if tally.is_closing() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response.map(|body| tally.count(body))
}

/// Tells a client that it has come at the wrong time.
pub(super) async fn decline<S>(mut stream: S, answer: impl Answer)
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let crowded = Failure::unavailable(
        "Too many connections are open: close some, or try again in a moment",
        CROWDED_RETRY_S,
    );
    farewell::say(&mut stream, Some(answer.refuse(&crowded)), true).await;
}
