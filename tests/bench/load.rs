//! Closed-loop load: so many keep-alive connections, each with one request under way, for a measured while.
//!
//! It knows requests and what their answers must hold; which row they belong to it does not know.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::Failure;
use crate::client::{Answer, Connection};
use crate::histogram::Histogram;
use crate::process::Process;

/// How long after the measured window the last answers may come.
const GRACE: Duration = Duration::from_secs(15);
/// `"total"` and its neighbours stand at the end of a list: looked at first, so that checking stays cheap.
const TAIL: usize = 160;
/// How much of a bad answer is shown.
const SHOWN: usize = 400;

/// A request with what its answer must be.
#[derive(Clone, Debug)]
pub(crate) struct Shot {
    /// The rendered request.
    pub(crate) request: Vec<u8>,
    /// The only status that is right.
    pub(crate) status: u16,
    /// What the body must hold, not followed by a further digit.
    pub(crate) holds: Vec<u8>,
}

impl Shot {
    /// Why an answer is not the right one.
    fn objection(&self, answer: &Answer<'_>) -> Option<String> {
        let complaint = if answer.status != self.status {
            format!("status {} instead of {}", answer.status, self.status)
        } else if !holds(answer.body, &self.holds) {
            format!("no {} in the body", String::from_utf8_lossy(&self.holds))
        } else {
            return None;
        };
        Some(format!("{}: {complaint}: {}", self.named(), shorten(answer.body)))
    }

    /// The request line, to name it by.
    fn named(&self) -> String {
        let line = self.request.split(|&byte| byte == b'\r').next().unwrap_or_default();
        String::from_utf8_lossy(line).into_owned()
    }
}

/// Shots at one address, taken in turn; connections begin at different ones.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    /// Where to.
    pub(crate) address: SocketAddr,
    /// At least one.
    pub(crate) shots: Arc<[Shot]>,
    /// How many at a time.
    pub(crate) connections: u16,
}

/// What came of one load: latencies of the measured window, bad answers of any time.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Of the answers that came within the window.
    pub(crate) latencies: Histogram,
    /// Wrong answers and broken connections.
    pub(crate) bad: u64,
    /// What the first of them was.
    pub(crate) first_bad: Option<String>,
}

impl Tally {
    fn spoil(&mut self, why: String) {
        self.bad += 1;
        self.first_bad.get_or_insert(why);
    }

    /// Adds another's figures.
    pub(crate) fn merge(&mut self, other: Self) {
        self.latencies.merge(&other.latencies);
        self.bad += other.bad;
        self.first_bad = self.first_bad.take().or(other.first_bad);
    }
}

/// When a row is measured.
#[derive(Clone, Copy, Debug)]
struct Window {
    from: Instant,
    until: Instant,
}

/// What a row cost and gave.
#[derive(Debug)]
pub(crate) struct Measured {
    /// Of the load that the row is about.
    pub(crate) tally: Tally,
    /// Of the load beside it, if there was one.
    pub(crate) beside: Tally,
    /// CPU time of the server within the window.
    pub(crate) cpu: Duration,
    /// The most memory the server held, warm-up included, in MiB.
    pub(crate) peak_mib: f64,
}

/// Puts `main`, and `beside` if given, on the server for the warm-up and then the measured time.
pub(crate) async fn run(
    main: &Load,
    beside: Option<&Load>,
    (warmed, measured): (Duration, Duration),
    server: &Process,
) -> Result<Measured, Failure> {
    let from = Instant::now() + warmed;
    let window = Window { from, until: from + measured };
    server.forget_peak()?;
    let mut main_workers = spawn(main, window);
    let mut beside_workers = beside.map(|load| spawn(load, window)).unwrap_or_default();
    sleep_until(window.from).await;
    let cpu_before = server.cpu()?;
    sleep_until(window.until).await;
    let cpu = server.cpu()?.saturating_sub(cpu_before);
    let tally = gather(&mut main_workers, window).await?;
    let beside = gather(&mut beside_workers, window).await?;
    Ok(Measured { tally, beside, cpu, peak_mib: server.peak_mib()? })
}

fn spawn(load: &Load, window: Window) -> JoinSet<Tally> {
    let connections = usize::from(load.connections);
    let first_shots = (0..connections).map(|number| number * load.shots.len() / connections);
    first_shots.map(|first| work(load.address, Arc::clone(&load.shots), first, window)).collect()
}

async fn gather(workers: &mut JoinSet<Tally>, window: Window) -> Result<Tally, Failure> {
    let mut sum = Tally::default();
    while let Some(tally) = timeout_at(window.until + GRACE, workers.join_next())
        .await
        .map_err(|_late| format!("an answer did not come within {} s", GRACE.as_secs()))?
    {
        sum.merge(tally?);
    }
    Ok(sum)
}

/// One connection's life: ask, check, count, until the window closes. A broken connection is not opened again.
async fn work(address: SocketAddr, shots: Arc<[Shot]>, first: usize, window: Window) -> Tally {
    let mut tally = Tally::default();
    let mut connection = match Connection::open(address).await {
        Ok(connection) => connection,
        Err(error) => {
            tally.spoil(format!("no connection: {error}"));
            return tally;
        }
    };
    let mut asked = Instant::now();
    for shot in shots.iter().cycle().skip(first) {
        match connection.exchange(&shot.request).await {
            Ok(answer) => shot.objection(&answer).into_iter().for_each(|why| tally.spoil(why)),
            Err(error) => {
                tally.spoil(format!("{}: {error}", shot.named()));
                break;
            }
        }
        let answered = Instant::now();
        if answered >= window.until {
            break;
        }
        if answered >= window.from {
            tally.latencies.record(answered - asked);
        }
        asked = answered;
    }
    tally
}

/// Whether the body holds the needle with no digit behind it: `"total":10` is not in `"total":100`.
fn holds(body: &[u8], needle: &[u8]) -> bool {
    let found = |part: &[u8]| {
        let ends = part.windows(needle.len()).enumerate().filter(|(_, window)| *window == needle);
        ends.map(|(start, _)| part.get(start + needle.len()))
            .any(|next| !next.is_some_and(u8::is_ascii_digit))
    };
    needle.is_empty() || body.get(body.len().saturating_sub(TAIL)..).is_some_and(found) || found(body)
}

fn shorten(body: &[u8]) -> String {
    String::from_utf8_lossy(body.get(..SHOWN).unwrap_or(body)).into_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_total_is_not_taken_for_a_longer_one() {
        use super::holds;

        assert!(holds(br#"{"total":10,"page":1}"#, br#""total":10"#));
        assert!(!holds(br#"{"total":100,"page":1}"#, br#""total":10"#));
        assert!(holds(br#"[{"total":100},{"total":10}]"#, br#""total":10"#));
    }

    #[test]
    fn what_stands_before_the_tail_is_found_too() {
        use super::{TAIL, holds};

        let mut body = b"needle".to_vec();
        body.resize(4 * TAIL, b'-');
        assert!(holds(&body, b"needle"));
        assert!(!holds(&body, b"noodle"));
    }

    #[test]
    fn a_wrong_answer_is_named_with_its_request() {
        use super::Shot;
        use crate::client::Answer;

        let shot = Shot { request: b"GET /x HTTP/1.1\r\n\r\n".to_vec(), status: 200, holds: b"y".to_vec() };
        assert_eq!(shot.objection(&Answer { status: 200, body: b"xyz", invites: false }), None);
        let objection = shot.objection(&Answer { status: 503, body: b"busy", invites: true }).expect("wrong");
        assert_eq!(objection, "GET /x HTTP/1.1: status 503 instead of 200: busy");
    }
}
