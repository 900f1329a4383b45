//! `/control/traces`: which services a request went through, for tests that count the hops.
//!
//! A trace is put together from the spans that the services recorded. What is done after the answer, such as the
//! delivery of a message, is a request of its own and has a trace of its own.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use chassis::failure::Failure;
use chassis::query::Query;
use chassis::reply::{self, Data, Reply};
use chassis::request::RequestId;
use chassis::span::Span;
use chassis::task;
use futures_util::{future, stream};
use http::{HeaderValue, Method, StatusCode, header};
use serde::Serialize;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::interval;

use super::reach::{self, Reach};
use crate::cli::ServiceName;
use crate::topology::SpansFound;

/// Traces on their way to one listener; while it is slow the newest wait in the services.
const QUEUE_MAX: usize = 256;
/// Who may follow at a time: each costs eight orders a second.
const FOLLOWING_MAX: usize = 8;
/// How long an order waits for a span; a service that ends waits for its orders.
const WAIT_MS: u64 = 500;

/// Between two looks whether a service that went is back.
const RETURN_LOOK: Duration = Duration::from_millis(500);

static FOLLOWING: Semaphore = Semaphore::const_new(FOLLOWING_MAX);

/// Traces in the order of their beginnings.
#[derive(Serialize)]
pub(super) struct TracesResponse {
    traces: Vec<Trace>,
}

/// One request with its hops.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Trace {
    request_id: String,
    spans: Vec<Span>,
}

impl Trace {
    /// The spans of one request by their beginnings, counted from the first.
    fn of(request_id: String, mut spans: Vec<Span>) -> Self {
        spans.sort_by_key(|span| span.start_us);
        let first = spans.first().map_or(0, |span| span.start_us);
        for span in &mut spans {
            span.start_us = span.start_us.saturating_sub(first);
        }
        Self { request_id, spans }
    }

    fn event(&self) -> Bytes {
        let data = serde_json::to_string(self).unwrap_or_default();
        Bytes::from(format!("event: trace\ndata: {data}\n\n"))
    }
}

pub(super) async fn list(
    State(reach): State<Reach>,
    query: Query,
) -> Result<Reply<Data<TracesResponse>>, Failure> {
    let spans = match query.get("requestId") {
        Some(id) => of_request(&reach, id).await?,
        None => all(&reach).await?,
    };
    Ok(reply::data(StatusCode::OK, TracesResponse { traces: grouped(spans) }))
}

/// Server-sent events (the HTML standard's §9.2), one for each trace that ends; until the client or the gateway goes.
pub(super) async fn follow(State(reach): State<Reach>) -> Result<Response, Failure> {
    let Ok(place) = FOLLOWING.try_acquire() else {
        return Err(Failure::unavailable("Too many are following traces, please try again", 1));
    };
    let begun = future::join_all(ServiceName::ALL.map(|name| newest(&reach, name))).await;
    let begun = begun.into_iter().collect::<Result<Vec<_>, _>>()?;
    let (sender, receiver) = channel(QUEUE_MAX);
    task::spawn("traces", tell_all(reach, begun, sender, place));
    let events = stream::unfold(receiver, next);
    let mut response = Response::new(Body::from_stream(events));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    Ok(response)
}

async fn next(mut traces: Receiver<Bytes>) -> Option<(Result<Bytes, Infallible>, Receiver<Bytes>)> {
    traces.recv().await.map(|event| (Ok(event), traces))
}

/// Tells of the traces of each service from there on where it was when this began.
async fn tell_all(
    reach: Reach,
    begun: Vec<(ServiceName, u64)>,
    sender: Sender<Bytes>,
    _place: SemaphorePermit<'static>,
) {
    let (door, others): (Vec<_>, Vec<_>) =
        begun.into_iter().partition(|(name, _)| *name == ServiceName::Gateway);
    let tell = |(name, after)| tell(&reach, name, after, &sender);
    tokio::select! {
        // The gateway is the first to go when the world ends.
        _ = future::join_all(door.into_iter().map(tell)) => {}
        _ = future::join_all(others.into_iter().map(tell)) => {}
        () = sender.closed() => {}
    }
}

