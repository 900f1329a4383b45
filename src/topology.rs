//! One process' share of the platform: binds the sockets, opens the services, wires them by URL, serves.
//!
//! Services share the clock and the shutdown signal, nothing else; the only way from one to another is its URL.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use chassis::clock::Clock;
use chassis::connect::{Client, Connector};
use chassis::edge::Edge;
use chassis::entropy::Entropy;
use chassis::internal::{Key, Signer};
use chassis::peer::Peer;
use chassis::secret::Secret;
use chassis::shutdown::{self, Shutdown};
use chassis::{blocking, task};
use http::{Method, Uri};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::Failed;
use crate::cli::ServiceName;
use crate::config::Config;
use crate::home::{Home, Running, World};

mod background;

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
    config: Config,
    home: Home,
    clock: Clock,
    secret: Secret<String>,
    client: Client,
    urls: BTreeMap<ServiceName, Uri>,
    listeners: BTreeMap<ServiceName, TcpListener>,
    services: Services,
}

/// The open services; absent ones run elsewhere.
#[derive(Default)]
struct Services {
    gateway: Option<gateway::Gateway>,
    auth: Option<auth::Auth>,
    user: Option<user::User>,
    notes: Option<notes::Notes>,
}

/// A topology that serves, until its tasks have ended.
pub(crate) struct Serving {
    tasks: JoinSet<()>,
    home: Home,
}

/// What every service is made of.
struct Shared<'a> {
    config: &'a Config,
    clock: Clock,
    entropy: Entropy,
    secret: Secret<String>,
    client: Client,
    urls: &'a BTreeMap<ServiceName, Uri>,
}

impl Topology {
    /// Binds the sockets and opens the stores, all at once.
    pub(crate) async fn open(config: Config) -> Result<Self, Failed> {
        let home = match &config.data_dir {
            Some(path) => Home::at(path)?,
            None => Home::ephemeral()?,
        };
        let (urls, listeners) = bind(&config).await?;
        let (clock, entropy) = (Clock::system(), config.seed.map_or(Entropy::system(), Entropy::seeded));
        let secret = match &config.jwt_secret {
            Some(secret) => secret.clone(),
            None => crate::secret::load_or_make(home.path(), &entropy.stream("satchel", "secret"))?,
        };
        let client = Connector::tcp().client();
        let shared = Shared {
            config: &config,
            clock: clock.clone(),
            entropy,
            secret: secret.clone(),
            client: client.clone(),
            urls: &urls,
        };
        let services = open_services(&shared, &home).await?;
        Ok(Self { config, home, clock, secret, client, urls, listeners, services })
    }

    /// Where everything is, and in which process as far as this one knows.
    pub(crate) fn world(&self) -> World {
        let pid = std::process::id();
        let here = self.config.only.iter().filter_map(|name| Some((name, self.urls.get(name)?)));
        here.map(|(name, url)| (name.as_str().to_owned(), Running { url: base(url), pid })).collect()
    }

    /// The data directory.
    pub(crate) const fn home(&self) -> &Home {
        &self.home
    }

    /// The settings.
    pub(crate) const fn config(&self) -> &Config {
        &self.config
    }

    /// The platform's secret, for what `exec` hands to its command.
    pub(crate) const fn secret(&self) -> &Secret<String> {
        &self.secret
    }

    /// The service `name`, called by the command line.
    pub(crate) fn peer(&self, name: ServiceName) -> Peer {
        let signer = Signer::new("satchel", &Key::derive(&self.secret), self.clock.clone());
        let url = self.urls.get(&name).cloned().unwrap_or_default();
        Peer::new(name.as_str(), url, self.client.clone(), signer)
    }

