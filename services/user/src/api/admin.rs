//! Routes for administrators, about everybody's profiles.
//!
//! The caller's role is read from their own profile with every request, before the body is.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path, RawQuery, State};
use axum::response::IntoResponse;
use chassis::body::Valid;
use chassis::failure::Failure;
use chassis::page::Page;
use chassis::query::Query;
use chassis::token::Caller;
use http::StatusCode;
use http::request::Parts;

use super::App;
use super::wire::{EditUserRequest, account, any_user, users};
use crate::profile::Profile;
use crate::service::Service;

/// The profile of a caller who is an administrator now.
pub(crate) struct Admin(pub(crate) Profile);

impl FromRequestParts<App> for Admin {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let caller = Caller::from_request_parts(parts, app).await?;
        Ok(Self(app.user.admit_admin(caller)?))
    }
}

pub(super) async fn list(
    Admin(admin): Admin,
    State(user): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<impl IntoResponse, Failure> {
    let page = Page::from_query(&Query::parse(query.as_deref())?)?;
    let listing = user.list(&admin, page).await?;
    Ok(users(&listing, page))
}

pub(super) async fn show(
    Admin(admin): Admin,
    State(user): State<Arc<Service>>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Failure> {
    let profile = user.show(&admin, account(&id)?)?;
    Ok(any_user(&profile))
}

pub(super) async fn edit(
    Admin(admin): Admin,
    State(user): State<Arc<Service>>,
    Path(id): Path<String>,
    Valid(EditUserRequest(edit)): Valid<EditUserRequest>,
) -> Result<impl IntoResponse, Failure> {
    let edited = user.edit(&admin, account(&id)?, edit).await?;
    Ok(any_user(&edited))
}

pub(super) async fn erase(
    Admin(admin): Admin,
    State(user): State<Arc<Service>>,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    user.erase(&admin, account(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
