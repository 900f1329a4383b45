//! What every listener does around its routes, once and in one order.
//!
//! Request id, preflight, path decoding, trailing slash; then the routes; then the failure envelope and its
//! one log line, the entity tag, and the headers that every answer carries. It knows no route.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
use crate::gate::{self, Gate};
use crate::query::{Query, decode_percent};
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
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("origin-agent-cluster"), HeaderValue::from_static("?1")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_DNS_PREFETCH_CONTROL, HeaderValue::from_static("off")),
    (HeaderName::from_static("x-download-options"), HeaderValue::from_static("noopen")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN")),
    (HeaderName::from_static("x-permitted-cross-domain-policies"), HeaderValue::from_static("none")),
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
    gate: Gate,
    calls: Arc<Calls>,
}

/// Ids for calls of other services that bring none, apart from those of clients: how many there are depends on the
/// moment, and clients of a seeded world must get the same ids in every run.
#[derive(Debug)]
struct Calls {
    base: String,
    count: AtomicU64,
}

/// The target of a request as it arrived, for the 404 that quotes it.
#[derive(Clone, Debug)]
pub struct Target(pub Uri);

impl<S: Sync> FromRequestParts<S> for Target {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_else(|| Self(parts.uri.clone())))
    }
}

impl Edge {
    /// Puts the edge around `routes`, whose unknown paths become 404 and wrong methods 405 in the envelope.
    pub fn around(routes: Router, config: Config) -> Self {
        Self::with_fallback(routes.fallback(unknown_path), config)
    }

    /// As [`Self::around`], for routes that bring their own answer to unknown paths: a dispatcher's.
    pub fn with_fallback(routes: Router, config: Config) -> Self {
        let routes = routes.method_not_allowed_fallback(wrong_method);
        let calls = Calls { base: config.request_ids.hex::<6>(), count: AtomicU64::new(0) };
        Self { routes, config: Arc::new(config), gate: Gate::default(), calls: Arc::new(calls) }
    }

    /// The same behind `gate`, which holds requests back while it is closed.
    #[must_use]
    pub fn behind(mut self, gate: Gate) -> Self {
        self.gate = gate;
        self
    }

    /// Answers one request.
    pub async fn answer(&self, request: Request) -> Response {
        let id = self.request_id(&request);
        let _pass = self.gate.enter(request.method(), request.uri().path()).await;
        let mut response = id.clone().scope(self.respond(request, &id)).await;
        self.finish(response.headers_mut(), &id);
        response
    }

    /// Answers what never became a request.
    pub fn refuse(&self, failure: &Failure) -> Response {
        let id = RequestId::random(&self.config.request_ids);
        tracing::debug!(
            request.id = id.as_str(),
            status = failure.status().as_u16(),
            "{}",
            failure.message()
        );
        let mut response = render(failure, failure.clone().into_response(), &id);
        self.finish(response.headers_mut(), &id);
        response
    }

    fn request_id(&self, request: &Request) -> RequestId {
        let given = request.headers().get(REQUEST_ID);
        let given = given.and_then(|value| RequestId::parse(value.to_str().ok()?));
        given.unwrap_or_else(|| match request.uri().path() {
            path if gate::is_free(path) => self.calls.next(),
            _ => RequestId::random(&self.config.request_ids),
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
        let response = match prepare(request) {
            // A router's error type is Infallible.
            Ok(request) => self.routes.clone().oneshot(request).await.unwrap_or_else(|never| match never {}),
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

    fn finish(&self, headers: &mut HeaderMap, id: &RequestId) {
        // In one step: growing with each insert cost more than the inserts.
        headers.reserve(SECURITY_HEADERS.len() + 5);
        for (name, value) in &SECURITY_HEADERS {
            headers.insert(name, value.clone());
        }
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, self.config.client_url.clone());
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(header::VARY, HeaderValue::from_static("Origin"));
        if let Ok(date) = HeaderValue::from_str(&self.config.clock.now().http_date()) {
            headers.insert(header::DATE, date);
        }
        if let Ok(value) = HeaderValue::from_str(id.as_str()) {
            headers.insert(REQUEST_ID, value);
        }
    }
}

impl Calls {
    fn next(&self) -> RequestId {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        RequestId::numbered(&self.base, number)
    }
}

/// Checks the escapes of path and query and strips one trailing slash; the original stays at hand as [`Target`].
fn prepare(mut request: Request) -> Result<Request, Failure> {
    let uri = request.uri().clone();
    for segment in uri.path().split('/') {
        if decode_percent(segment).is_none_or(|decoded| decoded.contains('\0')) {
            return Err(Failure::bad_request(format!("Failed to decode param '{segment}'")).quoting());
        }
    }
    Query::parse(uri.query())?;
    if let Some(trimmed) = without_trailing_slash(&uri) {
        *request.uri_mut() = trimmed;
    }
    request.extensions_mut().insert(Target(uri));
    Ok(request)
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
        response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
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

/// A refusal that is meant (a full queue) has no cause to tell of, and under load there are many.
fn log(failure: &Failure, method: &Method, id: &RequestId) {
    let (status, message) = (failure.status().as_u16(), failure.logged());
    match failure.cause() {
        Some(cause) if failure.status().is_server_error() => {
            tracing::error!(request.id = id.as_str(), %method, status, cause, "{message}");
        }
        cause => {
            let cause = cause.unwrap_or_default();
            tracing::debug!(request.id = id.as_str(), %method, status, cause, "{message}");
        }
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
        errors: fields.map(|e| EnvelopeField { field: &e.field, message: &e.message }).collect(),
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

/// The body of an answer, for callers without a socket.
pub async fn bytes_of(response: Response) -> Vec<u8> {
    axum::body::to_bytes(response.into_body(), usize::MAX).await.map(Vec::from).unwrap_or_default()
}

#[cfg(test)]
mod tests;
