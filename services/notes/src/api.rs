//! The routes of notes.
//!
//! Knows HTTP and the verbs; no rule and no store.

mod bundle;
mod description;
mod internal;
mod notes;
mod search;
pub(crate) mod wire;

pub use description::DESCRIPTION;

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRef, FromRequestParts, State};
use axum::routing::{get, post, put};
use chassis::failure::Failure;
use chassis::gate::Gate;
use chassis::internal::Guard;
use chassis::metrics::Metrics;
use chassis::reply::Reply;
use chassis::token::{Caller, Verifier};
use http::StatusCode;
use http::request::Parts;

use self::wire::Health;
use crate::service::{Doctor, Service};

/// What handlers are given.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) notes: Arc<Service>,
    pub(crate) doctor: Arc<Doctor>,
    pub(crate) verifier: Verifier,
    pub(crate) guard: Guard,
    pub(crate) gate: Gate,
}

/// Every route, over `app`.
pub(crate) fn routes(app: App) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/metrics", get(metrics))
        .route("/notes", get(notes::list).post(notes::create))
        .route("/notes/search", get(search::search))
        .route("/notes/tags", get(search::tags))
        .route("/notes/suggest", get(search::suggest))
        .route("/notes/{id}", get(notes::read).patch(notes::edit).delete(notes::delete))
        .route("/internal/accounts/{account}/standing", put(internal::hear))
        .route("/internal/beat", put(internal::beat))
        .route("/internal/fixtures", post(internal::load))
        .route("/internal/bundle/export", post(bundle::export))
        .route("/internal/bundle/check", post(bundle::check))
        .route("/internal/bundle/import", post(bundle::import))
        .route("/internal/audit", post(internal::audit))
        .route("/internal/doctor", post(internal::examine))
        .route("/internal/pause", get(internal::stillness).put(internal::pause).delete(internal::resume))
        .with_state(app)
}

async fn health() -> Reply<Health> {
    Reply(StatusCode::OK, Health { status: "OK", service: "Notes Service" })
}

/// For the operator; no credential, as for health: the port is not for clients.
async fn metrics(
    State(notes): State<Arc<Service>>,
    State(doctor): State<Arc<Doctor>>,
) -> Result<Metrics, Failure> {
    Ok(notes.measure(doctor.chart())?)
}

/// A caller whose session stands. Verbs ask the same in their own unit of work; this asks before more of the
/// request is read, so that an ended session is told before anything wrong with an id, a query or a body.
pub(crate) struct Admitted(pub(crate) Caller);

impl FromRequestParts<App> for Admitted {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let caller = Caller::from_request_parts(parts, app).await?;
        app.notes.admit(caller)?;
        Ok(Self(caller))
    }
}

impl FromRef<App> for Arc<Service> {
    fn from_ref(app: &App) -> Self {
        Self::clone(&app.notes)
    }
}

impl FromRef<App> for Arc<Doctor> {
    fn from_ref(app: &App) -> Self {
        Self::clone(&app.doctor)
    }
}

impl FromRef<App> for Verifier {
    fn from_ref(app: &App) -> Self {
        app.verifier.clone()
    }
}

impl FromRef<App> for Gate {
    fn from_ref(app: &App) -> Self {
        app.gate.clone()
    }
}

impl FromRef<App> for Guard {
    fn from_ref(app: &App) -> Self {
        app.guard.clone()
    }
}
