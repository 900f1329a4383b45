//! `POST /control/fixtures`: more data for a world that runs.

use axum::extract::{Request, State};
use chassis::body;
use chassis::failure::{Failure, FieldError};
use chassis::reply::{self, Data, Reply};
use http::StatusCode;

use super::reach::Reach;
use crate::Failed;
use crate::fixture::{Fixture, FixtureError, Loaded};

/// Bytes of a fixture document, as of a file.
const BODY_MAX: usize = 64 * 1024 * 1024;

pub(super) async fn load(
    State(reach): State<Reach>,
    request: Request,
) -> Result<Reply<Data<Loaded>>, Failure> {
    let (parts, content) = request.into_parts();
    let bytes = body::read(content, &parts.headers, BODY_MAX).await?;
    let text =
        std::str::from_utf8(&bytes).map_err(|_bytes| Failure::bad_request("The fixture is no UTF-8"))?;
    let fixture = Fixture::parse("fixture", text).map_err(|error| wrong(&error))?;
    let _turn = reach.turn().await;
    let peers = reach.recipe().peers();
    fixture.check(&peers).await.map_err(|error| refused(&error))?;
    let loaded = fixture.load(&peers).await.map_err(|error| refused(&error))?;
    Ok(reply::data(StatusCode::CREATED, loaded))
}

fn wrong(error: &FixtureError) -> Failure {
    let field = error.place.trim_end_matches([':', ' ']).to_owned();
    Failure::invalid(vec![FieldError { field: field.into(), message: error.to_string().into() }])
}

fn refused(error: &Failed) -> Failure {
    match error.downcast_ref::<FixtureError>() {
        Some(error) => wrong(error),
        None => Failure::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
    }
}
