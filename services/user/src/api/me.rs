//! Routes for the person who is logged in, about their own profile.

use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::response::IntoResponse;
use chassis::body::Valid;
use chassis::failure::Failure;
use chassis::token::Caller;
use http::StatusCode;
use http::request::Parts;

use super::App;
use super::wire::{EditMeRequest, own_user};
use crate::profile::Profile;
use crate::service::Service;

/// The profile of a caller whose account stands.
pub(crate) struct Me(pub(crate) Profile);

impl FromRequestParts<App> for Me {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let caller = Caller::from_request_parts(parts, app).await?;
        Ok(Self(app.user.admit(caller)?))
    }
}

pub(super) async fn show(Me(me): Me) -> impl IntoResponse {
    own_user(&me)
}

pub(super) async fn edit(
    Me(me): Me,
    State(user): State<Arc<Service>>,
    Valid(EditMeRequest(edit)): Valid<EditMeRequest>,
) -> Result<impl IntoResponse, Failure> {
    let edited = user.edit_own(&me, edit).await?;
    Ok(own_user(&edited))
}

pub(super) async fn leave(Me(me): Me, State(user): State<Arc<Service>>) -> Result<StatusCode, Failure> {
    user.leave(&me).await?;
    Ok(StatusCode::NO_CONTENT)
}
