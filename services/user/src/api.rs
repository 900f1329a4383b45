//! The routes of the user service.
//!
//! Handlers take valid arguments, call one verb and answer; the rules are in the verbs.

mod admin;
mod bundle;
mod description;
mod internal;
mod me;
pub(crate) mod wire;

pub use description::DESCRIPTION;

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRef, State};
use axum::routing::{delete, get, patch, post, put};
use chassis::failure::Failure;
use chassis::gate::Gate;
use chassis::internal::Guard;
use chassis::metrics::Metrics;
use chassis::reply::Reply;
use chassis::token::Verifier;
use http::StatusCode;

use crate::service::{Doctor, Service};
use wire::Health;

/// What handlers and extractors draw on.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) user: Arc<Service>,
    pub(crate) doctor: Arc<Doctor>,
    pub(crate) verifier: Verifier,
    pub(crate) guard: Guard,
    pub(crate) gate: Gate,
}

impl FromRef<App> for Arc<Service> {
    fn from_ref(app: &App) -> Self {
        Self::clone(&app.user)
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

/// Every route, public ones first.
pub(crate) fn routes(app: App) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/metrics", get(metrics))
        .route("/users/me", get(me::show))
        .route("/users/update-me", patch(me::edit))
        .route("/users/delete-me", delete(me::leave))
        .route("/users", get(admin::list))
        .route("/users/{id}", get(admin::show).patch(admin::edit).delete(admin::erase))
        .route("/internal/profiles/{account}", put(internal::register))
        .route("/internal/profiles/{account}/abort", put(internal::abort))
        .route("/internal/accounts/{account}/standing", put(internal::hear))
        .route("/internal/accounts/{account}/role", put(internal::set_role))
        .route("/internal/fixtures", post(internal::load))
        .route("/internal/fixtures/check", post(internal::check))
        .route("/internal/bundle/export", post(bundle::export))
        .route("/internal/bundle/check", post(bundle::check))
        .route("/internal/bundle/import", post(bundle::import))
        .route("/internal/audit", post(internal::audit))
        .route("/internal/doctor", post(internal::examine))
        .route("/internal/pause", get(internal::stillness).put(internal::pause).delete(internal::resume))
        .with_state(app)
}

async fn health() -> Reply<Health> {
    Reply(StatusCode::OK, Health { status: "OK", service: "User Service" })
}

/// For the operator; no credential, as for health: the port is not for clients.
async fn metrics(
    State(user): State<Arc<Service>>,
    State(doctor): State<Arc<Doctor>>,
) -> Result<Metrics, Failure> {
    Ok(user.measure(doctor.chart())?)
}
