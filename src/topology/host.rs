//! A service's place in this process: where it listens, and the life of it that answers there now.
//!
//! It opens, stops and starts a service without knowing which it is; how it goes back to an earlier state is told in
//! `restore.rs`.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use chassis::entropy::{Entropy, Positions};
use chassis::failure::Failure;
use chassis::serve::{self, Answer, Limits};
use chassis::shutdown::{self, Trigger};
use chassis::{blocking, dir, task};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval};

use super::generation::Generation;
use super::ground::Ground;
use super::orders::Orders;
use super::recipe::{Making, Recipe};
use crate::Failed;
use crate::cli::ServiceName;
use crate::phase;

/// A stopped service lets go of its store when its last work ends: a commit, a hash.
const RELEASE_MAX: Duration = Duration::from_secs(5);
/// Between two looks whether it has.
const RELEASE_LOOK: Duration = Duration::from_millis(2);

/// One of the services of this process.
pub(crate) struct Host {
    name: ServiceName,
    pub(super) recipe: Arc<Recipe>,
    address: SocketAddr,
    pub(super) ground: Ground,
    /// How many connections it takes, and how long requests in flight may take to finish once it closes.
    limits: Limits,
    present: RwLock<Option<Arc<Generation>>>,
    /// The number of the present life, or of the last one before the service was stopped.
    number: AtomicU64,
    /// The number of the youngest life.
    pub(super) lives: AtomicU64,
    /// A life at hand for the next reset.
    pub(super) spare: Mutex<Option<Arc<Generation>>>,
    /// What the service drew from when it was stopped.
    left: Mutex<Option<Entropy>>,
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

    fn refuse(&self, failure: &Failure) -> Response {
        match self.host.present() {
            Some(present) => present.edge.refuse(failure),
            None => failure.clone().into_response(),
        }
    }
}

impl Host {
    /// Opens the service `name` on its ground. It will listen at `address`.
    pub(super) async fn open(
        recipe: Arc<Recipe>,
        name: ServiceName,
        (address, ground): (SocketAddr, Ground),
        limits: Limits,
    ) -> Result<Self, Failed> {
        let entropy = recipe.entropy.resumed(Positions::new());
        let host = Self {
            name,
            recipe,
            address,
            ground,
            limits,
            present: RwLock::default(),
            number: AtomicU64::new(0),
            lives: AtomicU64::new(0),
            spare: Mutex::default(),
            left: Mutex::default(),
            door: Mutex::default(),
        };
        host.make(entropy).await?;
        phase::reached(&format!("{} open", name.as_str()));
        Ok(host)
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
        let instruments = self.recipe.instruments.get(&self.name).cloned();
        let orders = instruments.map(|instruments| Orders::new(self, instruments));
        let desk = Desk { host: Arc::clone(self), orders };
        let (trigger, shutdown) = shutdown::channel();
        let serving =
            task::spawn("listener", serve::run_within(listener, desk, shutdown, self.limits.clone()));
        *self.door.lock().await = Some(Door { trigger, serving });
    }

    /// Begins to look for faults.
    pub(super) fn examine(&self) {
        if let Some(present) = self.present() {
            present.examine();
        }
    }

    /// Closes the door, ends the work behind it and lets go of the store, which is closed then.
    pub(super) async fn end(&self) {
        self.leave().await;
        // A folder that is removed from under an open store makes its engine complain, and close slowly.
        if let Err(error) = self.released().await {
            tracing::warn!(%error, "the store may lose its folder");
        }
    }

    async fn leave(&self) {
        tokio::join!(self.close(), self.quiet());
        let gone = (self.live(None), self.spare.lock().await.take());
        blocking::run(move || drop(gone)).await;
    }

    async fn close(&self) {
        if let Some(Door { trigger, serving }) = self.door.lock().await.take() {
            trigger.fire();
            if let Err(error) = serving.await {
                tracing::error!(%error, "a listener ended badly");
            }
        }
    }

    /// Stops the service as if its process had gone.
    ///
    /// # Errors
    /// When work that is under way keeps the store.
    pub(crate) async fn stop(&self) -> Result<(), Failed> {
        *self.left.lock().await = self.present().map(|present| present.entropy.clone());
        self.leave().await;
        self.released().await
    }

    /// Starts a stopped service again, at the same address.
    ///
    /// # Errors
    /// When its store cannot be opened or its port is taken.
    pub(crate) async fn start(self: &Arc<Self>) -> Result<(), Failed> {
        // One that lost its store still listens.
        self.close().await;
        let listener = bind(self.name, self.address).await?;
        let left = self.left.lock().await.clone();
        self.make(left.unwrap_or_else(|| self.recipe.entropy.clone())).await?;
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

    /// The present life.
    pub(super) fn present(&self) -> Option<Arc<Generation>> {
        self.present.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes `next` the present life; gives the one before.
    pub(super) fn live(&self, next: Option<Arc<Generation>>) -> Option<Arc<Generation>> {
        if let Some(next) = &next {
            self.number.store(next.number, Ordering::Relaxed);
        }
        std::mem::replace(&mut *self.present.write().unwrap_or_else(PoisonError::into_inner), next)
    }

    /// Opens the service where its last life kept its data, and begins another one there.
    pub(super) async fn make(&self, entropy: Entropy) -> Result<(), Failed> {
        let (recipe, name, ground) = (Arc::clone(&self.recipe), self.name, self.ground.clone());
        let number = self.number.load(Ordering::Relaxed);
        let made = blocking::run(move || -> Result<_, Failed> {
            let dir = ground.lay_out(number)?;
            ground.point_to(number)?;
            let service = recipe.make(name, Making { dir, entropy: entropy.clone() })?;
            Ok(Generation::new(service, entropy, number))
        });
        let next = Arc::new(made.await?);
        drop(self.live(Some(next)));
        Ok(())
    }

    /// Lets go of the store.
    pub(super) async fn release(&self) -> Result<(), Failed> {
        let gone = self.live(None);
        blocking::run(move || drop(gone)).await;
        self.released().await
    }

    /// Waits until nobody has the store any more.
    async fn released(&self) -> Result<(), Failed> {
        let part = self.ground.part();
        let (deadline, mut looks) = (Instant::now() + RELEASE_MAX, interval(RELEASE_LOOK));
        while dir::is_locked(&part)? {
            if Instant::now() > deadline {
                return Err(format!("{} still works and keeps its store", self.name.as_str()).into());
            }
            looks.tick().await;
        }
        Ok(())
    }
}

/// Listens at `address` for the service `name`.
pub(super) async fn bind(name: ServiceName, address: SocketAddr) -> Result<TcpListener, Failed> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| cannot_listen(name.as_str(), address, &error))
}

/// Why `name` is not at `address`, and what helps.
pub(crate) fn cannot_listen(name: &str, address: SocketAddr, error: &io::Error) -> Failed {
    let why = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "something else does: end that, or choose other ports with --ports and --control (--ports auto: free ones)"
        }
        io::ErrorKind::PermissionDenied => "that port is for root: choose others, above 1023, with --ports",
        io::ErrorKind::AddrNotAvailable => "this machine has no such address: choose another --host",
        _ => return format!("{name} cannot listen on {address}: {error}").into(),
    };
    format!("{name} cannot listen on {address}, {why}").into()
}
