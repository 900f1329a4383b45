//! Exchanges between hosts, and what the weather makes of each.
//!
//! Partitions and holds are turmoil's; here single requests and answers are lost, come late or come twice. A
//! request that comes late or again travels on a host of its own, so that it also survives its sender.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chassis::connect::{Connector, Stream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use turmoil::net::TcpStream;

use crate::tap::Tap;
use crate::trace::Trace;

/// Every service listens here, each on a host of its own.
pub(crate) const PORT: u16 = 3000;
/// As the product's own connector gives up on a connection.
const CONNECT_MAX: Duration = Duration::from_secs(1);
/// How long a copy waits for the answer that nobody reads.
const COPY_MAX: Duration = Duration::from_secs(5);
/// Between two looks for copies that are due.
const LOOK: Duration = Duration::from_millis(10);

/// What becomes of one exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Request and answer arrive.
    Arrives,
    /// The request is never received.
    RequestLost,
    /// The request is received, its answer is not.
    AnswerLost,
    /// The request is received, the connection ends instead of an answer.
    Reset,
    /// The request is received this much later, also when its sender waits no more.
    Late(Duration),
    /// Somebody else answers with this status, whether or not the request arrives: a planted bug.
    Forged { status: u16, arrives: bool },
    /// Request and answer arrive, and the request once more this much later.
    Twice(Duration),
}

/// One request, as the network sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange<'a> {
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    /// Method and path.
    pub(crate) line: &'a str,
}

impl Exchange<'_> {
    /// Whether one service asks another, which must bear to be asked twice.
    pub(crate) fn is_internal(&self) -> bool {
        self.line.contains(" /internal/")
    }
}

/// Decides the fate of exchanges.
pub(crate) type Weather = Box<dyn FnMut(&Exchange<'_>) -> Fate + Send>;

/// The network of one run.
pub(crate) struct Network {
    weather: Mutex<Weather>,
    copies: Mutex<Vec<Copy>>,
    /// Copies that were sent and not answered.
    carried: AtomicUsize,
    trace: Trace,
    bug: Option<&'static str>,
}

/// A request that is still to arrive, answered or not.
struct Copy {
    due_ms: u64,
    to: &'static str,
    bytes: Vec<u8>,
}

impl Network {
    /// A network on which everything arrives.
    pub(crate) fn new(bug: Option<&'static str>, trace: Trace) -> Arc<Self> {
        let weather: Weather = Box::new(|_| Fate::Arrives);
        Arc::new(Self {
            weather: Mutex::new(weather),
            copies: Mutex::default(),
            carried: AtomicUsize::new(0),
            trace,
            bug,
        })
    }

    /// Changes the weather.
    pub(crate) fn set_weather(&self, weather: Weather) {
        *self.weather.lock().unwrap_or_else(PoisonError::into_inner) = weather;
    }

    /// The way of the host `from` to every other.
    pub(crate) fn connector(self: &Arc<Self>, from: &'static str) -> Connector {
        let network = Arc::clone(self);
        Connector::new(move |uri| {
            let network = Arc::clone(&network);
            async move {
                let to = known(uri.host().unwrap_or_default())?;
                let stream = tokio::time::timeout(CONNECT_MAX, TcpStream::connect((to, PORT))).await??;
                Ok(Box::new(Tap::new(stream, network, from, to)) as Box<dyn Stream>)
            }
        })
    }

    /// Asks what becomes of `exchange`.
    pub(crate) fn fate(&self, exchange: &Exchange<'_>) -> Fate {
        let fate = (self.weather.lock().unwrap_or_else(PoisonError::into_inner))(exchange);
        let fate = self.forged(exchange, fate);
        self.trace.note(format_args!("{} > {} {} {fate:?}", exchange.from, exchange.to, exchange.line));
        fate
    }

    /// What a bug makes of a lost exchange between services.
    fn forged(&self, exchange: &Exchange<'_>, fate: Fate) -> Fate {
        let is_lost = matches!(fate, Fate::RequestLost | Fate::AnswerLost | Fate::Reset);
        let is_registration =
            exchange.line.contains("/internal/profiles/") && !exchange.line.ends_with("abort");
        match self.bug {
            Some("an unknown outcome is taken for done") if is_lost && exchange.is_internal() => {
                if is_registration {
                    fate
                } else {
                    Fate::Forged { status: 200, arrives: false }
                }
            }
            Some("an unknown outcome is taken for a refusal") if is_lost && is_registration => {
                Fate::Forged { status: 409, arrives: true }
            }
            _ => fate,
        }
    }

    /// The present simulated time, in milliseconds.
    pub(crate) fn now_ms(&self) -> u64 {
        self.trace.now_ms()
    }

    /// Lets a request arrive by itself.
    pub(crate) fn copy(&self, to: &'static str, bytes: Vec<u8>, due_ms: u64) {
        self.copies.lock().unwrap_or_else(PoisonError::into_inner).push(Copy { due_ms, to, bytes });
    }

    /// Whether a request is still to arrive, or to be answered.
    pub(crate) fn is_busy(&self) -> bool {
        self.carried.load(Ordering::Relaxed) > 0
            || !self.copies.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Carries copies for as long as the run takes.
    pub(crate) async fn carry_copies(self: Arc<Self>) -> turmoil::Result {
        loop {
            tokio::time::sleep(LOOK).await;
            for copy in self.due() {
                self.trace.note(format_args!("a copy comes to {}", copy.to));
                let network = Arc::clone(&self);
                network.carried.fetch_add(1, Ordering::Relaxed);
                tokio::task::spawn_local(async move {
                    // Nobody minds what becomes of it.
                    let _end = tokio::time::timeout(COPY_MAX, deliver(copy)).await;
                    network.carried.fetch_sub(1, Ordering::Relaxed);
                });
            }
        }
    }

    fn due(&self) -> Vec<Copy> {
        let now = self.now_ms();
        let mut copies = self.copies.lock().unwrap_or_else(PoisonError::into_inner);
        let (due, later) = copies.drain(..).partition(|copy| copy.due_ms <= now);
        *copies = later;
        due
    }
}

async fn deliver(copy: Copy) -> io::Result<()> {
    let mut stream = TcpStream::connect((copy.to, PORT)).await?;
    stream.write_all(&copy.bytes).await?;
    stream.read_u8().await.map(drop)
}

fn known(host: &str) -> io::Result<&'static str> {
    let found = crate::stage::HOSTS.into_iter().find(|known| *known == host);
    found.ok_or_else(|| io::ErrorKind::NotFound.into())
}
