//! How each service is made in this world: its settings, from those of the world.
//!
//! A service may be made more than once, from another folder each time; what it does then is its own business.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chassis::clock::Clock;
use chassis::connect::Client;
use chassis::entropy::Entropy;
use chassis::internal::{Key, Signer};
use chassis::peer::Peer;
use chassis::secret::Secret;
use chassis::token::Issuers;
use http::Uri;

use super::catcher::Catcher;
use super::instruments::Instruments;
use super::service::Service;
use crate::Failed;
use crate::cli::ServiceName;
use crate::config::Config;
use crate::operated::Peers;

/// What the services of this process share, and where all services are.
pub(crate) struct Recipe {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) secret: Secret<String>,
    pub(crate) issuers: Issuers,
    pub(crate) client: Client,
    /// Where the mail of other programs is caught.
    pub(crate) catcher: Option<Catcher>,
    /// What tests see and disturb each service of this process with; none in a world without control.
    pub(crate) instruments: BTreeMap<ServiceName, Instruments>,
    pub(crate) urls: BTreeMap<ServiceName, Uri>,
}

/// What is particular to one making of a service.
pub(crate) struct Making {
    /// Where it keeps its data; the gateway keeps none.
    pub(crate) dir: PathBuf,
    pub(crate) entropy: Entropy,
}

impl Recipe {
    /// Makes the service `name`. Blocks for as long as its store takes to open; the gateway needs a runtime.
    pub(super) fn make(&self, name: ServiceName, making: Making) -> Result<Service, Failed> {
        Ok(match name {
            ServiceName::Gateway => Service::Gateway(gateway::Gateway::open(self.gateway(making))?),
            ServiceName::Auth => Service::Auth(auth::Auth::open(self.auth(making))?),
            ServiceName::User => Service::User(user::User::open(self.user(making))?),
            ServiceName::Notes => Service::Notes(notes::Notes::open(self.notes(making))?),
        })
    }

    /// The service `name`, called by the command line.
    pub(crate) fn peer(&self, name: ServiceName) -> Peer {
        let signer = Signer::new("satchel", &Key::derive(&self.secret), self.clock.clone());
        Peer::new(name.as_str(), self.url(name), self.client.clone(), signer)
    }

    /// The services that keep something, wherever they run, called by the command line.
    pub(crate) fn peers(&self) -> Peers {
        ServiceName::KEEPERS.into_iter().map(|name| (name, self.peer(name))).collect()
    }

    /// The process that hosts the service `name`, called by control.
    pub(crate) fn host(&self, name: ServiceName) -> Peer {
        let signer = Signer::of_control(&self.secret);
        Peer::new(name.as_str(), self.url(name), self.client.clone(), signer)
    }

    /// Where the service `name` is.
    pub(crate) fn url(&self, name: ServiceName) -> Uri {
        self.urls.get(&name).cloned().unwrap_or_default()
    }

    /// The connections of the service `name` to others.
    fn client(&self, name: ServiceName) -> Client {
        match self.instruments.get(&name) {
            Some(instruments) => self.client.clone().meeting(instruments.faults.clone()),
            None => self.client.clone(),
        }
    }

    fn auth(&self, making: Making) -> auth::Config {
        auth::Config {
            data_dir: making.dir,
            clock: self.clock.clone(),
            entropy: making.entropy,
            secret: self.secret.clone(),
            issuers: self.issuers.clone(),
            client_url: self.config.client_url.clone(),
            client: self.client(ServiceName::Auth),
            user: self.url(ServiceName::User),
            notes: self.url(ServiceName::Notes),
            token_lifetime: self.config.token_lifetime,
            hash_cost: self.config.profile.hash_cost(),
            password_min: if self.config.strict { 15 } else { 8 },
            tolerance: self.config.profile.tolerance().filter(|_| !self.config.limits_off),
            smtp: self.config.smtp.clone().filter(|_| !self.config.profile.captures_mail()),
            capture: self.catcher.as_ref().map(|catcher| catcher.capture.clone()),
            accept_loss: self.config.accept_loss,
        }
    }

    fn user(&self, making: Making) -> user::Config {
        user::Config {
            data_dir: making.dir,
            clock: self.clock.clone(),
            entropy: making.entropy,
            secret: self.secret.clone(),
            issuers: self.issuers.clone(),
            client_url: self.config.client_url.clone(),
            client: self.client(ServiceName::User),
            auth: self.url(ServiceName::Auth),
            notes: self.url(ServiceName::Notes),
            accept_loss: self.config.accept_loss,
        }
    }

    fn notes(&self, making: Making) -> notes::Config {
        notes::Config {
            data_dir: making.dir,
            clock: self.clock.clone(),
            entropy: making.entropy,
            secret: self.secret.clone(),
            issuers: self.issuers.clone(),
            client_url: self.config.client_url.clone(),
            strict: self.config.strict,
            accept_loss: self.config.accept_loss,
            client: self.client(ServiceName::Notes),
            auth: self.url(ServiceName::Auth),
            user: self.url(ServiceName::User),
        }
    }

    fn gateway(&self, making: Making) -> gateway::Config {
        let limited = !self.config.limits_off;
        let signer = Signer::new("gateway", &Key::derive(&self.secret), self.clock.clone());
        gateway::Config {
            clock: self.clock.clone(),
            entropy: making.entropy,
            client_url: self.config.client_url.clone(),
            client: self.client(ServiceName::Gateway),
            signer,
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
