//! Validators of answers and conditional requests (RFC 9110 §8.8.3, §13.1.2).

use aws_lc_rs::digest::{self, SHA256};
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::Body as _;
use http_body_util::BodyExt;

use crate::failure::Failure;

/// Gives a 200 its weak entity tag, and turns it into a 304 when `request` already has that state.
///
/// Only for answers to GET. An answer that has a tag keeps it, one whose end is not known yet has none, and a 304 that was made elsewhere loses the
/// length 0 that the router gives every empty body: it would say that the 200 is empty (RFC 9110 §8.6).
pub async fn validate(request: &HeaderMap, mut response: Response) -> Response {
    if response.status() == StatusCode::NOT_MODIFIED {
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    let is_endless = response.body().size_hint().exact().is_none();
    if response.status() != StatusCode::OK || is_endless || response.headers().contains_key(header::ETAG) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let bytes = match body.collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) => return axum::response::IntoResponse::into_response(Failure::internal(&error)),
    };
    let tag = tag_of(&bytes);
    let known = request.get_all(header::IF_NONE_MATCH).iter().any(|value| matches(value, &tag));
    if let Ok(value) = HeaderValue::from_str(&tag) {
        parts.headers.insert(header::ETAG, value);
    }
    if known {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

fn tag_of(bytes: &Bytes) -> String {
    let hash = digest::digest(&SHA256, bytes);
    // 96 bits of SHA-256: no accidental clash, and short in every answer's head.
    let short = hash.as_ref().get(..12).unwrap_or_default();
    format!("W/\"{:x}-{}\"", bytes.len(), crate::id::hex(short))
}

/// Weak comparison with each tag of an `If-None-Match` value, `*` included.
fn matches(value: &HeaderValue, tag: &str) -> bool {
    let opaque = tag.trim_start_matches("W/");
    value.to_str().is_ok_and(|list| {
        list.split(',').map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == opaque)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_weakly_and_in_lists() {
        let tag = tag_of(&Bytes::from_static(b"{}"));
        for value in ["*", tag.as_str(), tag.trim_start_matches("W/"), &format!("\"x\", {tag}")] {
            assert!(matches(&HeaderValue::from_str(value).unwrap(), &tag), "{value}");
        }
        assert!(!matches(&HeaderValue::from_static("\"x\""), &tag));
    }
}
