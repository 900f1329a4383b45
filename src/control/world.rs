//! `GET /control`: what there is to steer.

use axum::extract::State;
use chassis::reply::{self, Data, Reply};
use futures_util::future;
use http::{Method, StatusCode};
use serde::Serialize;

use super::clock::Reading;
use super::reach::Reach;
use crate::cli::ServiceName;
use crate::topology;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorldResponse {
    services: Vec<Part>,
    data_dir: String,
    profile: &'static str,
    clock: Reading,
    version: &'static str,
}

#[derive(Serialize)]
struct Part {
    name: &'static str,
    url: String,
    state: &'static str,
    ready: bool,
}

pub(super) async fn show(State(reach): State<Reach>) -> Reply<Data<WorldResponse>> {
    let services = future::join_all(ServiceName::ALL.map(|name| part(&reach, name))).await;
    let recipe = reach.recipe();
    let world = WorldResponse {
        services,
        data_dir: reach.data_dir().display().to_string(),
        profile: recipe.config.profile.as_str(),
        clock: Reading::of(&recipe.clock),
        version: env!("CARGO_PKG_VERSION"),
    };
    reply::data(StatusCode::OK, world)
}

async fn part(reach: &Reach, name: ServiceName) -> Part {
    let answer = reach.order(name, (Method::GET, "/internal/control"), None::<&()>).await;
    let ready = answer.is_ok();
    let url = topology::base(&reach.recipe().url(name));
    Part { name: name.as_str(), url, state: if ready { "running" } else { "stopped" }, ready }
}