/// Tells of the traces that begin at the service `name`, as they end: until the gateway goes, and with any other
/// service again when it comes back.
async fn tell(reach: &Reach, name: ServiceName, mut after: u64, sender: &Sender<Bytes>) {
    let mut returns = interval(RETURN_LOOK);
    loop {
        match spans(reach, name, &format!("after={after}&waitMs={WAIT_MS}")).await {
            Ok(found) => {
                // Another process counts its spans from the first.
                after = after.min(found.newest);
                for span in found.spans {
                    after = span.sequence;
                    if span.parent.is_none() && tell_of(reach, span.request_id, sender).await.is_err() {
                        return;
                    }
                }
            }
            Err(_gone) if name == ServiceName::Gateway => return,
            Err(_gone) => drop(returns.tick().await),
        }
    }
}

/// Tells of one request; an error when nobody listens or the services end.
async fn tell_of(reach: &Reach, request_id: String, sender: &Sender<Bytes>) -> Result<(), Failure> {
    let hops = of_request(reach, &request_id).await?;
    let told = sender.send(Trace::of(request_id, hops).event()).await;
    told.map_err(|_gone| Failure::unavailable("Nobody listens", 1))
}

async fn newest(reach: &Reach, name: ServiceName) -> Result<(ServiceName, u64), Failure> {
    Ok((name, told(spans(reach, name, &format!("after={}", u64::MAX)).await)?.newest))
}

/// All kept spans of the request `id`, whatever service has them.
async fn of_request(reach: &Reach, id: &str) -> Result<Vec<Span>, Failure> {
    let malformed = || Failure::bad_request("requestId must be 1 to 64 of A-Z a-z 0-9 . _ -");
    let id = RequestId::parse(id).ok_or_else(malformed)?;
    let query = format!("requestId={}", id.as_str());
    let asked = ServiceName::ALL.map(|name| spans(reach, name, &query));
    let mut all = Vec::new();
    for found in future::join_all(asked).await {
        all.extend(told(found)?.spans);
    }
    Ok(all)
}

/// All kept spans of all services.
async fn all(reach: &Reach) -> Result<Vec<Span>, Failure> {
    let mut all = Vec::new();
    for name in ServiceName::ALL {
        let mut after = 0;
        loop {
            let found = told(spans(reach, name, &format!("after={after}")).await)?;
            let Some(last) = found.spans.last() else { break };
            after = last.sequence;
            all.extend(found.spans);
        }
    }
    Ok(all)
}

async fn spans(reach: &Reach, name: ServiceName, query: &str) -> Result<SpansFound, Failure> {
    let path = format!("/internal/control/spans?{query}");
    reach::read(reach.order(name, (Method::GET, &path), None::<&()>).await?)
}

/// A service that was stopped has nothing to tell, and the others do.
fn told(found: Result<SpansFound, Failure>) -> Result<SpansFound, Failure> {
    match found {
        Err(failure) if failure.status() == StatusCode::SERVICE_UNAVAILABLE => Ok(SpansFound::default()),
        found => found,
    }
}

fn grouped(spans: Vec<Span>) -> Vec<Trace> {
    let mut requests: BTreeMap<String, Vec<Span>> = BTreeMap::new();
    for span in spans {
        requests.entry(span.request_id.clone()).or_default().push(span);
    }
    let first = |spans: &[Span]| spans.iter().map(|span| span.start_us).min();
    let mut requests: Vec<_> = requests.into_iter().collect();
    requests.sort_by_key(|(_, spans)| first(spans));
    requests.into_iter().map(|(id, spans)| Trace::of(id, spans)).collect()
}
