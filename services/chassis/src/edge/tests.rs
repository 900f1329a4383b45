//! What goes around every route, asked without a socket.

use axum::routing::get;
use serde_json::{Value, json};

use super::*;
use crate::entropy::Entropy;
use crate::reply;

fn edge() -> Edge {
    let routes = Router::new()
        .route("/things", get(|| async { reply::data(StatusCode::OK, json!({"n": 1})) }))
        .route("/broken", get(|| async { Failure::internal(&std::io::Error::other("secret path /x")) }));
    let config = Config {
        clock: Clock::frozen(crate::clock::Timestamp::from_millis(0)),
        request_ids: Entropy::seeded(1).stream("test", "request id"),
        client_url: HeaderValue::from_static("http://localhost:5173"),
    };
    Edge::around(routes, config)
}

async fn ask(method: &str, target: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, Value) {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = edge().answer(request.body(Body::empty()).unwrap()).await;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = bytes_of(response).await;
    (status, headers, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

#[tokio::test]
async fn a_trailing_slash_reaches_the_same_route() {
    assert_eq!(ask("GET", "/things/?x=1", &[]).await.0, StatusCode::OK);
}

#[tokio::test]
async fn an_unknown_path_is_quoted_with_its_query_as_it_came() {
    let (status, _, body) = ask("GET", "/nope/?a=1", &[]).await;
    assert_eq!((status, &body["message"]), (StatusCode::NOT_FOUND, &json!("Resource Not Found: /nope/?a=1")));
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let (status, headers, body) = ask("DELETE", "/things", &[]).await;
    assert_eq!((status, &body["message"]), (StatusCode::METHOD_NOT_ALLOWED, &json!("Method Not Allowed")));
    assert_eq!(headers[header::ALLOW], "GET,HEAD");
}

#[tokio::test]
async fn a_broken_escape_is_refused_before_routing() {
    for target in ["/things/%zz", "/%E0%A4%A", "/things/%00"] {
        assert_eq!(ask("GET", target, &[]).await.0, StatusCode::BAD_REQUEST, "{target}");
    }
}

#[tokio::test]
async fn an_internal_cause_stays_inside() {
    let (status, _, body) = ask("GET", "/broken", &[]).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!body.to_string().contains("secret"), "{body}");
}

#[tokio::test]
async fn a_known_state_is_not_sent_again() {
    let (_, headers, _) = ask("GET", "/things", &[]).await;
    let tag = headers[header::ETAG].to_str().unwrap();
    let (status, headers, body) = ask("GET", "/things", &[("if-none-match", tag)]).await;
    assert_eq!((status, body), (StatusCode::NOT_MODIFIED, Value::Null));
    assert_eq!(headers[header::ETAG], *tag);
}

#[tokio::test]
async fn head_describes_what_get_would_send() {
    for target in ["/things", "/nope"] {
        let (status, got, body) = ask("GET", target, &[("x-request-id", "a")]).await;
        let (head_status, head, nothing) = ask("HEAD", target, &[("x-request-id", "a")]).await;
        assert_eq!((head_status, nothing), (status, Value::Null));
        assert_eq!(head[header::CONTENT_LENGTH], *body.to_string().len().to_string());
        assert_eq!(head.get(header::ETAG), got.get(header::ETAG));
    }
}

#[tokio::test]
async fn a_well_formed_request_id_is_kept_and_another_replaced() {
    let (_, headers, _) = ask("GET", "/things", &[("x-request-id", "abc-1")]).await;
    assert_eq!(headers[REQUEST_ID], "abc-1");
    let (_, headers, body) = ask("GET", "/nope", &[("x-request-id", "a b")]).await;
    assert_eq!(headers[REQUEST_ID].len(), 24);
    assert_eq!(body["requestId"], headers[REQUEST_ID].to_str().unwrap());
}

#[tokio::test]
async fn preflight_is_answered_on_any_path() {
    let asked = [("origin", "http://evil.example"), ("access-control-request-headers", "authorization")];
    let (status, headers, _) = ask("OPTIONS", "/%zz", &asked).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "http://localhost:5173");
    assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_HEADERS], "authorization");
}

#[tokio::test]
async fn every_answer_carries_the_security_headers_and_the_calendar() {
    for target in ["/things", "/nope", "/broken"] {
        let (_, headers, _) = ask("GET", target, &[]).await;
        for (name, value) in &SECURITY_HEADERS {
            assert_eq!(headers[name], value, "{target} {name}");
        }
        assert_eq!(headers[header::DATE], "Thu, 01 Jan 1970 00:00:00 GMT");
    }
}
