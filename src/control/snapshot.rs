//! `/control/reset` and `/control/snapshots`: the whole world goes back to an earlier state of itself.
//!
//! A snapshot is one state of all services: clients wait, what was acknowledged reaches everyone it concerns, then
//! each service is copied. To go back, all work ends, each service begins a life from its copy, and tokens of the state
//! that was left behind end with it.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use axum::extract::{Path, State};
use chassis::blocking;
use chassis::clock::Pace;
use chassis::dir;
use chassis::failure::Failure;
use chassis::gate::Paused;
use chassis::reply::{self, Data, List, Reply};
use chassis::token::{ISSUER, Lineage};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::clock::set_everywhere;
use super::pause::paused;
use super::reach::Reach;
use crate::Failed;
use crate::cli::ServiceName;
use crate::home;
use crate::settling::{SETTLE_MAX, settled};
use crate::topology::{Calendar, Restored, START};

/// Each is a copy of the world.
const SNAPSHOTS_MAX: usize = 64;
/// Names of states whose tokens count: older ones end.
const LINEAGE_MAX: usize = 256;
/// Letters of a snapshot's name.
const NAME_MAX: usize = 64;

/// What control itself keeps of a snapshot, written last: without it there is none.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    taken_at: String,
    clock: Calendar,
    lineage: Lineage,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TookResponse {
    took_ms: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SnapshotResponse {
    name: String,
    taken_at: String,
}

#[derive(Serialize)]
pub(super) struct SnapshotsResponse {
    snapshots: Vec<SnapshotResponse>,
}

pub(super) async fn reset(State(reach): State<Reach>) -> Result<Reply<Data<TookResponse>>, Failure> {
    let mut lineage = reach.turn().await;
    let begun = Instant::now();
    start_all(&reach).await?;
    let fresh = Lineage { names: vec![new_name(&reach)] };
    reach.order_all((Method::DELETE, "/internal/control/faults"), None::<&()>).await?;
    go_back(&reach, START, (fresh.clone(), reach.start())).await?;
    *lineage = fresh;
    let took = took(begun);
    reach.order_all((Method::POST, "/internal/control/spare"), None::<&()>).await?;
    Ok(took)
}

pub(super) async fn take(
    State(reach): State<Reach>,
    Path(name): Path<String>,
) -> Result<Reply<Data<TookResponse>>, Failure> {
    let name = valid(name)?;
    let mut lineage = reach.turn().await;
    let begun = Instant::now();
    let known = kept(&reach).await?;
    if known.len() >= SNAPSHOTS_MAX && !known.iter().any(|snapshot| snapshot.name == name) {
        return Err(Failure::conflict("There are 64 snapshots: delete one first"));
    }
    paused(&reach, false, settle_and_keep(&reach, &name, &mut lineage)).await?;
    Ok(Reply(StatusCode::CREATED, took(begun).1))
}

pub(super) async fn restore(
    State(reach): State<Reach>,
    Path(name): Path<String>,
) -> Result<Reply<Data<TookResponse>>, Failure> {
    let name = valid(name)?;
    let mut lineage = reach.turn().await;
    let begun = Instant::now();
    let kept = read(&reach, &name).await?.ok_or_else(|| unknown(&name))?;
    let next = grown(kept.lineage, new_name(&reach));
    go_back(&reach, &name, (next.clone(), kept.clock.into())).await?;
    *lineage = next;
    Ok(took(begun))
}

pub(super) async fn list(State(reach): State<Reach>) -> Result<Reply<List<SnapshotsResponse>>, Failure> {
    let snapshots = kept(&reach).await?;
    Ok(reply::list(snapshots.len(), SnapshotsResponse { snapshots }))
}

pub(super) async fn forget(
    State(reach): State<Reach>,
    Path(name): Path<String>,
) -> Result<StatusCode, Failure> {
    let name = valid(name)?;
    let _turn = reach.turn().await;
    read(&reach, &name).await?.ok_or_else(|| unknown(&name))?;
    // The mark first: a snapshot without a part of it is none.
    unmark(&reach, &name).await?;
    reach.order_all((Method::DELETE, &path_of(&name)), None::<&()>).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// At the start of the world none of its services was stopped.
async fn start_all(reach: &Reach) -> Result<(), Failure> {
    for host in ServiceName::ALL.into_iter().filter_map(|name| reach.host(name)) {
        if !host.is_running() {
            host.start().await.map_err(|error| could_not(&error))?;
        }
    }
    Ok(())
}

/// Changes every service while the world stands still.
async fn go_back(reach: &Reach, name: &str, (lineage, pace): (Lineage, Pace)) -> Result<(), Failure> {
    let order = Restored { name: name.to_owned(), lineage };
    let change = async {
        reach.order_all((Method::POST, "/internal/control/restore"), Some(&order)).await?;
        if reach.recipe().clock.pace() != pace {
            set_everywhere(reach, pace).await?;
        }
        Ok(())
    };
    paused(reach, true, change).await
}

async fn settle_and_keep(reach: &Reach, name: &str, lineage: &mut Lineage) -> Result<(), Failure> {
    settle(reach).await?;
    // The mark of an older one first: parts of two states are none.
    unmark(reach, name).await?;
    reach.order_all((Method::PUT, &path_of(name)), None::<&()>).await?;
    let clock = &reach.recipe().clock;
    let before =
        if lineage.names.is_empty() { Lineage { names: vec![ISSUER.to_owned()] } } else { lineage.clone() };
    let kept =
        Kept { taken_at: clock.now().to_string(), clock: clock.pace().into(), lineage: before.clone() };
    let mark = mark(reach, name);
    let written = blocking::run(move || {
        dir::folder(mark.parent().unwrap_or(&mark))?;
        home::write_whole(&mark, &kept)
    });
    written.await.map_err(|error| could_not(&error.into()))?;
    // What is issued from now on is not of this snapshot.
    let next = grown(before, new_name(reach));
    reach.order_all((Method::PUT, "/internal/control/lineage"), Some(&next)).await?;
    *lineage = next;
    Ok(())
}

async fn settle(reach: &Reach) -> Result<(), Failure> {
    if settled(|| waiting(reach)).await? {
        return Ok(());
    }
    let message = "Services still have something to tell each other: is one stopped, or a fault on the way?";
    Err(Failure::new(StatusCode::SERVICE_UNAVAILABLE, message))
}

async fn waiting(reach: &Reach) -> Result<u64, Failure> {
    let mut waiting = 0;
    for name in ServiceName::KEEPERS {
        let asked = (Method::GET, "/internal/pause");
        let paused: Paused = reach.ask(name, asked, None::<&()>, SETTLE_MAX).await?;
        waiting += paused.waiting;
    }
    Ok(waiting)
}

async fn kept(reach: &Reach) -> Result<Vec<SnapshotResponse>, Failure> {
    let folder = reach.data_dir().join("snapshots");
    let names = blocking::run(move || names(&folder)).await.map_err(|error| could_not(&error.into()))?;
    let mut snapshots = Vec::new();
    for name in names {
        if let Some(Kept { taken_at, .. }) = read(reach, &name).await? {
            snapshots.push(SnapshotResponse { name, taken_at });
        }
    }
    Ok(snapshots)
}

/// The names of folders in `folder` that a person can have given, in order.
fn names(folder: &std::path::Path) -> std::io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().into_string().ok().and_then(|name| valid(name).ok()));
    }
    names.sort_unstable();
    Ok(names)
}

