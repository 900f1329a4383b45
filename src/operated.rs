//! A world as an operator's command finds it: the running one, or a stopped one opened for the moment.
//!
//! Either way the services are called over their internal routes; what they are asked is the command's business.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chassis::clock::{Clock, Pace, Timestamp};
use chassis::connect::Connector;
use chassis::dir;
use chassis::entropy::Entropy;
use chassis::internal::{Key, Signer};
use chassis::peer::{Peer, PeerError};
use chassis::shutdown::{self, Trigger};
use clap::Parser;
use http::StatusCode;
use tokio::task::JoinSet;

use crate::Failed;
use crate::cli::{Cli, Command, HomeArgs, ServiceName};
use crate::config::{Config, Place};
use crate::home;
use crate::profile::Profile;
use crate::topology::Topology;
use crate::up;

/// A world that runs tells its time at once.
const CALENDAR_WITHIN: Duration = Duration::from_secs(2);
/// Calendars that are no further apart are the same: the world tells seconds, and credentials last for thirty.
const APART_MAX_MS: i64 = 5_000;
/// What helps when the running world does not believe us.
const OTHER_SECRET: &str =
    "the running world has another secret: set JWT_SECRET (or --config) as it was started with";

/// Services to be asked, by name.
pub(crate) type Peers = BTreeMap<ServiceName, Peer>;

/// A world that answers its operator.
pub(crate) struct Operated {
    peers: Peers,
    opened: Option<Opened>,
}

/// A world that is there for the moment only.
struct Opened {
    topology: Topology,
    tasks: JoinSet<()>,
    trigger: Trigger,
}

impl Operated {
    /// The world at `home`; it counts as running when any process has the data of one of `needed`.
    pub(crate) async fn reach(home: HomeArgs, needed: &[ServiceName]) -> Result<Self, Failed> {
        let place = Place::load(&home)?;
        if is_running(&place.data_dir, needed)? {
            return Ok(Self { peers: running(&place, needed).await?, opened: None });
        }
        Self::opened(place, home.config, needed).await
    }

    /// The same, and a new world where there is none.
    pub(crate) async fn reach_or_make(home: HomeArgs, needed: &[ServiceName]) -> Result<Self, Failed> {
        let place = Place::load(&home)?;
        // Who made a world may have been killed before all of it was there.
        let is_there = |name: &ServiceName| home::existing_part(&place.data_dir, *name).is_ok();
        let there: Vec<_> = needed.iter().copied().filter(is_there).collect();
        if is_running(&place.data_dir, &there)? {
            return Ok(Self { peers: running(&place, needed).await?, opened: None });
        }
        Self::opened(place, home.config, needed).await
    }

    async fn opened(place: Place, file: Option<PathBuf>, needed: &[ServiceName]) -> Result<Self, Failed> {
        let opened = open(place, file).await?;
        let peer = |name: &ServiceName| (*name, opened.topology.peer(*name));
        Ok(Self { peers: needed.iter().map(peer).collect(), opened: Some(opened) })
    }

    /// The services that were needed.
    pub(crate) const fn peers(&self) -> &Peers {
        &self.peers
    }

    /// One of them.
    pub(crate) fn peer(&self, name: ServiceName) -> Result<&Peer, Failed> {
        peer(&self.peers, name)
    }

    /// Closes what was opened for the moment.
    pub(crate) async fn leave(self) {
        if let Some(Opened { topology, tasks, trigger }) = self.opened {
            trigger.fire();
            up::end(topology, tasks).await;
        }
    }
}

/// One of `peers`.
pub(crate) fn peer(peers: &Peers, name: ServiceName) -> Result<&Peer, Failed> {
    peers.get(&name).ok_or_else(|| format!("{} was not asked for", name.as_str()).into())
}

/// The operator's words for why a service did not do what it was asked.
pub(crate) fn explained(error: PeerError) -> Failed {
    match error {
        PeerError::Refused { status: StatusCode::UNAUTHORIZED, .. } => OTHER_SECRET.into(),
        other => other.into(),
    }
}

/// Whether any process has the data of one of `needed`.
fn is_running(data_dir: &Path, needed: &[ServiceName]) -> Result<bool, Failed> {
    let parts = needed.iter().map(|name| home::existing_part(data_dir, *name));
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    let mut is_running = false;
    for part in parts {
        is_running |= dir::is_locked(&part)?;
    }
    Ok(is_running)
}

/// The services of the running world.
async fn running(place: &Place, needed: &[ServiceName]) -> Result<Peers, Failed> {
    let data_dir = &place.data_dir;
    let world = home::running(data_dir);
    let secret = match &place.jwt_secret {
        Some(secret) => secret.clone(),
        // It may have been given to the world without being kept there; then none must be made.
        None if !data_dir.join("secret").exists() => return Err(OTHER_SECRET.into()),
        None => crate::secret::load_or_make(data_dir, &Entropy::system().stream("satchel", "secret"))?,
    };
    let (key, client) = (Key::derive(&secret), Connector::tcp().client());
    let clock = Clock::system();
    let peer = |service: &ServiceName| {
        let name = service.as_str();
        let noted = world.get(name).ok_or_else(|| {
            format!("the world in {} runs, but {name} is not ready or not part of it", data_dir.display())
        })?;
        let signer = Signer::new("satchel", &key, clock.clone());
        Ok::<_, Failed>((*service, Peer::new(name, noted.url.parse()?, client.clone(), signer)))
    };
    let peers: Peers = needed.iter().map(peer).collect::<Result<_, _>>()?;
    if let Some(asked) = peers.values().next()
        && let Some(there) = asked.calendar(CALENDAR_WITHIN).await
    {
        agree(&clock, there);
    }
    Ok(peers)
}

/// Brings `clock` to what the world's calendar shows: tests may have stopped that or set it, and credentials have dates.
fn agree(clock: &Clock, there: Timestamp) {
    let ahead_ms = there.as_millis() - clock.now().as_millis();
    if ahead_ms.abs() > APART_MAX_MS {
        clock.set_pace(Pace::Running { ahead_ms });
    }
}

/// Opens the services of a stopped world, without its gateway and on ports that nobody knows.
async fn open(place: Place, file: Option<PathBuf>) -> Result<Opened, Failed> {
    let Command::Up(mut args) = Cli::parse_from(["satchel", "up", "--ports", "auto"]).command else {
        return Err("the command line has no up".into());
    };
    (args.world.data_dir, args.world.config) = (Some(place.data_dir), file);
    // No limits, mail is kept, and what is hashed is hashed at full cost: an import may bring passwords.
    let mut config = Config::load(&args.world, Profile::Dev)?;
    config.only = ServiceName::KEEPERS.to_vec();
    (config.first_admin, config.control) = (None, None);
    let (trigger, shutdown) = shutdown::channel();
    let (topology, tasks) = up::start(config, &[], (trigger.clone(), shutdown), |_| Ok(())).await?;
    Ok(Opened { topology, tasks, trigger })
}
