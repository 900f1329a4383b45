//! Request bodies: sizes, types and JSON as the contract wants them.
//!
//! [`Fields`] is what a handler's input is read from. The rules for each field are the services' own.

use std::borrow::Cow;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::Failure;
use crate::field::Fields;
use crate::head::Refusal;

/// Bytes of a body on a public route (CONTRACT.md, *Order of checks*).
pub const PUBLIC_MAX: usize = 10_240;
/// Bytes of a body on an internal route.
pub const INTERNAL_MAX: usize = 64 * 1024;
/// Levels of nesting in JSON: deeper ones would overflow stacks further down.
const DEPTH_MAX: usize = 32;
/// Of a body that is too large anyway, so much is read and thrown away before the answer: nearly every client has
/// sent all by then, and one that goes on for longer may lose the answer.
const PASS_OVER_MAX: usize = 4 * 1024 * 1024;
/// And for so long.
const PASS_OVER_FOR: Duration = Duration::from_secs(1);

/// A body that a route reads from JSON fields.
pub trait FromFields: Sized {
    /// Reads the fields in the contract's order.
    fn from_fields(fields: Fields) -> Result<Self, Failure>;
}

/// The valid body of a public route.
#[derive(Debug)]
pub struct Valid<T>(pub T);

impl<S: Sync, T: FromFields> FromRequest<S> for Valid<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        T::from_fields(fields_of(request).await?).map(Valid)
    }
}

/// The fields of a public route's body, for extractors whose rules depend on more than the body.
pub async fn fields_of(request: Request) -> Result<Fields, Failure> {
    let (parts, body) = request.into_parts();
    let bytes = read(body, &parts.headers, PUBLIC_MAX).await?;
    Fields::of(json_of(&parts.headers, &bytes)?)
}

/// The body of an internal route, typed by the contract between services.
#[derive(Debug)]
pub struct Internal<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Internal<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let bytes = read(body, &parts.headers, INTERNAL_MAX).await?;
        serde_json::from_slice(&bytes).map(Internal).map_err(|error| Failure::bad_request(error.to_string()))
    }
}

/// Reads at most `max` bytes; 413 for more, before reading the rest. How long a body may take is for the accept loop to
/// say; 408 when it has.
pub async fn read(body: Body, headers: &HeaderMap, max: usize) -> Result<Bytes, Failure> {
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > max as u64) {
        return Err(too_large());
    }
    match Limited::new(body, max).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(too_large()),
        Err(error) => Err(broken_off(error.as_ref())),
    }
}

/// Reads the first `max` bytes. What follows is passed over for a moment, so
/// that a client that sends on before it reads still gets its answer.
pub async fn read_first(mut body: Body, max: usize) -> Result<Bytes, Failure> {
    let bytes = first(&mut body, max).await.map_err(|error| broken_off(&error))?;
    if bytes.len() == max {
        pass_over(body).await;
    }
    Ok(bytes)
}

/// Discards what a client still sends, at most 4 MiB and for at most a second.
pub async fn pass_over(mut body: Body) {
    // Neither an early end nor a late one changes the answer.
    let discarding = async {
        let mut left = PASS_OVER_MAX;
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                return;
            }
        }
    };
    let _late = tokio::time::timeout(PASS_OVER_FOR, discarding).await;
}

async fn first(body: &mut Body, max: usize) -> Result<Bytes, axum::Error> {
    let mut bytes = BytesMut::new();
    while bytes.len() < max
        && let Some(frame) = body.frame().await
    {
        if let Ok(data) = frame?.into_data() {
            bytes.extend_from_slice(&data);
        }
    }
    bytes.truncate(max);
    Ok(bytes.freeze())
}

