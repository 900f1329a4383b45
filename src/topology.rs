//! One process' share of the platform: binds the sockets, opens the services, wires them by URL, serves.
//!
//! Services share the clock and the shutdown signal, nothing else; the only way from one to another is its URL.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use chassis::clock::Clock;
use chassis::connect::Connector;
use chassis::entropy::Entropy;
use chassis::peer::Peer;
use chassis::secret::Secret;
use chassis::serve::Limits;
use chassis::shutdown::Shutdown;
use chassis::token::Issuers;
use chassis::{blocking, task};
use http::{Method, Uri};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::Failed;
use crate::cli::ServiceName;
use crate::config::Config;
use crate::control::Control;
use crate::home::{Home, Running, World};
use crate::phase;

mod catcher;
mod generation;
mod ground;
mod host;
mod instruments;
mod orders;
mod recipe;
mod restore;
mod service;

use catcher::Catcher;
use ground::Ground;
use instruments::Instruments;

pub(crate) use ground::START;
pub(crate) use host::{Host, cannot_listen};
pub(crate) use orders::{Calendar, Restored, SpansFound, Stillness, TalliesFound};
pub(crate) use recipe::Recipe;

/// Between two looks whether a peer in another process is up.
const PEER_LOOK: Duration = Duration::from_millis(50);
/// How long the door lets requests in flight finish: above the deadline of a service, and with what the services
/// get after it no more than 10 s (PROMISES.md G1).
const DOOR_DRAIN: Duration = Duration::from_secs(6);
/// How long the services behind it get then: only calls among themselves are left.
const SERVICE_DRAIN: Duration = Duration::from_secs(2);
/// Deadline of one such look.
const PEER_ANSWER: Duration = Duration::from_secs(1);

/// The services of this process, open and bound, not yet serving.
pub(crate) struct Topology {
    home: Home,
    recipe: Arc<Recipe>,
    hosts: BTreeMap<ServiceName, Arc<Host>>,
    listeners: BTreeMap<ServiceName, TcpListener>,
    control: Option<Control>,
}

/// A topology that serves, until its tasks have ended.
pub(crate) struct Serving {
    tasks: JoinSet<()>,
    home: Home,
}

impl Topology {
    /// Binds the sockets and opens the stores, all at once.
    pub(crate) async fn open(config: Config) -> Result<Self, Failed> {
        let home = Home::open(config.data_dir.as_deref())?;
        // All of them, before anything is made in one of them.
        for name in ServiceName::ALL.into_iter().filter(|name| config.runs(*name)) {
            Ground::new(name, &home, config.control.is_some()).check()?;
        }
        let (urls, listeners) = bind(&config).await?;
        phase::reached("sockets bound");
        let clock = config.frozen_at.map_or_else(Clock::system, Clock::frozen);
        let entropy = config.seed.map_or(Entropy::system(), Entropy::seeded);
        let secret = match &config.jwt_secret {
            Some(secret) => secret.clone(),
            None => crate::secret::load_or_make(home.path(), &entropy.stream("satchel", "secret"))?,
        };
        let client = Connector::tcp().client();
        let catcher = match config.smtp_capture {
            Some(port) => Some(Catcher::listen(port).await?),
            None => None,
        };
        let issuers = if config.control.is_some() { Issuers::changeable() } else { Issuers::default() };
        let instruments = Instruments::of(&config);
        let recipe =
            Arc::new(Recipe { config, clock, entropy, secret, issuers, client, catcher, instruments, urls });
        let hosts = open_hosts(&recipe, &home, &listeners).await?;
        let control = match recipe.config.control {
            Some(port) if recipe.config.runs(ServiceName::Gateway) => {
                Some(Control::open(port, &recipe, &hosts, home.path()).await?)
            }
            Some(_) | None => None,
        };
        Ok(Self { home, recipe, hosts, listeners, control })
    }

