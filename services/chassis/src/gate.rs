//! The gate of a listener: requests of clients pass, unless the operator needs the service to stand still.
//!
//! An export or a snapshot of several services must see one world. It closes the gate of each for a moment: who is
//! inside finishes, who comes waits, calls between services pass, so that what was acknowledged still arrives
//! everywhere. What is done meanwhile is not known here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use http::Method;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::failure::Failure;
use crate::task;

/// The longest pause without another word: whoever asked for it may be gone.
const LEASE_MAX: Duration = Duration::from_secs(10);
/// How long those inside may take to finish: as long as the gateway waits for an answer.
const LEAVE_MAX: Duration = Duration::from_secs(5);

/// `PUT /internal/pause`: how much is to stand still, and for how long at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pause {
    /// Which requests wait.
    pub mode: Mode,
    /// Milliseconds after which the gate opens by itself, 10,000 at most.
    pub lease_ms: u64,
    /// Whether a pause that lasts is to last longer; without one there is nothing to renew.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub renews: bool,
}

/// The answer to a pause, once nobody is inside any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Paused {
    /// Messages that are not delivered and sagas that are not over: more of both may come from other services.
    pub waiting: u64,
}

/// Whether a path is for other services and operators, and not for clients.
pub(crate) fn is_free(path: &str) -> bool {
    path.starts_with("/internal/") || matches!(path, "/health" | "/metrics")
}

/// Which requests of clients wait while the gate is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Those that may change something: all but GET and HEAD.
    Writes,
    /// All of them.
    All,
}

/// The gate of one listener; clones are the same gate.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// What passes, as [`OPEN`], [`READS`] or [`SHUT`].
    passing: AtomicU8,
    /// Tells the pauses apart: an old one must not open the gate of a newer one.
    pause: AtomicU64,
    /// Requests inside: those that only read, and the others.
    inside: [AtomicUsize; 2],
    /// Changes whenever somebody leaves a closed gate, and when it opens.
    moved: watch::Sender<()>,
}

const OPEN: u8 = 0;
const READS: u8 = 1;
const SHUT: u8 = 2;

impl Default for Inner {
    fn default() -> Self {
        let (moved, _) = watch::channel(());
        Self { passing: AtomicU8::new(OPEN), pause: AtomicU64::new(0), inside: Default::default(), moved }
    }
}

/// One request inside; it leaves when this is dropped.
#[derive(Debug)]
pub struct Pass {
    gate: Arc<Inner>,
    is_write: bool,
}

impl Gate {
    /// Lets a request in, at once or when the gate opens; calls between services and questions of operators are not
    /// held and not counted.
    pub async fn enter(&self, method: &Method, path: &str) -> Option<Pass> {
        if is_free(path) {
            return None;
        }
        let is_write = !matches!(*method, Method::GET | Method::HEAD);
        loop {
            // Counted before the look: whoever closes the gate either sees this one inside or is seen by it.
            let mut moved = self.0.moved.subscribe();
            self.0.inside(is_write).fetch_add(1, Ordering::SeqCst);
            let pass = Pass { gate: Arc::clone(&self.0), is_write };
            if self.0.passes(is_write) {
                return Some(pass);
            }
            drop(pass);
            while !self.0.passes(is_write) && moved.changed().await.is_ok() {}
        }
    }

    /// Closes the gate and waits until nobody that it holds back is inside, or keeps a closed one closed.
    ///
    /// # Errors
    /// 409 while another pause lasts, or when the one to renew is over; 400 for a lease of nothing or too much, 503
    /// when those inside do not leave.
    pub async fn close(&self, pause: Pause) -> Result<(), Failure> {
        let lease = Duration::from_millis(pause.lease_ms);
        if lease.is_zero() || lease > LEASE_MAX {
            return Err(Failure::bad_request("leaseMs must be between 1 and 10000"));
        }
        let passing = match pause.mode {
            Mode::Writes => READS,
            Mode::All => SHUT,
        };
        let (found, words) = if pause.renews {
            (passing, "The pause is over")
        } else {
            (OPEN, "The service is paused already")
        };
        if self.0.passing.compare_exchange(found, passing, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            return Err(Failure::conflict(words));
        }
        let number = self.lease(lease);
        if tokio::time::timeout(LEAVE_MAX, self.0.emptied(pause.mode)).await.is_err() {
            self.open_if(number);
            return Err(Failure::unavailable("Requests under way did not finish in time", 1));
        }
        Ok(())
    }

    /// Has the gate open by itself, and tells the number of the lease that does.
    fn lease(&self, lease: Duration) -> u64 {
        let number = self.0.pause.fetch_add(1, Ordering::SeqCst) + 1;
        let (gate, until) = (self.clone(), Instant::now() + lease);
        task::spawn("pause", async move {
            tokio::time::sleep_until(until).await;
            gate.open_if(number);
        });
        number
    }

