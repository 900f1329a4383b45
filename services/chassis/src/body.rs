//! Request bodies: sizes, types and JSON as the contract wants them.
//!
//! [`Fields`] is what a handler's input is read from. The rules for each field are the services' own.

use std::borrow::Cow;
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

/// Bytes of a body on a public route (CONTRACT.md, *Order of checks*).
pub const PUBLIC_MAX: usize = 10_240;
/// Bytes of a body on an internal route.
pub const INTERNAL_MAX: usize = 64 * 1024;
/// Levels of nesting in JSON: deeper ones would overflow stacks further down.
const DEPTH_MAX: usize = 32;
/// A whole body must be here by then, however slowly it trickles.
const READ_MAX: Duration = Duration::from_secs(30);

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
        let (parts, body) = request.into_parts();
        let bytes = read(body, &parts.headers, PUBLIC_MAX).await?;
        let value = json_of(&parts.headers, &bytes)?;
        T::from_fields(Fields::of(value)?).map(Valid)
    }
}

/// The body of an internal route, typed by the contract between services.
#[derive(Debug)]
pub struct Internal<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Internal<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let bytes = read(body, &parts.headers, INTERNAL_MAX).await?;
        serde_json::from_slice(&bytes)
            .map(Internal)
            .map_err(|error| Failure::bad_request(error.to_string()))
    }
}

/// Reads at most `max` bytes; 413 for more, before reading the rest, and 408 for a body that takes too long.
pub async fn read(body: Body, headers: &HeaderMap, max: usize) -> Result<Bytes, Failure> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > max as u64) {
        return Err(too_large());
    }
    match tokio::time::timeout(READ_MAX, Limited::new(body, max).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(too_large()),
        Ok(Err(error)) => Err(incomplete(error.as_ref())),
        Err(_) => Err(too_slow()),
    }
}

/// Reads the first `max` bytes and leaves the rest unread; 408 for a body that takes too long.
pub async fn read_first(body: Body, max: usize) -> Result<Bytes, Failure> {
    match tokio::time::timeout(READ_MAX, first(body, max)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => Err(incomplete(&error)),
        Err(_) => Err(too_slow()),
    }
}

async fn first(mut body: Body, max: usize) -> Result<Bytes, axum::Error> {
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

fn incomplete(error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::bad_request("The request body is incomplete").because(error)
}

fn too_slow() -> Failure {
    Failure::new(StatusCode::REQUEST_TIMEOUT, "The request body took too long")
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
        return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    parse(bytes).map(Some)
}

fn is_json(headers: &HeaderMap) -> Result<bool, Failure> {
    let Some(content_type) = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return Ok(false);
    };
    let mut parts = content_type.split(';').map(str::trim);
    if !parts
        .next()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"))
    {
        return Ok(false);
    }
    for (name, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
        let charset = value.trim_matches('"');
        if name.eq_ignore_ascii_case("charset") && !charset.eq_ignore_ascii_case("utf-8") {
            let message = format!("unsupported charset \"{}\"", charset.to_uppercase());
            return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
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
    if depth(text) > DEPTH_MAX {
        return Err(Failure::bad_request(
            "Malformed JSON: nested deeper than 32 levels",
        ));
    }
    serde_json::from_str(&whole_surrogates(text)).map_err(|error| {
        Failure::bad_request(format!(
            "Malformed JSON at line {} column {}",
            error.line(),
            error.column()
        ))
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
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn the_first_bytes_of_a_body_are_read_and_no_more() {
        let endless = futures_util::stream::repeat(Ok::<_, std::io::Error>(Bytes::from_static(b"abc")));
        assert_eq!(
            read_first(Body::from_stream(endless), 7).await.unwrap(),
            "abcabca"
        );
        assert_eq!(read_first(Body::from("abc"), 7).await.unwrap(), "abc");
    }

    #[test]
    fn an_empty_json_body_is_an_empty_object() {
        assert_eq!(parse(b" \n").unwrap(), json!({}));
        assert_eq!(parse("\u{feff}{\"a\":1}".as_bytes()).unwrap(), json!({"a": 1}));
    }

    #[test]
    fn malformed_json_is_refused_with_its_position() {
        for text in [
            "{",
            "nope",
            "\"x\"",
            "123",
            "true",
            "{\"a\":",
            "{} x",
            "{\"a\":\"b\nc\"}",
            "[1,]",
        ] {
            let failure = parse(text.as_bytes()).unwrap_err();
            assert!(
                failure.message().contains("Malformed JSON"),
                "{text}: {}",
                failure.message()
            );
        }
    }

    #[test]
    fn what_is_not_unicode_becomes_the_replacement_character() {
        assert_eq!(parse(b"{\"a\":\"\xff\"}").unwrap(), json!({"a": "\u{fffd}"}));
        assert_eq!(parse(br#"{"a":"\ud800x"}"#).unwrap(), json!({"a": "\u{fffd}x"}));
        assert_eq!(
            parse(br#"{"a":"\udc00\ud83d\ude42"}"#).unwrap(),
            json!({"a": "\u{fffd}🙂"})
        );
        assert_eq!(parse(br#"{"a":"\\ud800"}"#).unwrap(), json!({"a": "\\ud800"}));
    }

    #[test]
    fn nesting_has_an_end() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(nested(32).as_bytes()).is_ok());
        assert!(parse(nested(33).as_bytes()).is_err());
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
        assert!(parse(format!("{{\"a\":\"{}\"}}", "[".repeat(50)).as_bytes()).is_ok());
    }

    #[test]
    fn only_json_in_utf8_is_read_as_json() {
        let headers = |content_type: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_LENGTH, 2.into());
            headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
            headers
        };
        assert!(
            json_of(&headers("application/json;charset=UTF-8"), b"{}")
                .unwrap()
                .is_some()
        );
        for other in [
            "text/plain",
            "application/vnd.api+json",
            "application/jsonx",
            "application/json, text/plain",
        ] {
            assert!(json_of(&headers(other), b"{}").unwrap().is_none(), "{other}");
        }
        let failure = json_of(&headers("application/json; charset=latin1"), b"{}").unwrap_err();
        assert_eq!(failure.message(), "unsupported charset \"LATIN1\"");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _answer = parse(&bytes);
        }

        #[test]
        fn every_json_value_without_surrogates_reads_as_itself(text in "\\PC{0,60}") {
            let value = json!({"a": text});
            prop_assert_eq!(parse(value.to_string().as_bytes()).unwrap(), value);
        }
    }
}