    /// Waits until the services of other processes answer, or until `shutdown`.
    pub(crate) async fn peers_are_up(&self, mut shutdown: Shutdown) {
        // Nobody calls the gateway.
        let called = ServiceName::ALL.into_iter().filter(|name| *name != ServiceName::Gateway);
        for name in called.filter(|name| !self.config.runs(*name)) {
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
    pub(crate) fn serve(&mut self, shutdown: &Shutdown) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        let (mut edges, mut listeners) = (self.services.edges(), std::mem::take(&mut self.listeners));
        let door = listeners.remove(&ServiceName::Gateway).zip(edges.remove(&ServiceName::Gateway));
        let (serving, shutdown) = serve_door(door, shutdown.clone());
        tasks.spawn(serving);
        for (name, listener) in listeners {
            if let Some(edge) = edges.remove(&name) {
                tasks.spawn(chassis::serve::run_within(listener, edge, shutdown.clone(), SERVICE_DRAIN));
            }
        }
        self.services.relay(&mut tasks, &shutdown);
        tasks
    }

    /// Starts the doctors, once there is something to look at; they end with `shutdown`, among `tasks`.
    pub(crate) fn examine(&self, tasks: &mut JoinSet<()>, shutdown: &Shutdown) {
        self.services.examine(tasks, shutdown);
    }

    /// Hands over what has to outlive the services.
    pub(crate) fn into_serving(self, tasks: JoinSet<()>) -> Serving {
        // The services live on in their edges and relays, which end with the tasks.
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

impl Services {
    fn edges(&self) -> BTreeMap<ServiceName, Edge> {
        let edges = [
            (ServiceName::Gateway, self.gateway.as_ref().map(gateway::Gateway::router)),
            (ServiceName::Auth, self.auth.as_ref().map(auth::Auth::router)),
            (ServiceName::User, self.user.as_ref().map(user::User::router)),
            (ServiceName::Notes, self.notes.as_ref().map(notes::Notes::router)),
        ];
        edges.into_iter().filter_map(|(name, edge)| Some((name, edge?))).collect()
    }
}

/// Serves the gateway, if it is here, until `shutdown`; the signal that it returns is given when that is done.
///
/// The door closes first: a request that it lets finish still needs the services behind it.
fn serve_door(
    door: Option<(TcpListener, Edge)>,
    mut shutdown: Shutdown,
) -> (impl Future<Output = ()> + Send, Shutdown) {
    let (trigger, closed) = shutdown::channel();
    let serving = async move {
        match door {
            Some((listener, edge)) => chassis::serve::run_within(listener, edge, shutdown, DOOR_DRAIN).await,
            None => shutdown.requested().await,
        }
        trigger.fire();
    };
    (serving, closed)
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
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| format!("{} cannot listen on {address}: {error}", name.as_str()))?;
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
fn url_of(address: SocketAddr) -> Result<Uri, Failed> {
    let reachable = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        ip if ip.is_ipv4() => Ipv4Addr::LOCALHOST.into(),
        _ => Ipv6Addr::LOCALHOST.into(),
    };
    Ok(format!("http://{}", SocketAddr::new(reachable, address.port())).parse()?)
}

fn base(url: &Uri) -> String {
    url.to_string().trim_end_matches('/').to_owned()
}

async fn open_services(shared: &Shared<'_>, home: &Home) -> Result<Services, Failed> {
    let config = shared.config;
    let mut services = Services::default();
    let auth = start_opening(config, home, ServiceName::Auth, |dir| shared.auth(dir), auth::Auth::open)?;
    let user = start_opening(config, home, ServiceName::User, |dir| shared.user(dir), user::User::open)?;
    let notes = start_opening(config, home, ServiceName::Notes, |dir| shared.notes(dir), notes::Notes::open)?;
    if config.runs(ServiceName::Gateway) {
        services.gateway = Some(gateway::Gateway::open(shared.gateway())?);
    }
    if let Some(opening) = auth {
        services.auth = Some(opening.await??);
    }
    if let Some(opening) = user {
        services.user = Some(opening.await??);
    }
    if let Some(opening) = notes {
        services.notes = Some(opening.await??);
    }
    Ok(services)
}

/// Opens one service's store on a thread of its own, so that the slowest decides and not the sum.
fn start_opening<C, S, E>(
    config: &Config,
    home: &Home,
    name: ServiceName,
    configure: impl FnOnce(std::path::PathBuf) -> C,
    open: fn(C) -> Result<S, E>,
) -> Result<Option<tokio::task::JoinHandle<Result<S, E>>>, Failed>
where
    C: Send + 'static,
    S: Send + 'static,
    E: Send + 'static,
{
    if !config.runs(name) {
        return Ok(None);
    }
    let service = configure(home.part(name)?);
    Ok(Some(task::spawn("open", blocking::run(move || open(service)))))
}

impl Shared<'_> {
    fn url(&self, name: ServiceName) -> Uri {
        self.urls.get(&name).cloned().unwrap_or_default()
    }

    fn auth(&self, data_dir: std::path::PathBuf) -> auth::Config {
        auth::Config {
            data_dir,
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            secret: self.secret.clone(),
            client_url: self.config.client_url.clone(),
            client: self.client.clone(),
            user: self.url(ServiceName::User),
            notes: self.url(ServiceName::Notes),
            token_lifetime: self.config.token_lifetime,
            hash_cost: self.config.profile.hash_cost(),
            password_min: if self.config.strict { 15 } else { 8 },
            smtp: self.config.smtp.clone().filter(|_| !self.config.profile.captures_mail()),
            accept_loss: self.config.accept_loss,
        }
    }

    fn user(&self, data_dir: std::path::PathBuf) -> user::Config {
        user::Config {
            data_dir,
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            secret: self.secret.clone(),
            client_url: self.config.client_url.clone(),
            client: self.client.clone(),
            auth: self.url(ServiceName::Auth),
            notes: self.url(ServiceName::Notes),
            accept_loss: self.config.accept_loss,
        }
    }

    fn notes(&self, data_dir: std::path::PathBuf) -> notes::Config {
        notes::Config {
            data_dir,
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            secret: self.secret.clone(),
            client_url: self.config.client_url.clone(),
            strict: self.config.strict,
            client: self.client.clone(),
            auth: self.url(ServiceName::Auth),
            user: self.url(ServiceName::User),
        }
    }

    fn gateway(&self) -> gateway::Config {
        let limited = !self.config.limits_off;
        gateway::Config {
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            client_url: self.config.client_url.clone(),
            client: self.client.clone(),
            auth_uri: self.url(ServiceName::Auth),
            user_uri: self.url(ServiceName::User),
            notes_uri: self.url(ServiceName::Notes),
            deadline: gateway::DEADLINE,
            quota: self.config.profile.quota().filter(|_| limited),
            burst: self.config.profile.burst().filter(|_| limited),
            trusted_proxies: self.config.trusted_proxies.clone(),
        }
    }
}
