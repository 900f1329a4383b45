//! `/control/services/{name}`: a service goes away, as if its process had ended, and comes back.

use axum::extract::{Path, State};
use chassis::failure::Failure;
use chassis::reply::{self, Done, Reply};
use clap::ValueEnum;
use http::StatusCode;

use super::reach::Reach;
use crate::Failed;
use crate::cli::ServiceName;
use crate::topology::Host;

pub(super) async fn stop(
    State(reach): State<Reach>,
    Path(name): Path<String>,
) -> Result<Reply<Done>, Failure> {
    let _turn = reach.turn().await;
    let host = host(&reach, &name)?;
    if host.is_running() {
        host.stop().await.map_err(|error| could_not(&error))?;
    }
    Ok(reply::done())
}

pub(super) async fn start(
    State(reach): State<Reach>,
    Path(name): Path<String>,
) -> Result<Reply<Done>, Failure> {
    let _turn = reach.turn().await;
    let host = host(&reach, &name)?;
    if !host.is_running() {
        host.start().await.map_err(|error| could_not(&error))?;
    }
    Ok(reply::done())
}

fn host<'a>(reach: &'a Reach, name: &str) -> Result<&'a std::sync::Arc<Host>, Failure> {
    let unknown = || Failure::new(StatusCode::NOT_FOUND, format!("There is no service {name}"));
    let known = ServiceName::from_str(name, false).map_err(|_unknown| unknown())?;
    let elsewhere = "The service runs in another process: stop and start that";
    reach.host(known).ok_or_else(|| Failure::conflict(elsewhere))
}

/// The developer who asked should read why.
fn could_not(error: &Failed) -> Failure {
    Failure::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
}
