//! Administrators made by the operator: `satchel admin`, and the first one from the environment.
//!
//! Roles belong to the user service; this asks auth who owns the e-mail and tells user the role, over their
//! internal routes. When no world is running, the two services are opened for the moment of the call.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use chassis::clock::Clock;
use chassis::connect::Connector;
use chassis::contract::{AccountFound, Role, RoleChange};
use chassis::dir;
use chassis::entropy::Entropy;
use chassis::internal::{Key, Signer};
use chassis::peer::{Peer, PeerError};
use chassis::shutdown;
use clap::Parser;
use http::{Method, StatusCode};
use serde_json::json;

use crate::Failed;
use crate::cli::{AdminArgs, AdminChange, Cli, Command, ServiceName};
use crate::config::{Config, FirstAdmin, Place};
use crate::console;
use crate::home;
use crate::profile::Profile;
use crate::topology::Topology;
use crate::up;

/// An operator's call may meet a service that is busy hashing.
const DEADLINE: Duration = Duration::from_secs(10);

/// What helps when the running world does not believe us.
const OTHER_SECRET: &str =
    "the running world has another secret: set JWT_SECRET (or --config) as it was started with";

/// Runs `satchel admin grant|revoke`.
pub(crate) async fn admin(args: AdminArgs) -> Result<ExitCode, Failed> {
    let (email, role) = match args.change {
        AdminChange::Grant { email } => (email, Role::Admin),
        AdminChange::Revoke { email } => (email, Role::User),
    };
    let place = Place::load(&args.home)?;
    if is_running(&place.data_dir)? {
        let [auth, user] = running(&place)?;
        set_role(&auth, &user, &email, role).await?;
    } else {
        stopped(place, args.home.config, &email, role).await?;
    }
    console::say(&format!("{email} now has the role {}", role.as_str()));
    Ok(ExitCode::SUCCESS)
}

/// Whether any process has the data of auth or user, which a role concerns.
fn is_running(data_dir: &Path) -> Result<bool, Failed> {
    let auth = home::existing_part(data_dir, ServiceName::Auth)?;
    let user = home::existing_part(data_dir, ServiceName::User)?;
    Ok(dir::is_locked(&auth)? || dir::is_locked(&user)?)
}

/// The auth and user services of the running world.
fn running(place: &Place) -> Result<[Peer; 2], Failed> {
    let data_dir = &place.data_dir;
    let world = home::running(data_dir);
    let secret = match &place.jwt_secret {
        Some(secret) => secret.clone(),
        // It may have been given to the world without being kept there; then none must be made.
        None if !data_dir.join("secret").exists() => return Err(OTHER_SECRET.into()),
        None => crate::secret::load_or_make(data_dir, &Entropy::system().stream("satchel", "secret"))?,
    };
    let (key, client) = (Key::derive(&secret), Connector::tcp().client());
    let peer = |name: ServiceName| {
        let name = name.as_str();
        let noted = world.get(name).ok_or_else(|| {
            format!("the world in {} runs, but {name} is not ready or not part of it", data_dir.display())
        })?;
        let signer = Signer::new("satchel", &key, Clock::system());
        Ok::<_, Failed>(Peer::new(name, noted.url.parse()?, client.clone(), signer))
    };
    Ok([peer(ServiceName::Auth)?, peer(ServiceName::User)?])
}

/// Opens the services of a stopped world, without its gateway and on ports that nobody knows.
async fn stopped(place: Place, file: Option<PathBuf>, email: &str, role: Role) -> Result<(), Failed> {
    let Command::Up(mut args) = Cli::parse_from(["satchel", "up", "--ports", "auto"]).command else {
        return Err("the command line has no up".into());
    };
    (args.world.data_dir, args.world.config) = (Some(place.data_dir), file);
    let mut config = Config::load(&args.world, Profile::Ci)?;
    config.only = vec![ServiceName::Auth, ServiceName::User, ServiceName::Notes];
    config.first_admin = None;
    let (trigger, shutdown) = shutdown::channel();
    let (topology, tasks) = up::start(config, &[], (trigger.clone(), shutdown), |_| Ok(())).await?;
    let (auth, user) = (topology.peer(ServiceName::Auth), topology.peer(ServiceName::User));
    let done = set_role(&auth, &user, email, role).await;
    trigger.fire();
    up::end(topology, tasks).await;
    done
}

async fn set_role(auth: &Peer, user: &Peer, email: &str, role: Role) -> Result<(), Failed> {
    let account = find(auth, email).await?.ok_or_else(|| format!("no account has the e-mail {email}"))?;
    let path = format!("/internal/accounts/{}/role", account.account);
    let change = RoleChange { role, version: 0 };
    user.call(Method::PUT, &path, Some(&change), DEADLINE).await.map_err(explained)?;
    Ok(())
}

/// Makes sure that the account of `admin` exists and has the role.
pub(crate) async fn ensure(topology: &Topology, admin: &FirstAdmin) -> Result<(), Failed> {
    let (auth, user) = (topology.peer(ServiceName::Auth), topology.peer(ServiceName::User));
    if find(&auth, &admin.email).await?.is_none() {
        let body = json!({ "email": admin.email, "password": admin.password.expose() });
        auth.call(Method::POST, "/auth/register", Some(&body), DEADLINE)
            .await
            .map_err(|error| format!("SATCHEL_ADMIN_EMAIL cannot be registered: {error}"))?;
    }
    set_role(&auth, &user, &admin.email, Role::Admin).await
}

async fn find(auth: &Peer, email: &str) -> Result<Option<AccountFound>, Failed> {
    let email: String =
        email
            .bytes()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect();
    let path = format!("/internal/accounts?email={email}");
    match auth.call(Method::GET, &path, None::<&()>, DEADLINE).await {
        Ok(found) => Ok(Some(serde_json::from_value(found)?)),
        Err(PeerError::Refused { status: StatusCode::NOT_FOUND, .. }) => Ok(None),
        Err(error) => Err(explained(error)),
    }
}

fn explained(error: PeerError) -> Failed {
    match error {
        PeerError::Refused { status: StatusCode::UNAUTHORIZED, .. } => OTHER_SECRET.into(),
        other => other.into(),
    }
}
