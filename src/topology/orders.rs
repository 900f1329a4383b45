//! What the control of a world may ask of the process that hosts one of its services.
//!
//! These routes stand beside those of the service, under a credential of their own, and exist only in a world whose
//! control is on. What the orders are good for is told in `src/control.rs`.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRef, FromRequestParts, Path, Request, State};
use axum::response::Response;
use axum::routing::{get, post, put};
use chassis::body::Internal;
use chassis::clock::{Pace, Timestamp};
use chassis::edge::{self, Edge};
use chassis::failure::Failure;
use chassis::gate::{Gate, Mode, Pause};
use chassis::internal::is_of_control;
use chassis::reply::{self, Done, Reply};
use chassis::span::Recorder;
use chassis::task;
use chassis::token::Lineage;
use http::request::Parts;
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};

mod fault;
mod span;

pub(crate) use fault::TalliesFound;
pub(crate) use span::SpansFound;

use super::host::Host;
use super::instruments::Instruments;
use crate::Failed;

/// Where these routes are.
const PREFIX: &str = "/internal/control";

/// The orders of one host; clones are the same.
#[derive(Clone)]
pub(super) struct Orders {
    edge: Edge,
    gate: Gate,
    recorder: Recorder,
}

/// What handlers draw on.
#[derive(Clone)]
struct App {
    host: Arc<Host>,
    gate: Gate,
    instruments: Instruments,
}

/// `GET` and `PUT /internal/control/clock`: how the calendar of a process goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(crate) enum Calendar {
    /// With the system's clock, so many milliseconds before it.
    Running { ahead_ms: i64 },
    /// Standing still at this millisecond.
    Frozen { now_ms: i64 },
}

/// `PUT /internal/control/pause`: clients wait at the door, those inside finish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Stillness {
    /// Milliseconds after which the door opens by itself.
    pub(crate) lease_ms: u64,
    /// Whether work in the background ends too, for a change of the state.
    pub(crate) quiet: bool,
    /// Whether a pause that lasts is to last longer.
    pub(crate) renews: bool,
}

/// `POST /internal/control/restore`: back to a state, and whose tokens count in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Restored {
    /// The snapshot, or the state of the start.
    pub(crate) name: String,
    /// The names under which its tokens were issued, and the one for new ones.
    pub(crate) lineage: Lineage,
}

/// `GET /internal/control`: that the service is here.
#[derive(Clone, Debug, Serialize)]
struct Here {
    /// The service.
    name: &'static str,
}

/// Proof that control asks.
struct Ordered;

impl FromRequestParts<App> for Ordered {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (secret, name) = (&app.host.recipe.secret, app.host.name().as_str());
        let is_control = given.is_some_and(|given| is_of_control(secret, name, given));
        is_control.then_some(Self).ok_or_else(|| Failure::no_route(parts.uri.path()))
    }
}

impl FromRef<App> for Arc<Host> {
    fn from_ref(app: &App) -> Self {
        Self::clone(&app.host)
    }
}

impl FromRef<App> for Instruments {
    fn from_ref(app: &App) -> Self {
        app.instruments.clone()
    }
}

impl Orders {
    /// The orders of `host`.
    pub(super) fn new(host: &Arc<Host>, instruments: Instruments) -> Self {
        let (recipe, gate) = (&host.recipe, Gate::default());
        let recorder = instruments.recorder.clone();
        let app = App { host: Arc::clone(host), gate: gate.clone(), instruments };
        let config = edge::Config {
            clock: recipe.clock.clone(),
            request_ids: recipe.entropy.stream(host.name().as_str(), "order id"),
            client_url: recipe.config.client_url.clone(),
        };
        Self { edge: Edge::around(routes(app), config), gate, recorder }
    }

    /// Answers an order, or has `host` answer what is not one.
    pub(super) async fn answer(&self, host: &Host, request: Request) -> Response {
        if request.uri().path().starts_with(PREFIX) {
            return self.edge.answer(request).await;
        }
        let _pass = self.gate.enter(request.method(), request.uri().path()).await;
        self.recorder.record(request, |request| host.ask(request)).await
    }
}

