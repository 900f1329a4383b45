//! What every listener does around its routes, once and in one order.
//!
//! Request id, preflight, path decoding, trailing slash; then the routes; then the failure envelope and its
//! one log line, the entity tag, and the headers that every answer carries. It knows no route.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use http_body::Body as _;
use serde::Serialize;
use tower::ServiceExt;

use crate::clock::Clock;
use crate::entropy::Stream;
use crate::etag;
use crate::failure::Failure;
use crate::query::decode_percent;
use crate::reply::json_response;
use crate::request::RequestId;

/// The header that carries a request's id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Helmet 8's defaults, with a policy that allows nothing: these answers are data, not pages.
static SECURITY_HEADERS: [(HeaderName, HeaderValue); 12] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none';upgrade-insecure-requests",
        ),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("origin-agent-cluster"),
        HeaderValue::from_static("?1"),
    ),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        header::STRICT_TRANSPORT_SECURITY,
        HeaderValue::from_static("max-age=31536000; includeSubDomains"),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::X_DNS_PREFETCH_CONTROL, HeaderValue::from_static("off")),
    (
        HeaderName::from_static("x-download-options"),
        HeaderValue::from_static("noopen"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN")),
    (
        HeaderName::from_static("x-permitted-cross-domain-policies"),
        HeaderValue::from_static("none"),
    ),
    (header::X_XSS_PROTECTION, HeaderValue::from_static("0")),
];

const METHODS: HeaderValue = HeaderValue::from_static("GET,HEAD,PUT,PATCH,POST,DELETE");

/// What an edge needs from its service.
#[derive(Clone, Debug)]
pub struct Config {
    /// The calendar for `Date`.
    pub clock: Clock,
    /// Where request ids come from when the client sends none.
    pub request_ids: Stream,
    /// The one origin that browsers may call from.
    pub client_url: HeaderValue,
}

/// A service's routes with everything around them; clones are cheap.
#[derive(Clone, Debug)]
pub struct Edge {
    routes: Router,
    config: Arc<Config>,
}

/// The target of a request as it arrived, for the 404 that quotes it.
#[derive(Clone, Debug)]
pub struct Target(pub Uri);

impl<S: Sync> FromRequestParts<S> for Target {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts
            .extensions
            .get::<Self>()
            .cloned()
            .unwrap_or_else(|| Self(parts.uri.clone())))
    }
}

impl Edge {
    /// Puts the edge around `routes`, whose unknown paths become 404 and wrong methods 405 in the envelope.
    pub fn around(routes: Router, config: Config) -> Self {
        Self::with_fallback(routes.fallback(unknown_path), config)
    }

    /// As [`Self::around`], for routes that bring their own answer to unknown paths: a dispatcher's.
    pub fn with_fallback(routes: Router, config: Config) -> Self {
        Self {
            routes: routes.method_not_allowed_fallback(wrong_method),
            config: Arc::new(config),
        }
    }

    /// Answers one request.
    pub async fn answer(&self, request: Request) -> Response {
        let id = self.request_id(request.headers());
        let mut response = id.clone().scope(self.respond(request, &id)).await;
        self.finish(response.headers_mut(), &id);
        response
    }

    fn request_id(&self, headers: &HeaderMap) -> RequestId {
        let given = headers
            .get(REQUEST_ID)
            .and_then(|value| RequestId::parse(value.to_str().ok()?));
        given.unwrap_or_else(|| {
            let fresh = self.config.request_ids.hex::<12>();
            RequestId::parse(&fresh).unwrap_or_else(|| unreachable_id(&fresh))
        })
    }

    /// HEAD is answered as GET and loses its body last, so that both have one length and one entity tag.
    async fn respond(&self, mut request: Request, id: &RequestId) -> Response {
        if request.method() == Method::OPTIONS {
            return preflight(request.headers());
        }
        if request.method() != Method::HEAD {
            return self.route(request, id).await;
        }
        *request.method_mut() = Method::GET;
        without_body(self.route(request, id).await)
    }

    async fn route(&self, request: Request, id: &RequestId) -> Response {
        let (method, headers) = (request.method().clone(), conditional(request.headers()));
        let response = match self.prepare(request) {
            // A router's error type is Infallible.
            Ok(request) => self
                .routes
                .clone()
                .oneshot(request)
                .await
                .unwrap_or_else(|never| match never {}),
            Err(failure) => failure.into_response(),
        };
        match response.extensions().get::<Arc<Failure>>() {
            Some(failure) => {
                let failure = Arc::clone(failure);
                log(&failure, &method, id);
                render(&failure, response, id)
            }
            None if method == Method::GET => etag::validate(&headers, response).await,
            None => response,
        }
    }

    /// Checks the path's escapes and strips one trailing slash; the original stays at hand as [`Target`].
    #[expect(clippy::unused_self, reason = "reads as a step of the edge")]
    fn prepare(&self, mut request: Request) -> Result<Request, Failure> {
        let uri = request.uri().clone();
        for segment in uri.path().split('/') {
            if decode_percent(segment).is_none_or(|decoded| decoded.contains('\0')) {
                return Err(Failure::bad_request(format!(
                    "Failed to decode param '{segment}'"
                )));
            }
        }
        if let Some(trimmed) = without_trailing_slash(&uri) {
            *request.uri_mut() = trimmed;
        }
        request.extensions_mut().insert(Target(uri));
        Ok(request)
    }

