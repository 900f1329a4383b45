//! One service on its host: opened on the disk that the last life left, serving its real routes.

use std::cell::Cell;
use std::error::Error;
use std::future::{self, Future};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use chassis::clock::Clock;
use chassis::connect::Client;
use chassis::edge::Edge;
use chassis::entropy::Entropy;
use chassis::internal::{Key, Signer};
use chassis::secret::Secret;
use chassis::shutdown::{self, Shutdown};
use chassis::simulation::{Blow, take_blow};
use chassis::{dir, serve};
use http::{HeaderValue, Uri};
use turmoil::net::{TcpListener, TcpStream};

use crate::director::Director;
use crate::network::{Network, PORT};
use crate::trace::Trace;

/// What all services sign with.
pub(crate) const SECRET: &str = "the secret of a simulated world";

/// A service's host.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) name: &'static str,
    pub(crate) seed: u64,
    /// How often it started: each life has draws of its own.
    pub(crate) lives: Rc<Cell<u64>>,
    pub(crate) clock: Clock,
    pub(crate) network: Arc<Network>,
    pub(crate) director: Rc<Director>,
    pub(crate) data_dir: PathBuf,
    pub(crate) trace: Trace,
}

type Background = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs the service until it is killed.
pub(crate) async fn live(site: Site) -> turmoil::Result {
    site.lives.set(site.lives.get() + 1);
    let (_trigger, shutdown) = shutdown::channel();
    let opened = open(&site, &shutdown);
    if let (Ok(_), None | Some(Blow::Delay(_))) = (&opened, take_blow()) {
        let (edge, background) = opened?;
        let listener = Door(TcpListener::bind(("0.0.0.0", PORT)).await?);
        tokio::join!(serve::run(listener, edge, shutdown), background);
        return Ok(());
    }
    if let Err(error) = opened {
        // Where the data lies is different each time that a seed is run.
        let cause = error.to_string().replace(&*site.data_dir.to_string_lossy(), "its directory");
        site.trace.note(format_args!("{} cannot start: {cause}", site.name));
    }
    site.director.kill(site.name);
    future::pending().await
}

/// The address of the service `name`.
pub(crate) fn address(name: &str) -> Uri {
    format!("http://{name}:{PORT}").parse().expect("a host's address")
}

fn open(site: &Site, shutdown: &Shutdown) -> Result<(Edge, Background), Box<dyn Error>> {
    dir::folder(&site.data_dir)?;
    let client = site.network.connector(site.name).client();
    match site.name {
        "auth" => {
            let auth = auth::Auth::open(auth_config(site, client))?;
            Ok((auth.router(), Box::pin(auth.relay(shutdown.clone()))))
        }
        "user" => {
            let user = user::User::open(user_config(site, client))?;
            Ok((user.router(), Box::pin(user.relay(shutdown.clone()))))
        }
        "notes" => {
            let notes = notes::Notes::open(notes_config(site, client))?;
            Ok((notes.router(), Box::pin(future::pending())))
        }
        _ => {
            let gateway = gateway::Gateway::open(gateway_config(site, client))?;
            Ok((gateway.router(), Box::pin(future::pending())))
        }
    }
}

impl Site {
    fn entropy(&self) -> Entropy {
        Entropy::seeded(self.seed.wrapping_mul(1009).wrapping_add(self.lives.get()))
    }
}

const CLIENT_URL: HeaderValue = HeaderValue::from_static("http://localhost:5173");

fn secret() -> Secret<String> {
    Secret::new(SECRET.to_owned())
}

fn auth_config(site: &Site, client: Client) -> auth::Config {
    auth::Config {
        data_dir: site.data_dir.clone(),
        clock: site.clock.clone(),
        entropy: site.entropy(),
        secret: secret(),
        issuers: chassis::token::Issuers::default(),
        client_url: CLIENT_URL,
        client,
        user: address("user"),
        notes: address("notes"),
        token_lifetime: auth::TokenLifetime::parse("1d").expect("a lifetime"),
        hash_cost: auth::HashCost::Cheap,
        password_min: 8,
        tolerance: None,
        smtp: None,
        capture: None,
        accept_loss: false,
    }
}

fn user_config(site: &Site, client: Client) -> user::Config {
    user::Config {
        data_dir: site.data_dir.clone(),
        clock: site.clock.clone(),
        entropy: site.entropy(),
        secret: secret(),
        issuers: chassis::token::Issuers::default(),
        client_url: CLIENT_URL,
        client,
        auth: address("auth"),
        notes: address("notes"),
        accept_loss: false,
    }
}

fn notes_config(site: &Site, client: Client) -> notes::Config {
    notes::Config {
        data_dir: site.data_dir.clone(),
        clock: site.clock.clone(),
        entropy: site.entropy(),
        secret: secret(),
        issuers: chassis::token::Issuers::default(),
        client_url: CLIENT_URL,
        client,
        auth: address("auth"),
        user: address("user"),
        strict: false,
        accept_loss: false,
    }
}

fn gateway_config(site: &Site, client: Client) -> gateway::Config {
    gateway::Config {
        clock: site.clock.clone(),
        entropy: site.entropy(),
        client_url: CLIENT_URL,
        client,
        signer: Signer::new("gateway", &Key::derive(&secret()), site.clock.clone()),
        auth_uri: address("auth"),
        user_uri: address("user"),
        notes_uri: address("notes"),
        deadline: gateway::DEADLINE,
        quota: None,
        burst: None,
        trusted_proxies: Vec::new(),
    }
}

/// A simulated listener, as the accept loop takes it.
struct Door(TcpListener);

impl serve::Listener for Door {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        self.0.accept().await
    }
}
