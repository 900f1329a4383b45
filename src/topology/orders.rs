//! What the control of a world may ask of the process that hosts one of its services.
//!
//! These routes stand beside those of the service, under a credential of their own, and exist only in a world whose
//! control is on. What the orders are good for is told in `src/control.rs`.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRef, FromRequestParts, Request, State};
use axum::response::Response;
use axum::routing::get;
use chassis::body::Internal;
use chassis::clock::{Clock, Pace, Timestamp};
use chassis::edge::{self, Edge};
use chassis::failure::Failure;
use chassis::gate::Gate;
use chassis::internal::is_of_control;
use chassis::reply::{self, Done, Reply};
use chassis::secret::Secret;
use http::request::Parts;
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};

use super::host::Host;

/// Where these routes are.
const PREFIX: &str = "/internal/control";

/// The orders of one host; clones are the same.
#[derive(Clone)]
pub(super) struct Orders {
    edge: Edge,
    gate: Gate,
}

/// What handlers draw on.
#[derive(Clone)]
struct App {
    name: &'static str,
    secret: Secret<String>,
    clock: Clock,
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
        let is_control = given.is_some_and(|given| is_of_control(&app.secret, app.name, given));
        is_control.then_some(Self).ok_or_else(|| Failure::no_route(parts.uri.path()))
    }
}

impl FromRef<App> for Clock {
    fn from_ref(app: &App) -> Self {
        app.clock.clone()
    }
}

impl Orders {
    /// The orders of `host`.
    pub(super) fn new(host: &Arc<Host>) -> Self {
        let recipe = host.recipe();
        let app =
            App { name: host.name().as_str(), secret: recipe.secret.clone(), clock: recipe.clock.clone() };
        let config = edge::Config {
            clock: recipe.clock.clone(),
            request_ids: recipe.entropy.stream(app.name, "order id"),
            client_url: recipe.config.client_url.clone(),
        };
        Self { edge: Edge::around(routes(app), config), gate: Gate::default() }
    }

    /// Answers an order, or has `host` answer what is not one.
    pub(super) async fn answer(&self, host: &Host, request: Request) -> Response {
        if request.uri().path().starts_with(PREFIX) {
            return self.edge.answer(request).await;
        }
        let _pass = self.gate.enter(request.method(), request.uri().path()).await;
        host.ask(request).await
    }
}

fn routes(app: App) -> Router {
    Router::new()
        .route("/internal/control", get(here))
        .route("/internal/control/clock", get(show_clock).put(set_clock))
        .with_state(app)
}

async fn here(_: Ordered, State(app): State<App>) -> Reply<Here> {
    Reply(StatusCode::OK, Here { name: app.name })
}

async fn show_clock(_: Ordered, State(clock): State<Clock>) -> Reply<Calendar> {
    Reply(StatusCode::OK, clock.pace().into())
}

async fn set_clock(
    _: Ordered,
    State(clock): State<Clock>,
    Internal(calendar): Internal<Calendar>,
) -> Reply<Done> {
    clock.set_pace(calendar.into());
    reply::done()
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
