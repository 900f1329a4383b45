//! Settings from flags, environment, file and defaults, in that order, checked before anything starts.
//!
//! The only place that reads the environment. The original's variable names work.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use chassis::secret::Secret;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use http::{HeaderValue, Uri};
use serde::{Deserialize, Serialize};

use crate::cli::{Ports, ServiceName, WorldArgs};
use crate::profile::Profile;
use crate::secret::EXPOSED_MIN;

/// Where a front end of the original expects to be, when nothing else is said.
const CLIENT_URL_DEFAULT: &str = "http://localhost:5173";
/// The variables that are read, in the lower case that figment gives them.
const NAMES: [&str; 17] = [
    "jwt_secret",
    "jwt_expires_in",
    "client_url",
    "auth_service_url",
    "user_service_url",
    "notes_service_url",
    "email_host",
    "email_port",
    "email_user",
    "email_pass",
    "email_from",
    "satchel_admin_email",
    "satchel_admin_password",
    "satchel_limits",
    "satchel_trusted_proxies",
    "satchel_log",
    "satchel_data_dir",
];
/// Secrets that stand in tutorials and sample files, which strangers try first.
const SAMPLE_SECRETS: [&str; 8] = [
    "your-256-bit-secret",
    "your_jwt_secret",
    "your-secret-key",
    "supersecret",
    "secret",
    "changeme",
    "jwt_secret",
    "a-string-secret-at-least-256-bits-long",
];

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

/// The settings as they are written, before any is checked.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Written {
    jwt_secret: Option<Text>,
    jwt_expires_in: Option<Text>,
    client_url: Option<Text>,
    auth_service_url: Option<Text>,
    user_service_url: Option<Text>,
    notes_service_url: Option<Text>,
    email_host: Option<Text>,
    email_port: Option<u16>,
    email_user: Option<Text>,
    email_pass: Option<Text>,
    email_from: Option<Text>,
    satchel_admin_email: Option<Text>,
    satchel_admin_password: Option<Text>,
    satchel_limits: Option<Text>,
    satchel_trusted_proxies: Option<Text>,
    satchel_log: Option<Text>,
    satchel_data_dir: Option<PathBuf>,
}

/// A text setting: figment reads a value such as `86400` or `true` as another type, though it was meant as text.
#[derive(Clone, Serialize)]
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = <figment::value::Value as Deserialize>::deserialize(deserializer)?;
        let text = match &value {
            figment::value::Value::String(_, text) => text.clone(),
            figment::value::Value::Bool(_, value) => value.to_string(),
            figment::value::Value::Num(_, number) => match (number.to_u128(), number.to_i128()) {
                (Some(number), _) => number.to_string(),
                (None, Some(number)) => number.to_string(),
                (None, None) => return Err(serde::de::Error::custom("put it in quotes: a text is expected")),
            },
            _ => return Err(serde::de::Error::custom("a text is expected")),
        };
        Ok(Self(text))
    }
}

/// Some of these are secrets.
impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Text(..)")
    }
}

/// A world's settings, all valid.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) profile: Profile,
    pub(crate) host: IpAddr,
    pub(crate) ports: Ports,
    pub(crate) only: Vec<ServiceName>,
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) strict: bool,
    pub(crate) seed: Option<u64>,
    pub(crate) limits_off: bool,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    pub(crate) jwt_secret: Option<Secret<String>>,
    pub(crate) token_lifetime: auth::TokenLifetime,
    pub(crate) client_url: HeaderValue,
    pub(crate) auth_url: Option<Uri>,
    pub(crate) user_url: Option<Uri>,
    pub(crate) notes_url: Option<Uri>,
    pub(crate) smtp: Option<auth::Smtp>,
    pub(crate) first_admin: Option<FirstAdmin>,
    pub(crate) log_filter: String,
}

/// An administrator to make on start.
#[derive(Clone, Debug)]
pub(crate) struct FirstAdmin {
    pub(crate) email: String,
    pub(crate) password: Secret<String>,
}

