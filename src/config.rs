//! Settings from flags, environment, file and defaults, in that order, checked before anything starts.
//!
//! The only place that reads the environment. The original's variable names work.

use std::net::IpAddr;
use std::num::{NonZeroU16, NonZeroUsize};
use std::path::PathBuf;

use chassis::clock::Timestamp;
use chassis::secret::Secret;
use chassis::serve::CONNECTIONS_MAX;
use http::{HeaderValue, Uri};
use tracing_subscriber::EnvFilter;

use self::written::{Text, Written};
use crate::cli::{HomeArgs, Ports, ServiceName, WorldArgs};
use crate::profile::Profile;
use crate::secret::strength::{Weakness, weakness};

mod written;

/// Where a front end of the original expects to be, when nothing else is said.
const CLIENT_URL_DEFAULT: &str = "http://localhost:5173";
/// Where a world lives unless told otherwise.
pub(crate) const DATA_DIR: &str = "data";
/// Where the control API is when it is asked for without a port, beside the gateway's 8000.
const CONTROL_PORT: u16 = 8001;

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file or the environment does not parse.
    #[error("the settings cannot be read: {0}")]
    Unreadable(Box<figment::Error>),
    /// One setting is wrong.
    #[error("{name} {reason}")]
    Wrong {
        /// The flag or variable, as the person wrote it.
        name: &'static str,
        /// What is wrong, and what would be right.
        reason: String,
    },
}

/// A world's settings, all valid.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "settings that are on or off, each for itself")]
pub(crate) struct Config {
    pub(crate) profile: Profile,
    pub(crate) host: IpAddr,
    pub(crate) ports: Ports,
    pub(crate) only: Vec<ServiceName>,
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) strict: bool,
    pub(crate) accept_loss: bool,
    pub(crate) seed: Option<u64>,
    /// The port of the control API, 0 for a free one; none in a world that nobody steers.
    pub(crate) control: Option<u16>,
    /// Whether control was asked for, and is not only there because of the profile.
    pub(crate) is_control_asked: bool,
    /// Where the calendar stands from the start.
    pub(crate) frozen_at: Option<Timestamp>,
    pub(crate) limits_off: bool,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    /// Connections that the gateway takes at a time.
    pub(crate) connections: usize,
    /// The same for one address.
    pub(crate) connections_per_address: usize,
    pub(crate) jwt_secret: Option<Secret<String>>,
    pub(crate) token_lifetime: auth::TokenLifetime,
    pub(crate) client_url: HeaderValue,
    pub(crate) auth_url: Option<Uri>,
    pub(crate) user_url: Option<Uri>,
    pub(crate) notes_url: Option<Uri>,
    pub(crate) smtp: Option<auth::Smtp>,
    /// The port of loopback where the mail of other programs is caught, 0 for a free one.
    pub(crate) smtp_capture: Option<u16>,
    pub(crate) first_admin: Option<FirstAdmin>,
    pub(crate) log_filter: String,
}

/// An administrator to make on start.
#[derive(Clone, Debug)]
pub(crate) struct FirstAdmin {
    pub(crate) email: String,
    pub(crate) password: Secret<String>,
}

/// Where an existing world is, for commands that do not start one, and its secret if that is not kept there.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) data_dir: PathBuf,
    pub(crate) jwt_secret: Option<Secret<String>>,
}

impl Config {
    /// Settles a world's settings; `profile` is the command's default.
    pub(crate) fn load(args: &WorldArgs, profile: Profile) -> Result<Self, ConfigError> {
        Self::settle(args, profile, Written::read(args.config.as_deref())?)
    }

    fn settle(args: &WorldArgs, profile: Profile, written: Written) -> Result<Self, ConfigError> {
        let only = services(&args.only);
        let url = |name, setting, text| peer_url(&only, name, setting, text);
        let config = Self {
            smtp: smtp(&written)?,
            smtp_capture: args.smtp_capture,
            profile: args.profile.unwrap_or(profile),
            host: args.host,
            ports: args.ports.unwrap_or(Ports::DEFAULT),
            data_dir: data_dir(args.data_dir.as_ref(), written.satchel_data_dir).filter(|_| !args.ephemeral),
            strict: args.strict,
            accept_loss: args.accept_loss,
            seed: args.seed,
            control: control(args, args.profile.unwrap_or(profile)),
            is_control_asked: args.control.is_some(),
            frozen_at: args.clock,
            limits_off: limits_off(written.satchel_limits.as_ref())?,
            trusted_proxies: proxies(written.satchel_trusted_proxies.as_ref())?,
            connections: count("SATCHEL_CONNECTIONS", written.satchel_connections.as_ref(), CONNECTIONS_MAX)?,
            connections_per_address: count(
                "SATCHEL_CONNECTIONS_PER_ADDRESS",
                written.satchel_connections_per_address.as_ref(),
                args.profile.unwrap_or(profile).connections_per_address(),
            )?,
            jwt_secret: secret(written.jwt_secret)?,
            token_lifetime: lifetime(written.jwt_expires_in.as_ref())?,
            client_url: client_url(written.client_url.as_ref())?,
            auth_url: url(ServiceName::Auth, "AUTH_SERVICE_URL", written.auth_service_url)?,
            user_url: url(ServiceName::User, "USER_SERVICE_URL", written.user_service_url)?,
            notes_url: url(ServiceName::Notes, "NOTES_SERVICE_URL", written.notes_service_url)?,
            first_admin: first_admin(written.satchel_admin_email, written.satchel_admin_password)?,
            log_filter: log_filter(written.satchel_log)?,
            only,
        };
        config.check()?;
        Ok(config)
    }

