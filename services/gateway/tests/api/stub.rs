//! Services that answer as a test wants them to.

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use chassis::clock::{Clock, Timestamp};
use chassis::edge::{self, Edge, Target};
use chassis::entropy::Entropy;
use chassis::reply::Reply;
use chassis::{serve, shutdown, task};
use http::{HeaderValue, StatusCode, Uri};
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Serves `routes` on a port of its own until the trigger is dropped.
pub(crate) async fn serve(routes: Router) -> (Uri, shutdown::Trigger) {
    let config = edge::Config {
        clock: Clock::frozen(Timestamp::from_millis(0)),
        request_ids: Entropy::seeded(2).stream("stub", "request id"),
        client_url: HeaderValue::from_static("http://stub.example"),
    };
    serve_edge(Edge::with_fallback(routes, config)).await
}

/// Serves `edge` likewise.
pub(crate) async fn serve_edge(edge: Edge) -> (Uri, shutdown::Trigger) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (trigger, ended) = shutdown::channel();
    task::spawn("stub", serve::run(listener, edge, ended));
    (address.parse().unwrap(), trigger)
}

/// Answers every request with what arrived.
pub(crate) fn echo(service: &'static str) -> Router {
    Router::new().fallback(move |Target(target): Target, request: Request| echoed(service, target, request))
}

async fn echoed(service: &'static str, target: Uri, request: Request) -> Reply<Value> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let headers: Map<String, Value> = parts
        .headers
        .keys()
        .map(|name| (name.to_string(), lines(parts.headers.get_all(name).iter())))
        .collect();
    let seen = json!({
        "service": service, "method": parts.method.as_str(), "target": target.to_string(),
        "headers": headers, "body": String::from_utf8_lossy(&body),
    });
    Reply(StatusCode::OK, seen)
}

fn lines<'a>(values: impl Iterator<Item = &'a HeaderValue>) -> Value {
    values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect()
}

/// Answers every request with what `answer` makes.
pub(crate) fn constant(answer: impl Fn() -> Response + Clone + Send + Sync + 'static) -> Router {
    Router::new().fallback(move || std::future::ready(answer()))
}

/// Where nobody listens.
pub(crate) async fn nobody() -> Uri {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap()).parse().unwrap()
}

/// Reads a head, writes `bytes` and hangs up, for every connection.
pub(crate) async fn hangs_up_after(bytes: &'static [u8]) -> Uri {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    task::spawn("stub that hangs up", async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 4096];
            let _read = stream.read(&mut head).await;
            let _written = stream.write_all(bytes).await;
        }
    });
    address.parse().unwrap()
}