impl Config {
    /// Settles a world's settings; `profile` is the command's default.
    pub(crate) fn load(args: &WorldArgs, profile: Profile) -> Result<Self, ConfigError> {
        let written = Written::read(args.config.as_deref())?;
        let config = Self {
            profile: args.profile.unwrap_or(profile),
            host: args.host,
            ports: args.ports.unwrap_or(Ports::DEFAULT),
            only: services(&args.only),
            data_dir: args.data_dir.clone().or(written.satchel_data_dir),
            strict: args.strict,
            seed: args.seed,
            limits_off: limits_off(written.satchel_limits.as_ref())?,
            trusted_proxies: proxies(written.satchel_trusted_proxies.as_ref())?,
            jwt_secret: written.jwt_secret.map(|text| Secret::new(text.0)),
            token_lifetime: lifetime(written.jwt_expires_in.as_ref())?,
            client_url: client_url(written.client_url.as_ref())?,
            auth_url: url("AUTH_SERVICE_URL", written.auth_service_url.as_ref())?,
            user_url: url("USER_SERVICE_URL", written.user_service_url.as_ref())?,
            notes_url: url("NOTES_SERVICE_URL", written.notes_service_url.as_ref())?,
            smtp: written.email_host.map(|host| auth::Smtp {
                host: host.0,
                port: written.email_port,
                user: written.email_user.map(|text| text.0),
                password: written.email_pass.map(|text| Secret::new(text.0)),
                from: written.email_from.map(|text| text.0),
            }),
            first_admin: first_admin(written.satchel_admin_email, written.satchel_admin_password)?,
            log_filter: written.satchel_log.map_or_else(|| "info".to_owned(), |text| text.0),
        };
        config.check()?;
        Ok(config)
    }

    /// The settings that a command about an existing world needs: where it keeps its secret.
    pub(crate) fn secret_only(file: Option<&Path>) -> Result<Option<Secret<String>>, ConfigError> {
        Ok(Written::read(file)?.jwt_secret.map(|text| Secret::new(text.0)))
    }

    /// Whether this process runs `name`.
    pub(crate) fn runs(&self, name: ServiceName) -> bool {
        self.only.contains(&name)
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.seed.is_some() && self.profile != Profile::Ci {
            return Err(wrong("--seed", "makes every secret guessable and works with --profile ci only"));
        }
        if self.jwt_secret.as_ref().is_some_and(|secret| secret.expose().is_empty()) {
            return Err(wrong("JWT_SECRET", "is empty: give a value or leave it unset"));
        }
        if self.host.is_loopback() {
            return Ok(());
        }
        if self.profile == Profile::Ci {
            return Err(wrong("--host", "must be a loopback address with --profile ci, which has no limits"));
        }
        let strong = |secret: &Secret<String>| {
            secret.expose().len() >= EXPOSED_MIN && !SAMPLE_SECRETS.contains(&secret.expose().as_str())
        };
        if !self.jwt_secret.as_ref().is_some_and(strong) {
            let reason = "must be set to at least 32 characters of your own when --host is not loopback";
            return Err(wrong("JWT_SECRET", reason));
        }
        Ok(())
    }
}

impl Written {
    fn read(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(path) = file {
            if !path.is_file() {
                return Err(wrong("--config", format!("names {}, which is no file", path.display())));
            }
            figment = figment.merge(Toml::file_exact(path));
        }
        figment
            .merge(Env::raw().only(&NAMES))
            .extract()
            .map_err(|error| ConfigError::Unreadable(Box::new(error)))
    }
}

fn wrong(name: &'static str, reason: impl Into<String>) -> ConfigError {
    ConfigError::Wrong { name, reason: reason.into() }
}

fn services(only: &[ServiceName]) -> Vec<ServiceName> {
    if only.is_empty() { ServiceName::ALL.to_vec() } else { only.to_vec() }
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

fn lifetime(text: Option<&Text>) -> Result<auth::TokenLifetime, ConfigError> {
    let text = text.map_or("1d", |text| text.0.as_str());
    auth::TokenLifetime::parse(text).map_err(|reason| wrong("JWT_EXPIRES_IN", reason.to_string()))
}

fn client_url(text: Option<&Text>) -> Result<HeaderValue, ConfigError> {
    let text = text.map_or(CLIENT_URL_DEFAULT, |text| text.0.as_str()).trim_end_matches('/');
    let parsed = text.parse::<Uri>().ok().filter(|uri| uri.scheme().is_some() && uri.host().is_some());
    match (parsed, HeaderValue::from_str(text)) {
        (Some(_), Ok(value)) => Ok(value),
        _ => Err(wrong("CLIENT_URL", "must be an origin such as http://localhost:5173")),
    }
}

fn url(name: &'static str, text: Option<&Text>) -> Result<Option<Uri>, ConfigError> {
    let Some(Text(text)) = text else { return Ok(None) };
    let uri = text.parse::<Uri>().ok().filter(|uri| {
        uri.scheme_str() == Some("http") && uri.host().is_some() && matches!(uri.path(), "/" | "")
    });
    uri.map(Some).ok_or_else(|| wrong(name, "must be a base URL such as http://127.0.0.1:3001"))
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