    /// Whether this process runs `name`.
    pub(crate) fn runs(&self, name: ServiceName) -> bool {
        self.only.contains(&name)
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.seed.is_some() && self.profile != Profile::Ci {
            return Err(wrong("--seed", "makes every secret guessable and works with --profile ci only"));
        }
        if self.frozen_at.is_some() && self.profile != Profile::Ci {
            return Err(wrong("--clock", "lets no token ever expire and works with --profile ci only"));
        }
        if self.smtp_capture.is_some() && !self.runs(ServiceName::Auth) {
            return Err(wrong(
                "--smtp-capture",
                "puts mail into the mailbox of auth: run auth in this process too",
            ));
        }
        if !self.host.is_loopback() {
            self.check_host()?;
        }
        if self.is_reached_from_elsewhere() { self.check_secret() } else { Ok(()) }
    }

    fn check_host(&self) -> Result<(), ConfigError> {
        if self.control.is_some() && self.profile != Profile::Ci {
            return Err(wrong(
                "--control",
                "lets anybody do anything: --host must be a loopback address with it",
            ));
        }
        if self.profile == Profile::Ci {
            return Err(wrong("--host", "must be a loopback address with --profile ci, which has no limits"));
        }
        Ok(())
    }

    /// Whether another machine can reach a service of this process, or has one that this process asks.
    fn is_reached_from_elsewhere(&self) -> bool {
        let peers = [&self.auth_url, &self.user_url, &self.notes_url];
        !self.host.is_loopback() || peers.into_iter().flatten().any(|url| !is_loopback(url))
    }

    fn check_secret(&self) -> Result<(), ConfigError> {
        let weakness = match &self.jwt_secret {
            Some(secret) => weakness(secret.expose()),
            None => Some(Weakness::Absent),
        };
        weakness.map_or(Ok(()), |weakness| {
            Err(wrong(
                "JWT_SECRET",
                format!(
                    "{weakness}: where other machines come in it must be 32 bytes of your own at least, such as \
                     `openssl rand -hex 32` prints, and the same for all services"
                ),
            ))
        })
    }
}

impl Place {
    /// Settles which world a command is about.
    pub(crate) fn load(args: &HomeArgs) -> Result<Self, ConfigError> {
        Self::settle(args, Written::read(args.config.as_deref())?)
    }

    fn settle(args: &HomeArgs, written: Written) -> Result<Self, ConfigError> {
        let data_dir = data_dir(args.data_dir.as_ref(), written.satchel_data_dir);
        Ok(Self {
            data_dir: data_dir.unwrap_or_else(|| DATA_DIR.into()),
            jwt_secret: secret(written.jwt_secret)?,
        })
    }
}

fn wrong(name: &'static str, reason: impl Into<String>) -> ConfigError {
    ConfigError::Wrong { name, reason: reason.into() }
}

/// The port of the control API: asked for, or taken for granted where nobody but tests comes.
fn control(args: &WorldArgs, profile: Profile) -> Option<u16> {
    let is_auto = args.ports == Some(Ports::AUTO);
    match (args.control, profile) {
        (Some(Some(port)), _) => Some(port),
        (Some(None), _) if is_auto => Some(0),
        (Some(None), _) => Some(CONTROL_PORT),
        (None, Profile::Ci) => Some(0),
        (None, Profile::Original | Profile::Dev) => None,
    }
}

fn services(only: &[ServiceName]) -> Vec<ServiceName> {
    if only.is_empty() { ServiceName::ALL.to_vec() } else { only.to_vec() }
}

fn data_dir(flag: Option<&PathBuf>, text: Option<Text>) -> Option<PathBuf> {
    flag.cloned().or_else(|| text.map(|text| text.0.into()))
}

fn secret(text: Option<Text>) -> Result<Option<Secret<String>>, ConfigError> {
    match text {
        Some(Text(text)) if text.is_empty() => {
            Err(wrong("JWT_SECRET", "is empty: give a value or leave it unset"))
        }
        text => Ok(text.map(|text| Secret::new(text.0))),
    }
}

fn limits_off(text: Option<&Text>) -> Result<bool, ConfigError> {
    match text.map(|text| text.0.as_str()) {
        None | Some("on") => Ok(false),
        Some("off") => Ok(true),
        Some(_) => Err(wrong("SATCHEL_LIMITS", "is on or off")),
    }
}