    /// Where everything is, and in which process as far as this one knows.
    pub(crate) fn world(&self) -> World {
        let here = self.hosts.keys().map(|name| (name.as_str(), base(&self.recipe.url(*name))));
        let control = self.control.as_ref().map(|control| ("control", control.url()));
        let smtp = self.recipe.catcher.as_ref().map(|catcher| ("smtp", catcher.url()));
        let pid = std::process::id();
        here.chain(control).chain(smtp).map(|(name, url)| (name.to_owned(), Running { url, pid })).collect()
    }

    /// How the world is made.
    pub(crate) fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Keeps the state that a reset goes back to; a world that began empty needs none kept, unless it `is_furnished`.
    pub(crate) async fn mark_start(&self, is_furnished: bool) -> Result<(), Failed> {
        let config = &self.recipe.config;
        let is_empty = !is_furnished && config.first_admin.is_none();
        let is_wanted = if self.home.is_ephemeral() { !is_empty } else { config.is_control_asked };
        if config.control.is_none() || !is_wanted {
            return Ok(());
        }
        for host in self.hosts.values() {
            host.keep(START).await?;
        }
        Ok(())
    }

    /// The data directory.
    pub(crate) const fn home(&self) -> &Home {
        &self.home
    }

    /// The settings.
    pub(crate) fn config(&self) -> &Config {
        &self.recipe.config
    }

    /// The platform's secret, for what `exec` hands to its command.
    pub(crate) fn secret(&self) -> &Secret<String> {
        &self.recipe.secret
    }

    /// Where the mail of other programs is caught, if it is.
    pub(crate) fn mail_host(&self) -> Option<SocketAddr> {
        self.recipe.catcher.as_ref().map(Catcher::address)
    }

    /// The service `name`, called by the command line.
    pub(crate) fn peer(&self, name: ServiceName) -> Peer {
        self.recipe.peer(name)
    }

    /// Waits until the services of other processes answer, or until `shutdown`.
    pub(crate) async fn peers_are_up(&self, mut shutdown: Shutdown) {
        // Nobody calls the gateway.
        let called = ServiceName::ALL.into_iter().filter(|name| *name != ServiceName::Gateway);
        for name in called.filter(|name| !self.hosts.contains_key(name)) {
            let peer = self.peer(name);
            let mut looks = tokio::time::interval(PEER_LOOK);
            while peer.call(Method::GET, "/health", None::<&()>, PEER_ANSWER).await.is_err() {
                tracing::debug!(peer = name.as_str(), "waiting for a service of another process");
                tokio::select! {
                    () = shutdown.requested() => return,
                    _ = looks.tick() => {}
                }
            }
        }
    }

    /// Starts serving; the returned value ends when `shutdown` was requested and everything is drained.
    pub(crate) async fn serve(&mut self, shutdown: &Shutdown) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        for (name, listener) in std::mem::take(&mut self.listeners) {
            if let Some(host) = self.hosts.get(&name) {
                host.serve(listener).await;
            }
        }
        if let Some(control) = &mut self.control {
            tasks.spawn(control.serve(shutdown.clone()));
        }
        let (hosts, mut shutdown) = (self.hosts.clone(), shutdown.clone());
        tasks.spawn(async move {
            shutdown.requested().await;
            end(hosts).await;
        });
        tasks
    }

    /// Starts the doctors, once there is something to look at.
    pub(crate) fn examine(&self) {
        self.hosts.values().for_each(|host| host.examine());
    }

    /// Hands over what has to outlive the services, which end with their tasks.
    pub(crate) fn into_serving(self, tasks: JoinSet<()>) -> Serving {
        Serving { tasks, home: self.home }
    }
}

impl Serving {
    /// Waits for the drain, then leaves the data directory.
    pub(crate) async fn drained(mut self) {
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a part of the world ended badly");
            }
        }
        blocking::run(move || {
            self.home.retract();
            drop(self.home);
        })
        .await;
    }
}