    fn finish(&self, headers: &mut HeaderMap, id: &RequestId) {
        // In one step: growing with each insert cost more than the inserts.
        headers.reserve(SECURITY_HEADERS.len() + 5);
        for (name, value) in &SECURITY_HEADERS {
            headers.insert(name, value.clone());
        }
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            self.config.client_url.clone(),
        );
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
        headers.insert(header::VARY, HeaderValue::from_static("Origin"));
        if let Ok(date) = HeaderValue::from_str(&self.config.clock.now().http_date()) {
            headers.insert(header::DATE, date);
        }
        if let Ok(value) = HeaderValue::from_str(id.as_str()) {
            headers.insert(REQUEST_ID, value);
        }
    }
}

/// 24 hexadecimal digits always parse; this keeps the edge free of a panic all the same.
fn unreachable_id(text: &str) -> RequestId {
    tracing::error!(text, "a generated request id was refused");
    RequestId::parse("unknown").unwrap_or_else(|| unreachable_id("unknown"))
}

/// The request's headers that matter after it was consumed.
fn conditional(headers: &HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::new();
    for value in headers.get_all(header::IF_NONE_MATCH) {
        kept.append(header::IF_NONE_MATCH, value.clone());
    }
    kept
}

fn preflight(request: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    if let Some(asked) = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    response
}

fn without_body(mut response: Response) -> Response {
    if let Some(length) = response.body().size_hint().exact()
        && response.status() != StatusCode::NOT_MODIFIED
    {
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length.into());
    }
    response.map(|_| Body::empty())
}

fn without_trailing_slash(uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix('/').filter(|path| !path.is_empty())?;
    let target = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    target.parse().ok()
}

async fn unknown_path(Target(uri): Target) -> Failure {
    Failure::no_route(uri.path_and_query().map_or("/", |target| target.as_str()))
}

async fn wrong_method() -> Failure {
    Failure::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
}

fn log(failure: &Failure, method: &Method, id: &RequestId) {
    let (status, message) = (failure.status().as_u16(), failure.message());
    let cause = failure.cause().unwrap_or_default();
    if failure.status().is_server_error() {
        tracing::error!(request.id = id.as_str(), %method, status, cause, "{message}");
    } else {
        tracing::debug!(request.id = id.as_str(), %method, status, cause, "{message}");
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    status: &'static str,
    message: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<EnvelopeField<'a>>,
}

#[derive(Serialize)]
struct EnvelopeField<'a> {
    field: &'a str,
    message: &'a str,
}

fn render(failure: &Failure, response: Response, id: &RequestId) -> Response {
    let fields = failure.fields().iter();
    let envelope = Envelope {
        status: "fail",
        message: failure.message(),
        request_id: id.as_str(),
        errors: fields
            .map(|e| EnvelopeField {
                field: &e.field,
                message: &e.message,
            })
            .collect(),
    };
    let (parts, _) = response.into_parts();
    let mut rendered = json_response(parts.status, serde_json::to_vec(&envelope).unwrap_or_default());
    let headers = rendered.headers_mut();
    if let Some(allow) = parts.headers.get(header::ALLOW) {
        headers.insert(header::ALLOW, allow.clone());
    }
    for (name, value) in &parts.headers {
        if name.as_str().starts_with("ratelimit-") || name == header::CONNECTION {
            headers.insert(name.clone(), value.clone());
        }
    }
    if let Some(seconds) = failure.retry_after_s() {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    rendered
}

/// An answer that failed before it reached any route, such as one refused by a gateway's own check.
pub fn refuse(failure: Failure, headers: HeaderMap) -> Response {
    let mut response = failure.into_response();
    response.headers_mut().extend(headers);
    response
}

/// The body of an answer, for callers without a socket.
pub async fn bytes_of(response: Response) -> Vec<u8> {
    axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .map(Vec::from)
        .unwrap_or_default()
}

/// An empty body.
pub fn empty() -> Body {
    Body::empty()
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use serde_json::{Value, json};

    use super::*;
    use crate::entropy::Entropy;
    use crate::reply;

    fn edge() -> Edge {
        let routes = Router::new()
            .route(
                "/things",
                get(|| async { reply::data(StatusCode::OK, json!({"n": 1})) }),
            )
            .route(
                "/broken",
                get(|| async { Failure::internal(&std::io::Error::other("secret path /x")) }),
            );
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
        (
            status,
            headers,
            serde_json::from_slice(&body).unwrap_or(Value::Null),
        )
    }

    #[tokio::test]
    async fn a_trailing_slash_reaches_the_same_route() {
        assert_eq!(ask("GET", "/things/?x=1", &[]).await.0, StatusCode::OK);
    }

    #[tokio::test]
    async fn an_unknown_path_is_quoted_with_its_query_as_it_came() {
        let (status, _, body) = ask("GET", "/nope/?a=1", &[]).await;
        assert_eq!(
            (status, &body["message"]),
            (StatusCode::NOT_FOUND, &json!("Resource Not Found: /nope/?a=1"))
        );
    }

    #[tokio::test]
    async fn a_wrong_method_is_told_the_right_ones() {
        let (status, headers, body) = ask("DELETE", "/things", &[]).await;
        assert_eq!(
            (status, &body["message"]),
            (StatusCode::METHOD_NOT_ALLOWED, &json!("Method Not Allowed"))
        );
        assert_eq!(headers[header::ALLOW], "GET,HEAD");
    }

    #[tokio::test]
    async fn a_broken_escape_is_refused_before_routing() {
        for target in ["/things/%zz", "/%E0%A4%A", "/things/%00"] {
            assert_eq!(
                ask("GET", target, &[]).await.0,
                StatusCode::BAD_REQUEST,
                "{target}"
            );
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
        let asked = [
            ("origin", "http://evil.example"),
            ("access-control-request-headers", "authorization"),
        ];
        let (status, headers, _) = ask("OPTIONS", "/%zz", &asked).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
        assert_eq!(
            headers[header::ACCESS_CONTROL_ALLOW_ORIGIN],
            "http://localhost:5173"
        );
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
}