fn proxies(text: Option<&Text>) -> Result<Vec<IpAddr>, ConfigError> {
    let addresses = text.map(|text| text.0.as_str()).unwrap_or_default().split(',').map(str::trim);
    addresses
        .filter(|address| !address.is_empty())
        .map(|address| {
            address.parse().map_err(|_unparsed| {
                wrong("SATCHEL_TRUSTED_PROXIES", format!("has {address}, which is no IP address"))
            })
        })
        .collect()
}

/// A number of things of which there must be some.
fn count(name: &'static str, text: Option<&Text>, default: usize) -> Result<usize, ConfigError> {
    let Some(Text(text)) = text else { return Ok(default) };
    match text.parse::<NonZeroUsize>() {
        Ok(count) => Ok(count.get()),
        Err(_) => Err(wrong(name, format!("is {text}, which is no number of at least 1"))),
    }
}

fn lifetime(text: Option<&Text>) -> Result<auth::TokenLifetime, ConfigError> {
    let text = text.map_or("1d", |text| text.0.as_str());
    auth::TokenLifetime::parse(text).map_err(|reason| wrong("JWT_EXPIRES_IN", reason.to_string()))
}

fn client_url(text: Option<&Text>) -> Result<HeaderValue, ConfigError> {
    let text = text.map_or(CLIENT_URL_DEFAULT, |text| text.0.as_str());
    let text = text.strip_suffix('/').unwrap_or(text);
    match (is_origin(text), HeaderValue::from_str(text)) {
        (true, Ok(value)) => Ok(value),
        _ => Err(wrong("CLIENT_URL", "must be an origin such as http://localhost:5173, without a path")),
    }
}

/// Whether `text` is a scheme, a host and perhaps a port: what a browser sends as `Origin`.
fn is_origin(text: &str) -> bool {
    let Some((_, authority)) = text.split_once("://") else { return false };
    let is_bare = !authority.contains(['/', '?', '#', '@']);
    is_bare && text.parse::<Uri>().is_ok_and(|uri| uri.host().is_some())
}

/// The URL of a service that runs elsewhere; of one that runs here it is not needed and not looked at.
fn peer_url(
    here: &[ServiceName],
    name: ServiceName,
    setting: &'static str,
    text: Option<Text>,
) -> Result<Option<Uri>, ConfigError> {
    let Some(Text(text)) = text.filter(|_| !here.contains(&name)) else { return Ok(None) };
    let uri = text.parse::<Uri>().ok().filter(|uri| {
        uri.scheme_str() == Some("http")
            && uri.host().is_some()
            && matches!(uri.path(), "/" | "")
            && uri.query().is_none()
    });
    uri.map(Some).ok_or_else(|| wrong(setting, "must be a base URL such as http://127.0.0.1:3001"))
}

/// Whether the host of `url` is this machine, for sure.
fn is_loopback(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn port(text: Option<&Text>) -> Result<Option<u16>, ConfigError> {
    let Some(Text(text)) = text else { return Ok(None) };
    match text.parse::<NonZeroU16>() {
        Ok(port) => Ok(Some(port.get())),
        Err(_) => Err(wrong("EMAIL_PORT", format!("is {text}, which is no port number such as 587"))),
    }
}

/// The mail server, if one is named.
fn smtp(written: &Written) -> Result<Option<auth::Smtp>, ConfigError> {
    let text = |setting: &Option<Text>| setting.as_ref().map(|text| text.0.clone());
    let port = port(written.email_port.as_ref())?;
    Ok(text(&written.email_host).map(|host| auth::Smtp {
        host,
        port,
        user: text(&written.email_user),
        password: text(&written.email_pass).map(Secret::new),
        from: text(&written.email_from),
    }))
}

fn log_filter(text: Option<Text>) -> Result<String, ConfigError> {
    let text = text.map_or_else(|| "info".to_owned(), |text| text.0);
    match EnvFilter::try_new(&text) {
        Ok(_) => Ok(text),
        Err(error) => {
            Err(wrong("SATCHEL_LOG", format!("is no filter such as info or warn,auth=debug: {error}")))
        }
    }
}

fn first_admin(email: Option<Text>, password: Option<Text>) -> Result<Option<FirstAdmin>, ConfigError> {
    match (email, password) {
        (None, None) => Ok(None),
        (Some(email), Some(password)) => {
            Ok(Some(FirstAdmin { email: email.0, password: Secret::new(password.0) }))
        }
        (Some(_), None) => Err(wrong("SATCHEL_ADMIN_PASSWORD", "must be set with SATCHEL_ADMIN_EMAIL")),
        (None, Some(_)) => Err(wrong("SATCHEL_ADMIN_EMAIL", "must be set with SATCHEL_ADMIN_PASSWORD")),
    }
}

#[cfg(test)]
mod tests;
