//! Whom control can reach: each service over its internal routes, each host over its orders.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chassis::clock::Pace;
use chassis::failure::Failure;
use chassis::peer::PeerError;
use chassis::token::Lineage;
use futures_util::future;
use http::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};

use crate::cli::ServiceName;
use crate::topology::{Host, Recipe};

/// An order may copy or open a large store.
const ORDER_WITHIN: Duration = Duration::from_secs(30);

/// The services of the world, wherever they run; clones reach the same.
#[derive(Clone)]
pub(super) struct Reach(Arc<Inner>);

struct Inner {
    recipe: Arc<Recipe>,
    /// Those of this process.
    hosts: BTreeMap<ServiceName, Arc<Host>>,
    data_dir: PathBuf,
    start: Pace,
    turn: Mutex<Lineage>,
}

impl Reach {
    /// Reaches the services of `recipe`, of which `hosts` are in this process.
    pub(super) fn new(
        recipe: Arc<Recipe>,
        hosts: BTreeMap<ServiceName, Arc<Host>>,
        data_dir: PathBuf,
    ) -> Self {
        let start = recipe.clock.pace();
        Self(Arc::new(Inner { recipe, hosts, data_dir, start, turn: Mutex::default() }))
    }

    /// How the world is made.
    pub(super) fn recipe(&self) -> &Recipe {
        &self.0.recipe
    }

    /// Where this process keeps its data.
    pub(super) fn data_dir(&self) -> &Path {
        &self.0.data_dir
    }

    /// How the clock went when the world began.
    pub(super) fn start(&self) -> Pace {
        self.0.start
    }

    /// Changes of the whole world are made one at a time: whoever has this may make one, and knows whose tokens count.
    pub(super) async fn turn(&self) -> MutexGuard<'_, Lineage> {
        self.0.turn.lock().await
    }

    /// The host of `name`, if it is in this process.
    pub(super) fn host(&self, name: ServiceName) -> Option<&Arc<Host>> {
        self.0.hosts.get(&name)
    }

    /// Asks a service on an internal route, and gives it so long to answer.
    pub(super) async fn ask<B: Serialize + Sync, T: DeserializeOwned>(
        &self,
        name: ServiceName,
        (method, path): (Method, &str),
        body: Option<&B>,
        within: Duration,
    ) -> Result<T, Failure> {
        let peer = self.0.recipe.peer(name);
        let answer = peer.call(method, path, body, within).await.map_err(|error| failure(name, &error))?;
        read(answer)
    }

    /// Gives one host an order.
    pub(super) async fn order<B: Serialize + Sync>(
        &self,
        name: ServiceName,
        (method, path): (Method, &str),
        body: Option<&B>,
    ) -> Result<Value, Failure> {
        let peer = self.0.recipe.host(name);
        peer.call(method, path, body, ORDER_WITHIN).await.map_err(|error| failure(name, &error))
    }

    /// Gives every host the same order, all at once; the first failure counts.
    pub(super) async fn order_all<B: Serialize + Sync>(
        &self,
        (method, path): (Method, &str),
        body: Option<&B>,
    ) -> Result<BTreeMap<ServiceName, Value>, Failure> {
        self.order_each(&ServiceName::ALL, (method, path), body).await
    }

    /// The same for all but those of this process that are stopped: for what outlives a service.
    pub(super) async fn order_awake<B: Serialize + Sync>(
        &self,
        order: (Method, &str),
        body: Option<&B>,
    ) -> Result<BTreeMap<ServiceName, Value>, Failure> {
        let stopped: Vec<_> = self.stopped().collect();
        let awake: Vec<_> = ServiceName::ALL.into_iter().filter(|name| !stopped.contains(name)).collect();
        self.order_each(&awake, order, body).await
    }

    /// The services of this process that are stopped, and so take no orders.
    pub(super) fn stopped(&self) -> impl Iterator<Item = ServiceName> + '_ {
        self.0.hosts.iter().filter(|(_, host)| !host.is_running()).map(|(name, _)| *name)
    }

    /// Gives some hosts the same order.
    pub(super) async fn order_each<B: Serialize + Sync>(
        &self,
        names: &[ServiceName],
        (method, path): (Method, &str),
        body: Option<&B>,
    ) -> Result<BTreeMap<ServiceName, Value>, Failure> {
        let orders = names.iter().map(|name| {
            let method = method.clone();
            async move { Ok((*name, self.order(*name, (method, path), body).await?)) }
        });
        future::join_all(orders).await.into_iter().collect()
    }
}

/// An answer of ours in its type.
pub(super) fn read<T: DeserializeOwned>(answer: Value) -> Result<T, Failure> {
    serde_json::from_value(answer).map_err(|error| Failure::internal(&error))
}

/// What the caller of control is told when somebody did not do as asked.
pub(super) fn failure(name: ServiceName, error: &PeerError) -> Failure {
    let name = name.as_str();
    match error {
        PeerError::Refused { status: StatusCode::NOT_FOUND, message, .. }
            if message.contains("/internal/control") =>
        {
            let message =
                format!("{name} is not under control: start its process with --control, and one JWT_SECRET");
            Failure::new(StatusCode::CONFLICT, message)
        }
        PeerError::Refused { status, message, .. } => Failure::new(*status, message.clone()),
        PeerError::Unknown { .. } | PeerError::Malformed { .. } => {
            Failure::new(StatusCode::SERVICE_UNAVAILABLE, format!("{name} does not answer: {error}"))
        }
    }
}
