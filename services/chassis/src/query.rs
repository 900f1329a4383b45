//! Query strings, decoded strictly.

use std::borrow::Cow;

use axum::extract::FromRequestParts;
use http::request::Parts;
use percent_encoding::percent_decode;

use crate::failure::Failure;

/// Parameters of one query: a head of 32 KiB cannot hold so many useful ones.
const PARAMETERS_MAX: usize = 256;

/// The decoded parameters of a request.
#[derive(Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Decodes `raw`, the part of the target after `?`. A broken percent escape or UTF-8 sequence is a 400.
    pub fn parse(raw: Option<&str>) -> Result<Self, Failure> {
        let mut parameters = Vec::new();
        for pair in raw.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            if parameters.len() == PARAMETERS_MAX {
                return Err(Failure::bad_request("Too many query parameters"));
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            parameters.push((decode_plus(name)?, decode_plus(value)?));
        }
        Ok(Self(parameters))
    }

    /// The value of `name`: the last one counts, an empty one counts as absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().rev().find(|(key, _)| key == name)?;
        (!value.is_empty()).then_some(value)
    }
}

/// Stands before the caller among a handler's arguments: a broken escape is told before the token is looked at.
impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Self::parse(parts.uri.query())
    }
}

fn decode_plus(text: &str) -> Result<String, Failure> {
    let spaced = if text.contains('+') { Cow::Owned(text.replace('+', " ")) } else { Cow::Borrowed(text) };
    decode_percent(&spaced)
        .map(Cow::into_owned)
        .ok_or_else(|| Failure::bad_request(format!("Failed to decode query parameter '{text}'")).quoting())
}

/// Decodes percent escapes; `None` for an escape without two hexadecimal digits or a text that is not UTF-8.
pub fn decode_percent(text: &str) -> Option<Cow<'_, str>> {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        let [_, high, low, after @ ..] = rest.get(at..)? else {
            return None;
        };
        if !high.is_ascii_hexdigit() || !low.is_ascii_hexdigit() {
            return None;
        }
        rest = after;
    }
    percent_decode(text.as_bytes()).decode_utf8().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_repeated_parameter_counts() {
        let query = Query::parse(Some("tag=a&tag=b%20c&x&=y")).unwrap();
        assert_eq!((query.get("tag"), query.get("x"), query.get("")), (Some("b c"), None, Some("y")));
    }

    #[test]
    fn a_plus_is_a_blank_and_an_escaped_plus_is_a_plus() {
        let query = Query::parse(Some("search=a+b%2Bc")).unwrap();
        assert_eq!(query.get("search"), Some("a b+c"));
    }

    #[test]
    fn broken_escapes_are_refused() {
        for raw in ["a=%zz", "a=%F", "a=%", "a=%FF", "%E0%A4%A=x"] {
            assert!(Query::parse(Some(raw)).is_err(), "{raw}");
        }
    }

    #[test]
    fn a_flood_of_parameters_is_refused() {
        assert!(Query::parse(Some(&"a=1&".repeat(257))).is_err());
    }
}
