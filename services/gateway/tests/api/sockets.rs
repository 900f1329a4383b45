//! What only a socket shows: raw targets, cut bodies, closed connections.

use axum::response::IntoResponse;
use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::stub;
use crate::world::World;

/// Writes `bytes` to a gateway before echoing services and reads until it closes the connection.
async fn exchange(bytes: &[u8]) -> String {
    exchange_with(&World::echoing().await, bytes).await
}

async fn exchange_with(world: &World, bytes: &[u8]) -> String {
    let (uri, _trigger) = stub::serve_edge(world.edge.clone()).await;
    let mut stream = TcpStream::connect(uri.authority().unwrap().as_str()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_target_meant_for_a_proxy_is_refused() {
    for target in ["http://127.0.0.1:3001/internal/accounts", "http://h.example/api/notes"] {
        let head = format!("GET {target} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
        let answer = exchange(head.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(answer.contains("connection: close\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_answered_before_the_rest_is_sent() {
    let head = "POST /api/notes HTTP/1.1\r\nhost: h\r\ncontent-length: 1000000\r\n\r\n";
    let answer = exchange(format!("{head}{}", "x".repeat(10_241)).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("connection: close\r\n"), "{answer}");
}

#[tokio::test]
async fn a_chunked_body_reaches_the_service_with_its_length() {
    let answer = exchange(
        b"POST /api/notes HTTP/1.1\r\nhost: h\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    )
    .await;
    assert!(answer.contains("\"content-length\":[\"2\"]"), "{answer}");
}

#[tokio::test]
async fn head_sends_the_length_and_no_body() {
    let answer = exchange(b"HEAD /health HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await;
    assert!(answer.contains("content-length: 39\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn a_body_where_none_belongs_does_not_end_the_connection() {
    let twice = b"DELETE /api/notes/x HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\n{}\
        GET /health HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
    let answer = exchange(twice).await;
    assert_eq!(answer.matches("HTTP/1.1 200 ").count(), 2, "{answer}");
}

#[tokio::test]
async fn an_answer_that_has_no_body_has_no_length() {
    let world = World::before(stub::constant(|| StatusCode::NO_CONTENT.into_response())).await;
    let delete = b"DELETE /api/notes/x HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
    let answer = exchange_with(&world, delete).await;
    assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
    assert!(!answer.contains("content-length"), "{answer}");
}
