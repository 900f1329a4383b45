//! The last words on a connection: an answer that no handler gave, and an end that lets the client read it.
//!
//! It writes such an answer itself, because no HTTP parser has seen a request. What it says is for others to decide.

use std::io;
use std::time::Duration;

use axum::response::Response;
use http::{StatusCode, header};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::edge;
use crate::failure::Failure;
use crate::head::Refusal;

/// Who does not take a last word in this time, or does not stop talking, is left: services have 2 s to end.
const FAREWELL_MAX: Duration = Duration::from_secs(1);
/// Of what is still sent, so much is read and thrown away: bytes that nobody read make the system reset the connection,
/// and the client lose its answer.
const LINGER_BYTES: usize = 1024 * 1024;
/// How much of that is read at a time.
const PIECE: usize = 4096;

/// Why a connection gets no further request through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The next one is not fit to be passed on.
    Refused(Refusal),
    /// The head of the next one took too long.
    Late,
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Refused(refusal) => Self::new(status(refusal), refusal.to_string()),
            Stop::Late => Self::new(StatusCode::REQUEST_TIMEOUT, "The request head took too long"),
        }
    }
}

fn status(refusal: Refusal) -> StatusCode {
    match refusal {
        Refusal::Fields | Refusal::Bytes => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Refusal::Expectation => StatusCode::EXPECTATION_FAILED,
        Refusal::LineEnd
        | Refusal::RequestLine
        | Refusal::Method
        | Refusal::Target
        | Refusal::Form
        | Refusal::Version
        | Refusal::Folding
        | Refusal::FieldName
        | Refusal::Underscore
        | Refusal::FieldValue
        | Refusal::Host
        | Refusal::ContentLength
        | Refusal::TransferEncoding
        | Refusal::Chunk => StatusCode::BAD_REQUEST,
    }
}

/// Writes `last`, if there is one, and closes `stream`; if it `lingers`, it hears the client out for a moment.
pub(super) async fn say<S>(stream: &mut S, last: Option<Response>, lingers: bool)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let saying = async {
        if let Some(response) = last {
            stream.write_all(&rendered(response).await).await?;
        }
        stream.shutdown().await?;
        if lingers { linger(stream).await } else { Ok(()) }
    };
    if let Ok(Err(error)) = tokio::time::timeout(FAREWELL_MAX, saying).await {
        tracing::debug!(%error, "a client did not wait for the end");
    }
}

async fn linger<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<()> {
    let mut piece = [0; PIECE];
    let mut left = LINGER_BYTES;
    while left > 0 {
        let length = stream.read(&mut piece).await?;
        if length == 0 {
            break;
        }
        left = left.saturating_sub(length);
    }
    Ok(())
}

/// The bytes of an answer after which the connection closes (RFC 9112 §4).
async fn rendered(response: Response) -> Vec<u8> {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = edge::bytes_of(response).await;
    let reason = status.canonical_reason().unwrap_or_default();
    let mut bytes = format!("HTTP/1.1 {} {reason}\r\n", status.as_u16()).into_bytes();
    let length = body.len().to_string();
    let framing = [(&header::CONTENT_LENGTH, length.as_bytes()), (&header::CONNECTION, b"close")];
    for (name, value) in headers.iter().map(|(name, value)| (name, value.as_bytes())).chain(framing) {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&body);
    bytes
}
