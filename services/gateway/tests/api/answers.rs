//! What a client hears of a service's answer, and what when there is none.

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use chassis::failure::Failure;
use gateway::DEADLINE;
use http::{HeaderValue, StatusCode};
use serde_json::json;

use crate::stub;
use crate::world::{Answer, World};

fn assert_tells_nothing(answer: &Answer) {
    let text = answer.body.to_string();
    for inside in ["127.0.0.1", "notes", "connect", "hyper", "os error"] {
        assert!(!text.contains(inside), "{text}");
    }
    assert_eq!(answer.body["requestId"], answer.header("x-request-id"));
}

#[tokio::test]
async fn a_client_hears_only_the_headers_of_the_contract() {
    let answer = || {
        let headers = [
            ("content-type", "text/x"),
            ("etag", "\"a\""),
            ("retry-after", "7"),
            ("allow", "GET"),
            ("set-cookie", "a=b"),
            ("server", "x"),
            ("x-powered-by", "y"),
            ("location", "http://127.0.0.1:1/"),
            ("access-control-allow-origin", "*"),
            ("x-request-id", "forged"),
        ];
        (StatusCode::CREATED, headers, "body").into_response()
    };
    let world = World::before(stub::constant(answer)).await;
    let heard = world.ask("POST", "/api/notes", &[("x-request-id", "mine")]).await;
    assert_eq!(heard.status, StatusCode::CREATED);
    for (name, value) in
        [("content-type", "text/x"), ("etag", "\"a\""), ("retry-after", "7"), ("allow", "GET")]
    {
        assert_eq!(heard.header(name), value);
    }
    for name in ["set-cookie", "server", "x-powered-by", "location"] {
        assert_eq!(heard.header(name), "", "{name}");
    }
    assert_eq!(heard.header("access-control-allow-origin"), "http://localhost:5173");
    assert_eq!(heard.header("x-request-id"), "mine");
}

#[tokio::test]
async fn a_client_hears_nothing_that_was_meant_for_the_gateway_alone() {
    let answer =
        || ([("etag", "\"a\""), ("retry-after", "7"), ("connection", "etag")], "body").into_response();
    let world = World::before(stub::constant(answer)).await;
    let heard = world.ask("POST", "/api/notes", &[]).await;
    assert_eq!((heard.header("etag"), heard.header("retry-after")), ("", "7"));
    assert_eq!(heard.header("connection"), "");
}

#[tokio::test]
async fn a_services_failure_passes_unchanged() {
    let refusal = || Failure::new(StatusCode::CONFLICT, "email already exists").into_response();
    let world = World::before(stub::constant(refusal)).await;
    let answer = world.ask("POST", "/api/auth/register", &[("x-request-id", "r")]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(answer.body, json!({"status": "fail", "message": "email already exists", "requestId": "r"}));
}

#[tokio::test]
async fn a_known_state_is_not_sent_again() {
    let world = World::before(stub::constant(|| "constant".into_response())).await;
    let first = world.ask("GET", "/api/notes", &[]).await;
    let again = world.ask("GET", "/api/notes", &[("if-none-match", first.header("etag"))]).await;
    assert_eq!((again.status, again.header("etag")), (StatusCode::NOT_MODIFIED, first.header("etag")));
    assert_eq!(again.header("content-length"), "");
}

#[tokio::test]
async fn head_describes_what_get_would_send() {
    let world = World::before(stub::constant(|| "four".into_response())).await;
    let (get, head) = (world.ask("GET", "/api/notes", &[]).await, world.ask("HEAD", "/api/notes", &[]).await);
    assert_eq!(head.status, StatusCode::OK);
    assert_eq!((head.header("content-length"), head.header("etag")), ("4", get.header("etag")));
}

#[tokio::test]
async fn a_deletion_is_answered_without_a_body() {
    let world = World::before(stub::constant(|| StatusCode::NO_CONTENT.into_response())).await;
    let answer = world.ask("DELETE", "/api/notes/x", &[]).await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::NO_CONTENT, ""));
}

#[tokio::test]
async fn a_service_that_is_not_there_is_503() {
    let world = World::at(&stub::nobody().await, DEADLINE);
    let answer = world.ask("GET", "/api/notes", &[]).await;
    assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "1"));
    assert_tells_nothing(&answer);
}

#[tokio::test]
async fn a_service_that_hangs_up_is_503() {
    for bytes in [&b""[..], b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", b"nonsense\r\n\r\n"] {
        let world = World::at(&stub::hangs_up_after(bytes).await, DEADLINE);
        let answer = world.ask("POST", "/api/notes", &[("content-length", "0")]).await;
        assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "1"));
        assert_tells_nothing(&answer);
    }
}

#[tokio::test]
async fn a_service_that_says_nothing_in_time_is_504() {
    let (uri, _trigger) = stub::serve(axum::Router::new().fallback(std::future::pending::<Response>)).await;
    let answer = World::at(&uri, Duration::from_millis(20)).ask("GET", "/api/notes", &[]).await;
    assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
    assert_tells_nothing(&answer);
}

#[tokio::test]
async fn an_answer_that_never_ends_is_504() {
    let trickle = || {
        let first = futures_util::stream::iter([Ok::<_, std::io::Error>("x")]);
        Body::from_stream(futures_util::StreamExt::chain(first, futures_util::stream::pending()))
            .into_response()
    };
    let (uri, _trigger) = stub::serve(stub::constant(trickle)).await;
    let answer = World::at(&uri, Duration::from_millis(50)).ask("POST", "/api/notes", &[]).await;
    assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
}

#[tokio::test]
async fn an_answer_beyond_all_measure_is_502() {
    let world = World::before(stub::constant(|| vec![b'x'; 24 * 1024 * 1024 + 1].into_response())).await;
    let answer = world.ask("POST", "/api/notes", &[]).await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    assert_tells_nothing(&answer);
}

#[tokio::test]
async fn a_whole_page_of_the_largest_notes_passes() {
    let page = || vec![b'x'; 21 * 1024 * 1024].into_response();
    let world = World::before(stub::constant(page)).await;
    let answer = world.ask("HEAD", "/api/notes?limit=1000", &[]).await;
    assert_eq!(answer.headers["content-length"], HeaderValue::from(21 * 1024 * 1024));
}