/// The door closes first: a request that it lets finish still needs the services behind it.
async fn end(mut hosts: BTreeMap<ServiceName, Arc<Host>>) {
    if let Some(door) = hosts.remove(&ServiceName::Gateway) {
        door.end().await;
    }
    let mut ending = JoinSet::new();
    for (_, host) in hosts {
        ending.spawn(async move { host.end().await });
    }
    while ending.join_next().await.is_some() {}
}

/// Opens the services on threads of their own, so that the slowest decides and not the sum.
async fn open_hosts(
    recipe: &Arc<Recipe>,
    home: &Home,
    listeners: &BTreeMap<ServiceName, TcpListener>,
) -> Result<BTreeMap<ServiceName, Arc<Host>>, Failed> {
    let mut opening = Vec::new();
    for (name, listener) in listeners {
        let limits = limits_of(&recipe.config, *name);
        let ground = Ground::new(*name, home, recipe.config.control.is_some());
        let place = (listener.local_addr()?, ground);
        opening.push((*name, task::spawn("open", Host::open(Arc::clone(recipe), *name, place, limits))));
    }
    let mut hosts = BTreeMap::new();
    for (name, opened) in opening {
        hosts.insert(name, Arc::new(opened.await??));
    }
    Ok(hosts)
}

/// How many connections a service takes: the door knows its clients one by one, the others see them through it.
fn limits_of(config: &Config, name: ServiceName) -> Limits {
    match name {
        ServiceName::Gateway => Limits {
            connections: config.connections,
            per_address: config.connections_per_address,
            unlimited: config.trusted_proxies.iter().map(IpAddr::to_canonical).collect(),
            drain: DOOR_DRAIN,
        },
        ServiceName::Auth | ServiceName::User | ServiceName::Notes => Limits::of_service(SERVICE_DRAIN),
    }
}

/// Binds this process' services; the others' URLs come from the settings or the port list.
async fn bind(
    config: &Config,
) -> Result<(BTreeMap<ServiceName, Uri>, BTreeMap<ServiceName, TcpListener>), Failed> {
    let (mut urls, mut listeners) = (BTreeMap::new(), BTreeMap::new());
    for name in ServiceName::ALL {
        let port = config.ports.of(name);
        if !config.runs(name) {
            urls.insert(name, elsewhere(config, name, port)?);
            continue;
        }
        let address = SocketAddr::new(host_of(config, name), port);
        let listener = host::bind(name, address).await?;
        urls.insert(name, url_of(listener.local_addr()?)?);
        listeners.insert(name, listener);
    }
    Ok((urls, listeners))
}

/// Where a service listens: behind a gateway of the same process only that is for others to reach.
fn host_of(config: &Config, name: ServiceName) -> IpAddr {
    match config.host {
        _ if name == ServiceName::Gateway || !config.runs(ServiceName::Gateway) => config.host,
        host if host.is_loopback() => host,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    }
}

fn elsewhere(config: &Config, name: ServiceName, port: u16) -> Result<Uri, Failed> {
    let given = match name {
        ServiceName::Gateway => &None,
        ServiceName::Auth => &config.auth_url,
        ServiceName::User => &config.user_url,
        ServiceName::Notes => &config.notes_url,
    };
    match given {
        Some(url) => Ok(url.clone()),
        None if port == 0 && name != ServiceName::Gateway => Err(format!(
            "with --only and --ports auto, {}_SERVICE_URL must say where {} is",
            name.as_str().to_uppercase(),
            name.as_str()
        )
        .into()),
        None => url_of(SocketAddr::new(config.host, port)),
    }
}

/// How other services of this machine reach `address`.
pub(crate) fn url_of(address: SocketAddr) -> Result<Uri, Failed> {
    let reachable = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        ip if ip.is_ipv4() => Ipv4Addr::LOCALHOST.into(),
        _ => Ipv6Addr::LOCALHOST.into(),
    };
    Ok(format!("http://{}", SocketAddr::new(reachable, address.port())).parse()?)
}

/// A base URL as people write it, without a slash at the end.
pub(crate) fn base(url: &Uri) -> String {
    url.to_string().trim_end_matches('/').to_owned()
}
