//! A service's place in this process: where it listens, and the life of it that answers there now.
//!
//! It opens, stops and starts a service without knowing which it is.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use chassis::failure::Failure;
use chassis::serve::{self, Answer};
use chassis::shutdown::{self, Trigger};
use chassis::{blocking, dir, task};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval};

use super::generation::Generation;
use super::orders::Orders;
use super::recipe::{Making, Recipe};
use crate::Failed;
use crate::cli::ServiceName;

/// A stopped service lets go of its store when its last work ends: a commit, a hash.
const RELEASE_MAX: Duration = Duration::from_secs(5);
/// Between two looks whether it has.
const RELEASE_LOOK: Duration = Duration::from_millis(2);

/// One of the services of this process.
pub(crate) struct Host {
    name: ServiceName,
    recipe: Arc<Recipe>,
    address: SocketAddr,
    /// Its part of the data directory; the gateway has none.
    part: Option<PathBuf>,
    /// How long requests in flight may take to finish once it closes.
    drain: Duration,
    present: RwLock<Option<Arc<Generation>>>,
    door: Mutex<Option<Door>>,
}

/// An open door, and how to close it.
struct Door {
    trigger: Trigger,
    serving: JoinHandle<()>,
}

/// What answers at the door: the present life of the service, and its orders in a world under control.
#[derive(Clone)]
struct Desk {
    host: Arc<Host>,
    orders: Option<Orders>,
}

impl Answer for Desk {
    async fn answer(&self, request: Request) -> Response {
        match &self.orders {
            Some(orders) => orders.answer(&self.host, request).await,
            None => self.host.ask(request).await,
        }
    }
}

impl Host {
    /// Opens the service `name` on its part of the data directory. It will listen at `address`.
    pub(super) async fn open(
        recipe: Arc<Recipe>,
        name: ServiceName,
        (address, part): (SocketAddr, Option<PathBuf>),
        drain: Duration,
    ) -> Result<Self, Failed> {
        let (present, door) = (RwLock::default(), Mutex::default());
        let host = Self { name, recipe, address, part, drain, present, door };
        host.make().await?;
        Ok(host)
    }

    /// The recipe that it is made by.
    pub(super) fn recipe(&self) -> &Arc<Recipe> {
        &self.recipe
    }

    /// Which service it is.
    pub(crate) const fn name(&self) -> ServiceName {
        self.name
    }

    /// Begins to answer on `listener`, and to deliver what is to be told.
    pub(super) async fn serve(self: &Arc<Self>, listener: TcpListener) {
        if let Some(present) = self.present() {
            present.relay();
        }
        let orders = self.recipe.config.control.map(|_| Orders::new(self));
        let desk = Desk { host: Arc::clone(self), orders };
        let (trigger, shutdown) = shutdown::channel();
        let serving = task::spawn("listener", serve::run_within(listener, desk, shutdown, self.drain));
        *self.door.lock().await = Some(Door { trigger, serving });
    }

    /// Begins to look for faults.
    pub(super) fn examine(&self) {
        if let Some(present) = self.present() {
            present.examine();
        }
    }

    /// Closes the door, ends the work behind it and lets go of the store.
    pub(super) async fn end(&self) {
        let close = async {
            if let Some(Door { trigger, serving }) = self.door.lock().await.take() {
                trigger.fire();
                if let Err(error) = serving.await {
                    tracing::error!(%error, "a listener ended badly");
                }
            }
        };
        let quiet = async {
            if let Some(present) = self.present() {
                present.quiet().await;
            }
        };
        tokio::join!(close, quiet);
        let gone = self.present.write().unwrap_or_else(PoisonError::into_inner).take();
        blocking::run(move || drop(gone)).await;
    }

    /// Stops the service as if its process had gone.
    ///
    /// # Errors
    /// When work that is under way keeps the store.
    pub(crate) async fn stop(&self) -> Result<(), Failed> {
        self.end().await;
        let Some(part) = &self.part else { return Ok(()) };
        let (deadline, mut looks) = (Instant::now() + RELEASE_MAX, interval(RELEASE_LOOK));
        while dir::is_locked(part)? {
            if Instant::now() > deadline {
                return Err(format!("{} still works and keeps its store", self.name.as_str()).into());
            }
            looks.tick().await;
        }
        Ok(())
    }

    /// Starts a stopped service again, at the same address.
    ///
    /// # Errors
    /// When its store cannot be opened or its port is taken.
    pub(crate) async fn start(self: &Arc<Self>) -> Result<(), Failed> {
        let listener = bind(self.name, self.address).await?;
        self.make().await?;
        self.serve(listener).await;
        self.examine();
        Ok(())
    }

    /// Whether it is there: neither stopped nor ended.
    pub(crate) fn is_running(&self) -> bool {
        self.present().is_some()
    }

    /// Answers one request by the present life of the service.
    pub(super) async fn ask(&self, request: Request) -> Response {
        let edge = self.present().map(|present| present.edge.clone());
        match edge {
            Some(edge) => edge.answer(request).await,
            None => Failure::unavailable("The service is away for a moment", 1).into_response(),
        }
    }

    fn present(&self) -> Option<Arc<Generation>> {
        self.present.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn make(&self) -> Result<(), Failed> {
        let (recipe, name) = (Arc::clone(&self.recipe), self.name);
        let making = Making { dir: self.part.clone().unwrap_or_default(), entropy: recipe.entropy.clone() };
        let service = blocking::run(move || recipe.make(name, making)).await?;
        *self.present.write().unwrap_or_else(PoisonError::into_inner) =
            Some(Arc::new(Generation::new(service)));
        Ok(())
    }
}

/// Listens at `address` for the service `name`.
pub(super) async fn bind(name: ServiceName, address: SocketAddr) -> Result<TcpListener, Failed> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| format!("{} cannot listen on {address}: {error}", name.as_str()).into())
}
