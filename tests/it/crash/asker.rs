//! One client in one round: sends requests and sorts what became of them.
//!
//! An outcome is acknowledged, definitely refused or unknown (PROTOCOL.md §1.4). It knows no operation.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use tokio::time::Instant;

use super::kind::Kind;
use super::ledger::{Counts, Known};
use super::sky::Sky;
use crate::kit::site::Doors;
use crate::kit::{Actor, Answer, Request, wait};

/// When services agree again after the last fault (PROTOCOL.md §7: N).
pub(super) const AGREED_WITHIN: Duration = Duration::from_secs(5);
/// After a connection that nobody took: a closed gateway is not to be asked without pause.
const REST: Duration = Duration::from_millis(5);
/// Auth's own word that a registration left nothing behind.
const NOT_REGISTERED: &str = "Registration is not possible right now, please try again";

/// Where the world is in this round, and who may change others' accounts there.
#[derive(Debug)]
pub(super) struct Spot {
    pub(super) doors: Doors,
    pub(super) data: PathBuf,
    pub(super) admin: Actor,
    /// When the last process that had died was ready again.
    pub(super) ready_at: Instant,
}

/// What one client asks with.
#[derive(Debug)]
pub(super) struct Asker<'a> {
    pub(super) spot: &'a Spot,
    pub(super) sky: &'a Sky,
    draws: &'a mut ChaCha8Rng,
    pub(super) counts: Counts,
    /// How long after [`Spot::ready_at`] the last thing came true that was not at the first look.
    pub(super) agreed_after: Duration,
}

/// What became of one request.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Answered with success.
    Acknowledged(Answer),
    /// Certainly not done.
    Refused,
    /// Nobody knows.
    Unknown,
}

impl Outcome {
    /// Takes the outcome over into what is known, and gives the answer that acknowledged it.
    pub(super) fn settle<T: PartialEq + std::fmt::Debug>(self, value: &mut Known<T>) -> Option<Answer> {
        match self {
            Self::Acknowledged(answer) => {
                value.settle_as(true);
                Some(answer)
            }
            Self::Refused => {
                value.settle_as(false);
                None
            }
            Self::Unknown => None,
        }
    }
}

impl<'a> Asker<'a> {
    pub(super) fn new(spot: &'a Spot, sky: &'a Sky, draws: &'a mut ChaCha8Rng) -> Self {
        Self { spot, sky, draws, counts: Counts::default(), agreed_after: Duration::ZERO }
    }

    /// Sends one request; anything but `wanted` is a complaint, unless something may fail now.
    pub(super) fn ask(
        &mut self,
        kind: Kind,
        actor: &Actor,
        request: Request,
        wanted: u16,
    ) -> Result<Outcome, String> {
        let question = format!("{} {} of {}", request.method, request.target, actor.email);
        match actor.at(self.spot.doors.gateway).try_send(request) {
            Ok(answer) if answer.status == wanted => {
                self.acknowledged(kind);
                Ok(Outcome::Acknowledged(answer))
            }
            Ok(answer) if self.sky.is_faulty() && answer.message() == NOT_REGISTERED => Ok(self.refused()),
            Ok(answer) if self.sky.is_faulty() && matches!(answer.status, 500 | 502..=504) => {
                Ok(self.unknown())
            }
            Err(error) if self.sky.is_faulty() && error.kind() == ErrorKind::ConnectionRefused => {
                std::thread::park_timeout(REST);
                Ok(self.refused())
            }
            Err(_) if self.sky.is_faulty() => Ok(self.unknown()),
            Ok(answer) => Err(format!("{question}: {} {}", answer.status, answer.text())),
            Err(error) => Err(format!("{question}: {error}")),
        }
    }

    /// The administrator's request about anyone.
    pub(super) fn ask_as_admin(
        &mut self,
        kind: Kind,
        request: Request,
        wanted: u16,
    ) -> Result<Outcome, String> {
        self.ask(kind, &self.spot.admin.clone(), request, wanted)
    }

    /// Demands that `look` finds something by the time that services agree again.
    pub(super) fn soon<T>(&mut self, what: &str, mut look: impl FnMut() -> Option<T>) -> Result<T, String> {
        if let Some(found) = look() {
            return Ok(found);
        }
        let found = wait::poll(AGREED_WITHIN, look);
        self.agreed_after = self.agreed_after.max(self.spot.ready_at.elapsed());
        found.map_err(|looks| format!("not within {AGREED_WITHIN:?} ({looks} looks): {what}"))
    }

    /// An operation of this kind was answered with success.
    pub(super) fn acknowledged(&mut self, kind: Kind) {
        *self.counts.acknowledged.entry(kind).or_default() += 1;
    }

    /// A number below `end`.
    pub(super) fn draw(&mut self, end: usize) -> usize {
        self.draws.random_range(0..end)
    }

    fn refused(&mut self) -> Outcome {
        self.counts.refused += 1;
        Outcome::Refused
    }

    fn unknown(&mut self) -> Outcome {
        self.counts.unknown += 1;
        Outcome::Unknown
    }
}