async fn read(reach: &Reach, name: &str) -> Result<Option<Kept>, Failure> {
    let mark = mark(reach, name);
    match blocking::run(move || fs::read(mark)).await {
        Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| could_not(&error.into())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(could_not(&error.into())),
    }
}

/// From now on there is no snapshot `name`, whatever its parts are.
async fn unmark(reach: &Reach, name: &str) -> Result<(), Failure> {
    let mark = mark(reach, name);
    match blocking::run(move || fs::remove_file(mark)).await {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(could_not(&error.into())),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn mark(reach: &Reach, name: &str) -> PathBuf {
    reach.data_dir().join("snapshots").join(name).join("world.json")
}

fn path_of(name: &str) -> String {
    format!("/internal/control/snapshots/{name}")
}

fn valid(name: String) -> Result<String, Failure> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(is_plain) && !name.starts_with('.') {
        return Ok(name);
    }
    Err(Failure::bad_request("A snapshot's name has 1 to 64 of A-Z a-z 0-9 . _ - and begins with no dot"))
}

fn unknown(name: &str) -> Failure {
    Failure::new(StatusCode::NOT_FOUND, format!("There is no snapshot {name}"))
}

fn new_name(reach: &Reach) -> String {
    format!("{ISSUER}/{}", reach.recipe().entropy.stream("control", "lineage").hex::<6>())
}

fn grown(mut lineage: Lineage, name: String) -> Lineage {
    lineage.names.push(name);
    let surplus = lineage.names.len().saturating_sub(LINEAGE_MAX);
    lineage.names.drain(..surplus);
    lineage
}

fn took(begun: Instant) -> Reply<Data<TookResponse>> {
    let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    reply::data(StatusCode::OK, TookResponse { took_ms })
}

/// The developer who asked should read why.
fn could_not(error: &Failed) -> Failure {
    Failure::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
}