fn routes(app: App) -> Router {
    Router::new()
        .route("/internal/control", get(here))
        .route("/internal/control/clock", get(show_clock).put(set_clock))
        .route("/internal/control/pause", put(pause).delete(resume))
        .route("/internal/control/lineage", put(set_lineage))
        .route("/internal/control/restore", post(restore))
        .route("/internal/control/spare", post(have_spare))
        .route("/internal/control/snapshots/{name}", put(keep).delete(forget))
        .route("/internal/control/faults", get(fault::show).put(fault::set).delete(fault::clear))
        .route("/internal/control/spans", get(span::show))
        .with_state(app)
}

async fn here(_: Ordered, State(host): State<Arc<Host>>) -> Reply<Here> {
    Reply(StatusCode::OK, Here { name: host.name().as_str() })
}

async fn show_clock(_: Ordered, State(host): State<Arc<Host>>) -> Reply<Calendar> {
    Reply(StatusCode::OK, host.recipe.clock.pace().into())
}

async fn set_clock(
    _: Ordered,
    State(host): State<Arc<Host>>,
    Internal(calendar): Internal<Calendar>,
) -> Reply<Done> {
    host.recipe.clock.set_pace(calendar.into());
    reply::done()
}

async fn pause(
    _: Ordered,
    State(App { host, gate, .. }): State<App>,
    Internal(still): Internal<Stillness>,
) -> Result<Reply<Done>, Failure> {
    gate.close(Pause { mode: Mode::All, lease_ms: still.lease_ms, renews: still.renews }).await?;
    if still.quiet {
        host.quiet().await;
    }
    Ok(reply::done())
}

async fn resume(_: Ordered, State(App { host, gate, .. }): State<App>) -> Result<Reply<Done>, Failure> {
    let awake = host.wake().await;
    gate.open();
    awake.map_err(|error| could_not(&error))?;
    Ok(reply::done())
}

async fn set_lineage(
    _: Ordered,
    State(host): State<Arc<Host>>,
    Internal(lineage): Internal<Lineage>,
) -> Reply<Done> {
    host.recipe.issuers.set(lineage);
    reply::done()
}

async fn restore(
    _: Ordered,
    State(host): State<Arc<Host>>,
    Internal(restored): Internal<Restored>,
) -> Result<Reply<Done>, Failure> {
    host.restore(&restored.name).await.map_err(|error| could_not(&error))?;
    host.recipe.issuers.set(restored.lineage);
    Ok(reply::done())
}

/// Answers at once: nobody waits for a spare.
async fn have_spare(_: Ordered, State(host): State<Arc<Host>>) -> Reply<Done> {
    task::spawn("spare", async move { host.have_spare().await });
    reply::done()
}

async fn keep(
    _: Ordered,
    State(host): State<Arc<Host>>,
    Path(name): Path<String>,
) -> Result<Reply<Done>, Failure> {
    host.keep(&name).await.map_err(|error| could_not(&error))?;
    Ok(reply::done())
}

async fn forget(
    _: Ordered,
    State(host): State<Arc<Host>>,
    Path(name): Path<String>,
) -> Result<Reply<Done>, Failure> {
    host.forget(&name).await.map_err(|error| could_not(&error))?;
    Ok(reply::done())
}

/// Whoever steers a world of their own should read why.
fn could_not(error: &Failed) -> Failure {
    Failure::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()).because(error.as_ref())
}

impl From<Pace> for Calendar {
    fn from(pace: Pace) -> Self {
        match pace {
            Pace::Running { ahead_ms } => Self::Running { ahead_ms },
            Pace::Frozen { at } => Self::Frozen { now_ms: at.as_millis() },
        }
    }
}

impl From<Calendar> for Pace {
    fn from(calendar: Calendar) -> Self {
        match calendar {
            Calendar::Running { ahead_ms } => Self::Running { ahead_ms },
            Calendar::Frozen { now_ms } => Self::Frozen { at: Timestamp::from_millis(now_ms) },
        }
    }
}
