//! What a service did for each request, and whose call it was: recorded for tests that count the hops.
//!
//! A span covers one request at one listener. Its id goes on with every call that is made for it, in a header that
//! only services believe. Without a recorder nothing is kept and no header is sent.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::edge::REQUEST_ID;

/// The header with the id of the caller's span.
const PARENT: HeaderName = HeaderName::from_static("x-satchel-span");
/// Spans that are kept: the newest ones, those of a test run's last seconds; about 1 MiB.
const KEPT_MAX: usize = 4096;
/// Longer ids are none of ours.
const ID_MAX: usize = 32;

tokio::task_local! {
    static CURRENT: Option<SpanId>;
}

/// Names a span in all services of a world: the service and a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SpanId(Arc<str>);

/// One request at one service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Span {
    /// Names it in all services of a world.
    pub id: String,
    /// Where it stands among the spans of its service, by their ends.
    pub sequence: u64,
    /// The id of the request, in every service the same.
    pub request_id: String,
    /// Who answered.
    pub service: String,
    /// Method and path, with a star for each id in it.
    pub name: String,
    /// The method.
    pub method: String,
    /// The path as it was asked for, without its query.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
    /// When it began, in microseconds of the clock that all processes of this machine share.
    pub start_us: u64,
    /// How long it took.
    pub duration_us: u64,
    /// The id of the span that called, none for a request from outside.
    pub parent: Option<String>,
}

/// Keeps the newest spans of one service; clones share them.
#[derive(Clone, Debug)]
pub struct Recorder(Arc<Recording>);

#[derive(Debug)]
struct Recording {
    service: &'static str,
    /// Whether callers are services, whose header is believed.
    is_inside: bool,
    begun: AtomicU64,
    kept: Mutex<VecDeque<Span>>,
    /// The sequence of the newest span.
    newest: watch::Sender<u64>,
}

/// What is known of a request before it is answered.
struct Begun {
    id: SpanId,
    name: String,
    method: String,
    path: String,
    start_us: u64,
    parent: Option<String>,
}

impl Recorder {
    /// A recorder for `service`, which services call; `is_inside` is false for the door to everyone, where nobody's
    /// word is taken for whose call it is.
    pub fn of(service: &'static str, is_inside: bool) -> Self {
        let (begun, kept, newest) = (AtomicU64::new(0), Mutex::default(), watch::Sender::new(0));
        Self(Arc::new(Recording { service, is_inside, begun, kept, newest }))
    }

    /// Has `answer` answer `request`, and keeps a span of it.
    pub async fn record<F>(&self, request: Request, answer: impl FnOnce(Request) -> F) -> Response
    where
        F: Future<Output = Response>,
    {
        let begun = self.begin(&request);
        let response = under(Some(begun.id.clone()), answer(request)).await;
        self.keep(begun, &response);
        response
    }

    /// The kept spans after the one with this sequence, oldest first.
    pub fn after(&self, sequence: u64) -> Vec<Span> {
        self.kept().iter().filter(|span| span.sequence > sequence).cloned().collect()
    }

    /// The kept spans of one request, oldest first.
    pub fn of_request(&self, request_id: &str) -> Vec<Span> {
        self.kept().iter().filter(|span| span.request_id == request_id).cloned().collect()
    }

    /// The sequence of the newest span, 0 before the first.
    pub fn newest(&self) -> u64 {
        *self.0.newest.borrow()
    }

    /// Returns as soon as there is a span after the one with this sequence, or after `within`.
    pub async fn wait(&self, sequence: u64, within: Duration) {
        let mut newest = self.0.newest.subscribe();
        let _late = timeout(within, newest.wait_for(|newest| *newest > sequence)).await;
    }

    fn begin(&self, request: &Request) -> Begun {
        let number = self.0.begun.fetch_add(1, Ordering::Relaxed) + 1;
        let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
        Begun {
            id: SpanId(format!("{}-{number}", self.0.service).into()),
            name: format!("{method} {}", pattern(&path)),
            method,
            path,
            start_us: now_us(),
            parent: self.0.is_inside.then(|| parent(request.headers())).flatten(),
        }
    }

    fn keep(&self, begun: Begun, response: &Response) {
        let request_id = response.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
        let mut kept = self.kept();
        let sequence = *self.0.newest.borrow() + 1;
        if kept.len() == KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back(Span {
            id: begun.id.0.to_string(),
            sequence,
            request_id: request_id.unwrap_or_default().to_owned(),
            service: self.0.service.to_owned(),
            name: begun.name,
            method: begun.method,
            path: begun.path,
            status: response.status().as_u16(),
            start_us: begun.start_us,
            duration_us: now_us().saturating_sub(begun.start_us),
            parent: begun.parent,
        });
        self.0.newest.send_replace(sequence);
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Span>> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The span that the current task works for.
pub(crate) fn current() -> Option<SpanId> {
    CURRENT.try_with(Clone::clone).ok().flatten()
}

/// Does `work` for `span`.
pub(crate) async fn under<F: Future>(span: Option<SpanId>, work: F) -> F::Output {
    CURRENT.scope(span, work).await
}

/// Tells who is called that it is called for the current span.
pub(crate) fn hand_on(headers: &mut HeaderMap) {
    if let Some(id) = current()
        && let Ok(value) = HeaderValue::from_str(&id.0)
    {
        headers.insert(PARENT, value);
    }
}

fn parent(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(PARENT)?.to_str().ok()?;
    let is_plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_plain && id.len() <= ID_MAX).then(|| id.to_owned())
}

/// `path` with a star for each segment that names one object: an id, an address or a token.
fn pattern(path: &str) -> String {
    let is_id = |segment: &str| {
        let is_long = segment.len() >= 16;
        let is_hex = segment.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        segment.contains(['@', '%']) || is_long && is_hex
    };
    let segments = path.split('/').map(|segment| if is_id(segment) { "*" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

/// Not tokio's clock, which each process counts from its own start.
fn now_us() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let micros = now.tv_sec.saturating_mul(1_000_000).saturating_add(now.tv_nsec / 1_000);
    u64::try_from(micros).unwrap_or_default()
}

#[cfg(test)]
mod tests;
