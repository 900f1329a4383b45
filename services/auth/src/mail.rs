//! Mails to people: what they say, and how they leave.
//!
//! With an SMTP server they go there, without one into the mailbox in the data directory, where mails of other
//! programs may be caught too. Who gets a mail is decided by the service; nothing here knows an account.

use std::sync::Arc;
use std::time::Duration;

use chassis::blocking;
use chassis::clock::Clock;
use chassis::email::Email;
use tokio::sync::mpsc;
use tokio::time::Instant;

mod capture;
mod letter;
mod mailbox;
mod smtp;

pub use capture::Capture;
pub(crate) use capture::run as catch;
pub(crate) use letter::Letter;
pub use mailbox::{Filter, Mail, Mailbox};
pub(crate) use mailbox::{Page, Unserved};
pub(crate) use smtp::Carrier;
pub use smtp::Smtp;

/// Where the mailbox is in the data directory of auth.
pub(crate) const FOLDER: &str = "mailbox";
/// Forgotten passwords that wait to be looked up: more than a minute's work is a flood, and dropped.
const WAITING_MAX: usize = 256;

/// How long a forgotten password rests before it is looked up. Its answer goes out meanwhile, through the gateway too:
/// nobody can tell by the time it took whether there was anything to look up (PROMISES.md E1).
const REST: Duration = Duration::from_millis(5);

/// Takes e-mails of people who forgot their password, to be dealt with after they were answered.
#[derive(Debug)]
pub(crate) struct Desk(mpsc::Sender<Slip>);

/// Someone forgot the password of `email`.
#[derive(Debug)]
pub(crate) struct Slip {
    pub(crate) email: Email,
    /// When to look it up.
    pub(crate) due: Instant,
}

/// The other side of the desk.
pub(crate) type Slips = mpsc::Receiver<Slip>;

impl Desk {
    /// A desk and what is handed in there.
    pub(crate) fn open() -> (Self, Slips) {
        let (desk, slips) = mpsc::channel(WAITING_MAX);
        (Self(desk), slips)
    }

    /// Takes note of `email`; beyond 256 waiting ones, or after the end, it is dropped with a line in the log.
    pub(crate) fn hand_in(&self, email: Email) {
        if let Err(error) = self.0.try_send(Slip { email, due: Instant::now() + REST }) {
            let reason = match error {
                mpsc::error::TrySendError::Full(_) => "too many wait",
                mpsc::error::TrySendError::Closed(_) => "the service ends",
            };
            tracing::warn!(reason, "a forgotten password was dropped");
        }
    }
}

/// How letters leave.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    way: Way,
    clock: Clock,
}

#[derive(Clone, Debug)]
enum Way {
    Mailbox(Arc<Mailbox>),
    Smtp(Arc<Carrier>),
}

impl Post {
    /// Letters stay in `mailbox`.
    pub(crate) const fn to_mailbox(mailbox: Arc<Mailbox>, clock: Clock) -> Self {
        Self { way: Way::Mailbox(mailbox), clock }
    }

    /// Letters go out with `carrier`.
    pub(crate) fn by_smtp(carrier: Carrier, clock: Clock) -> Self {
        Self { way: Way::Smtp(Arc::new(carrier)), clock }
    }

    /// Sends `letter`, or hands it to the carrier; a letter that cannot be delivered is a line in the log.
    pub(crate) async fn send(&self, letter: Letter) {
        let now = self.clock.now();
        match &self.way {
            Way::Mailbox(mailbox) => {
                let mailbox = Arc::clone(mailbox);
                if let Err(error) = blocking::run(move || mailbox.put(letter.kept_at(now))).await {
                    tracing::error!(%error, "a mail could not be kept");
                }
            }
            Way::Smtp(carrier) => carrier.take(letter, now).await,
        }
    }

    /// Returns once every letter that was handed over is delivered or given up.
    pub(crate) async fn drained(&self) {
        match &self.way {
            Way::Mailbox(_) => {}
            Way::Smtp(carrier) => carrier.drained().await,
        }
    }
}