/// Why a body has no end, as the accept loop tells it.
fn broken_off(error: &(dyn Error + 'static)) -> Failure {
    let failure = match kind_of(error) {
        Some(ErrorKind::TimedOut) => {
            Failure::new(StatusCode::REQUEST_TIMEOUT, "The request body took too long")
        }
        Some(ErrorKind::InvalidData) => Failure::bad_request(Refusal::Chunk.to_string()),
        _ => Failure::bad_request("The request body is incomplete"),
    };
    failure.because(error)
}

/// The kind of the fault at the bottom of `error`.
fn kind_of(error: &(dyn Error + 'static)) -> Option<ErrorKind> {
    let causes = std::iter::successors(Some(error), |error: &&(dyn Error + 'static)| (*error).source());
    causes.filter_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind).last()
}

fn too_large() -> Failure {
    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "request entity too large")
}

/// The JSON value of a body, `None` when there is no body or it is not JSON by its content type.
fn json_of(headers: &HeaderMap, bytes: &[u8]) -> Result<Option<Value>, Failure> {
    let present =
        headers.contains_key(header::CONTENT_LENGTH) || headers.contains_key(header::TRANSFER_ENCODING);
    if !present || !is_json(headers)? {
        return Ok(None);
    }
    if let Some(encoding) = headers.get(header::CONTENT_ENCODING)
        && !encoding.as_bytes().eq_ignore_ascii_case(b"identity")
    {
        let name = String::from_utf8_lossy(encoding.as_bytes());
        let message = format!("unsupported content encoding \"{name}\"");
        return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message).quoting());
    }
    parse(bytes).map(Some)
}

fn is_json(headers: &HeaderMap) -> Result<bool, Failure> {
    let Some(content_type) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return Ok(false);
    };
    let mut parts = content_type.split(';').map(str::trim);
    if !parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json")) {
        return Ok(false);
    }
    for (name, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
        let charset = value.trim_matches('"');
        if name.eq_ignore_ascii_case("charset") && !charset.eq_ignore_ascii_case("utf-8") {
            let message = format!("unsupported charset \"{}\"", charset.to_uppercase());
            return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message).quoting());
        }
    }
    Ok(true)
}

/// Parses a JSON text the way the original's parser did: an empty text is an empty object, only objects and
/// arrays may stand at the top, and text that is not Unicode (bad UTF-8, lone surrogates) becomes U+FFFD.
///
/// # Errors
/// 400 with line and column for malformed JSON, and for nesting deeper than 32 levels.
pub fn parse(bytes: &[u8]) -> Result<Value, Failure> {
    let decoded = String::from_utf8_lossy(bytes);
    let text = decoded.strip_prefix('\u{feff}').unwrap_or(&decoded);
    let Some(first) = text.trim_start_matches([' ', '\t', '\r', '\n']).chars().next() else {
        return Ok(Value::Object(serde_json::Map::new()));
    };
    if first != '{' && first != '[' {
        return Err(Failure::bad_request(
            "Malformed JSON: expected an object or an array at line 1 column 1",
        ));
    }
    parse_value(text)
}

/// Parses a JSON text that may have any value at the top, with the same limits.
///
/// # Errors
/// 400 with line and column for malformed JSON, and for nesting deeper than 32 levels.
pub fn parse_value(text: &str) -> Result<Value, Failure> {
    if depth(text) > DEPTH_MAX {
        return Err(Failure::bad_request("Malformed JSON: nested deeper than 32 levels"));
    }
    serde_json::from_str(&whole_surrogates(text)).map_err(|error| {
        Failure::bad_request(format!("Malformed JSON at line {} column {}", error.line(), error.column()))
    })
}

/// The deepest nesting of `text`, brackets inside strings aside.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Replaces `\uD800`-style escapes that have no partner by `\uFFFD`; both have six characters, so positions hold.
fn whole_surrogates(text: &str) -> Cow<'_, str> {
    if !text.contains("\\u") {
        return Cow::Borrowed(text);
    }
    let mut bytes = text.as_bytes().to_vec();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += match (byte, unit_at(&bytes, at)) {
            (b'\\', Some(0xD800..=0xDBFF)) if matches!(unit_at(&bytes, at + 6), Some(0xDC00..=0xDFFF)) => 12,
            (b'\\', Some(0xD800..=0xDFFF)) => {
                if let Some(escape) = bytes.get_mut(at..at + 6) {
                    escape.copy_from_slice(b"\\uFFFD");
                }
                6
            }
            (b'\\', _) => 2,
            _ => 1,
        };
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The UTF-16 unit of the escape `\uXXXX` at `at`.
fn unit_at(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests;