    /// Opens the gate; an open one stays so.
    pub fn open(&self) {
        self.0.passing.store(OPEN, Ordering::SeqCst);
        self.0.moved.send_replace(());
    }

    fn open_if(&self, number: u64) {
        if self.0.pause.load(Ordering::SeqCst) == number {
            self.open();
        }
    }
}

impl Inner {
    fn inside(&self, is_write: bool) -> &AtomicUsize {
        let [reads, writes] = &self.inside;
        if is_write { writes } else { reads }
    }

    fn passes(&self, is_write: bool) -> bool {
        match self.passing.load(Ordering::SeqCst) {
            OPEN => true,
            READS => !is_write,
            _ => false,
        }
    }

    async fn emptied(&self, mode: Mode) {
        let mut moved = self.moved.subscribe();
        let held = |is_write| self.inside(is_write).load(Ordering::SeqCst) > 0;
        while held(true) || (mode == Mode::All && held(false)) {
            if moved.changed().await.is_err() {
                return;
            }
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.gate.inside(self.is_write).fetch_sub(1, Ordering::SeqCst);
        if self.gate.passing.load(Ordering::SeqCst) != OPEN {
            self.gate.moved.send_replace(());
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn pause(mode: Mode) -> Pause {
        Pause { mode, lease_ms: 1_000, renews: false }
    }

    fn waits(gate: &Gate, method: &Method, path: &str) -> bool {
        gate.enter(method, path).now_or_never().is_none()
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_of_writes_holds_writes_of_clients_and_nothing_else() {
        let gate = Gate::default();
        gate.close(pause(Mode::Writes)).await.unwrap();
        assert!(waits(&gate, &Method::POST, "/notes"));
        assert!(!waits(&gate, &Method::GET, "/notes"));
        assert!(!waits(&gate, &Method::PUT, "/internal/profiles/1"));
        gate.open();
        assert!(!waits(&gate, &Method::POST, "/notes"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_of_all_lets_those_inside_finish_first() {
        let gate = Gate::default();
        let inside = gate.enter(&Method::GET, "/notes").await;
        let closing = gate.close(pause(Mode::All));
        tokio::pin!(closing);
        assert!(closing.as_mut().now_or_never().is_none());
        assert!(waits(&gate, &Method::GET, "/notes"));
        drop(inside);
        closing.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_gate_opens_by_itself_after_its_lease_and_lets_the_waiting_in() {
        let gate = Gate::default();
        gate.close(pause(Mode::All)).await.unwrap();
        let since = Instant::now();
        let _pass = gate.enter(&Method::GET, "/notes").await;
        assert_eq!(since.elapsed(), Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn one_pause_lasts_at_a_time_and_an_old_lease_opens_no_newer_one() {
        let gate = Gate::default();
        gate.close(pause(Mode::All)).await.unwrap();
        assert_eq!(gate.close(pause(Mode::All)).await.unwrap_err().status(), 409);
        gate.open();
        gate.close(Pause { lease_ms: 5_000, ..pause(Mode::All) }).await.unwrap();
        tokio::time::advance(Duration::from_secs(2)).await;
        tokio::task::yield_now().await;
        assert!(waits(&gate, &Method::GET, "/notes"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_can_be_renewed_while_it_lasts_and_not_later() {
        let gate = Gate::default();
        let renewal = Pause { renews: true, ..pause(Mode::Writes) };
        assert_eq!(gate.close(renewal).await.unwrap_err().status(), 409);
        gate.close(pause(Mode::Writes)).await.unwrap();
        let since = Instant::now();
        tokio::time::advance(Duration::from_millis(600)).await;
        gate.close(renewal).await.unwrap();
        assert_eq!(gate.close(Pause { mode: Mode::All, ..renewal }).await.unwrap_err().status(), 409);
        let _pass = gate.enter(&Method::POST, "/notes").await;
        assert_eq!(since.elapsed(), Duration::from_millis(1_600));
        assert_eq!(gate.close(renewal).await.unwrap_err().status(), 409);
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_leave_keeps_the_gate_open() {
        let gate = Gate::default();
        let _inside = gate.enter(&Method::POST, "/notes").await;
        let closed = gate.close(Pause { lease_ms: 10_000, ..pause(Mode::All) }).await;
        assert_eq!(closed.unwrap_err().status(), 503);
        assert!(!waits(&gate, &Method::GET, "/notes"));
        assert_eq!(
            gate.close(Pause { lease_ms: 10_001, ..pause(Mode::All) }).await.unwrap_err().status(),
            400
        );
    }
}
