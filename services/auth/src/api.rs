//! The routes of the auth service.
//!
//! Handlers take valid arguments, call one verb and answer; the rules are in the verbs.

mod bundle;
mod description;
mod instrument;
mod internal;
mod public;
pub(crate) mod wire;

pub use description::DESCRIPTION;

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRef, FromRequestParts, State};
use axum::routing::{get, patch, post, put};
use chassis::failure::Failure;
use chassis::gate::Gate;
use chassis::internal::Guard;
use chassis::metrics::Metrics;
use chassis::reply::Reply;
use chassis::token::{Caller, Verifier};
use http::StatusCode;
use http::request::Parts;

use crate::account::Identity;
use crate::service::{Doctor, Service};
use wire::Health;

/// What handlers and extractors draw on.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) auth: Arc<Service>,
    pub(crate) doctor: Arc<Doctor>,
    pub(crate) verifier: Verifier,
    pub(crate) guard: Guard,
    pub(crate) gate: Gate,
    /// UTF-16 units of a new password at least.
    pub(crate) password_min: usize,
}

/// The account of a caller whose session stands. Read before more of the request is, so that an ended session is
/// told before anything wrong with a body.
pub(crate) struct Admitted(pub(crate) Identity);

impl FromRequestParts<App> for Admitted {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let caller = Caller::from_request_parts(parts, app).await?;
        Ok(app.auth.admit(caller).map(Self)?)
    }
}

impl FromRef<App> for Arc<Service> {
    fn from_ref(app: &App) -> Self {
        Self::clone(&app.auth)
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
        .route("/auth/register", post(public::register))
        .route("/auth/login", post(public::log_in))
        .route("/auth/forgot-password", post(public::forget_password))
        .route("/auth/reset-password/{token}", patch(public::reset_password))
        .route("/auth/update-password", patch(public::change_password))
        .route("/internal/accounts", get(internal::find))
        .route("/internal/accounts/{account}/standing", put(internal::hear))
        .route("/internal/accounts/{account}/role", put(internal::set_role))
        .route("/internal/accounts/{account}/email", put(internal::move_email))
        .route("/internal/claims/{email}", put(internal::reserve))
        .route("/internal/claims/{email}/release", put(internal::release))
        .route("/internal/fixtures", post(internal::load))
        .route("/internal/fixtures/check", post(internal::check))
        .route("/internal/bundle/export", post(bundle::export))
        .route("/internal/bundle/check", post(bundle::check))
        .route("/internal/bundle/import", post(bundle::import))
        .route("/internal/audit", post(internal::audit))
        .route("/internal/doctor", post(internal::examine))
        .route("/internal/pause", get(internal::stillness).put(internal::pause).delete(internal::resume))
        .route("/internal/mail", get(instrument::mails).delete(instrument::clear_mails))
        .route("/internal/mail/wait", get(instrument::wait_for_mail))
        .route("/internal/tokens", post(instrument::log_in_as))
        .with_state(app)
}

async fn health() -> Reply<Health> {
    Reply(StatusCode::OK, Health { status: "OK", service: "Auth Service" })
}

/// For the operator; no credential, as for health: the port is not for clients.
async fn metrics(
    State(auth): State<Arc<Service>>,
    State(doctor): State<Arc<Doctor>>,
) -> Result<Metrics, Failure> {
    Ok(auth.measure(doctor.chart())?)
}
