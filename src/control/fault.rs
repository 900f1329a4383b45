//! `/control/faults`: what goes wrong between services, and how often it has.
//!
//! Each service meets the faults of its own calls; so every host gets the whole plan and takes its part.

use axum::extract::State;
use chassis::body::Internal;
use chassis::failure::Failure;
use chassis::fault::{Faults, Plan, Tally};
use chassis::field::Fields;
use chassis::reply::{self, Data, Reply};
use http::{Method, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};

use super::reach::{self, Reach};
use crate::cli::ServiceName;
use crate::topology::TalliesFound;

const ORDERS: &str = "/internal/control/faults";

/// The plan in force, each rule with what it has done.
#[derive(Serialize)]
pub(super) struct FaultsResponse {
    seed: u64,
    faults: Vec<Fault>,
}

/// A rule as it was written, and its counts.
#[derive(Serialize)]
struct Fault {
    #[serde(flatten)]
    rule: Map<String, Value>,
    /// Calls that it could have hit.
    calls: u64,
    /// Calls that it did hit.
    hits: u64,
}

pub(super) async fn show(State(reach): State<Reach>) -> Result<Reply<Data<FaultsResponse>>, Failure> {
    Ok(reply::data(StatusCode::OK, in_force(&reach).await?))
}

pub(super) async fn set(
    State(reach): State<Reach>,
    Internal(document): Internal<Value>,
) -> Result<Reply<Data<FaultsResponse>>, Failure> {
    let known = ServiceName::ALL.map(ServiceName::as_str);
    let plan = Plan::read(Fields::of(Some(document.clone()))?, &known)?;
    let _turn = reach.turn().await;
    reach.order_awake((Method::PUT, ORDERS), Some(&document)).await?;
    of_stopped(&reach).for_each(|faults| faults.set(plan.clone()));
    Ok(reply::data(StatusCode::OK, in_force(&reach).await?))
}

pub(super) async fn clear(State(reach): State<Reach>) -> Result<StatusCode, Failure> {
    let _turn = reach.turn().await;
    reach.order_awake((Method::DELETE, ORDERS), None::<&()>).await?;
    of_stopped(&reach).for_each(Faults::clear);
    Ok(StatusCode::NO_CONTENT)
}

/// The rules of all services in the order of the plan.
async fn in_force(reach: &Reach) -> Result<FaultsResponse, Failure> {
    let mut tallies: Vec<Tally> = of_stopped(reach).flat_map(Faults::tallies).collect();
    for (_, answer) in reach.order_awake((Method::GET, ORDERS), None::<&()>).await? {
        tallies.extend(reach::read::<TalliesFound>(answer)?.tallies);
    }
    tallies.sort_by_key(|tally| tally.place);
    let seed = tallies.first().map(|tally| tally.seed).unwrap_or_default();
    let fault = |Tally { rule, calls, hits, .. }| Fault { rule, calls, hits };
    Ok(FaultsResponse { seed, faults: tallies.into_iter().map(fault).collect() })
}

/// What the stopped services of this process will meet when they are back: they take no orders.
fn of_stopped(reach: &Reach) -> impl Iterator<Item = &Faults> {
    let instruments = reach.stopped().filter_map(|name| reach.recipe().instruments.get(&name));
    instruments.map(|instruments| &instruments.faults)
}
