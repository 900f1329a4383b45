//! What bodies may look like, and what is read of them.

use proptest::prelude::*;
use serde_json::json;

use super::*;

#[tokio::test]
async fn the_first_bytes_of_a_body_are_read_and_no_more() {
    let endless = futures_util::stream::repeat(Ok::<_, std::convert::Infallible>("abc"));
    assert_eq!(read_first(Body::from_stream(endless), 7).await.unwrap(), "abcabca");
    assert_eq!(read_first(Body::from("abc"), 7).await.unwrap(), "abc");
}

#[test]
fn an_empty_json_body_is_an_empty_object() {
    assert_eq!(parse(b" \n").unwrap(), json!({}));
    assert_eq!(parse("\u{feff}{\"a\":1}".as_bytes()).unwrap(), json!({"a": 1}));
}

#[test]
fn malformed_json_is_refused_with_its_position() {
    for text in ["{", "nope", "\"x\"", "123", "true", "{\"a\":", "{} x", "{\"a\":\"b\nc\"}", "[1,]"] {
        let failure = parse(text.as_bytes()).unwrap_err();
        assert!(failure.message().contains("Malformed JSON"), "{text}: {}", failure.message());
    }
}

#[test]
fn what_is_not_unicode_becomes_the_replacement_character() {
    assert_eq!(parse(b"{\"a\":\"\xff\"}").unwrap(), json!({"a": "\u{fffd}"}));
    assert_eq!(parse(br#"{"a":"\ud800x"}"#).unwrap(), json!({"a": "\u{fffd}x"}));
    assert_eq!(parse(br#"{"a":"\udc00\ud83d\ude42"}"#).unwrap(), json!({"a": "\u{fffd}🙂"}));
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
    assert!(json_of(&headers("application/json;charset=UTF-8"), b"{}").unwrap().is_some());
    for other in
        ["text/plain", "application/vnd.api+json", "application/jsonx", "application/json, text/plain"]
    {
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
