//! Ten times what the world can do, whatever it answers: what it does then, how soon it refuses the rest, what memory
//! that takes, and how soon everything is as before.
//!
//! First as many requests as are answered by turns, which finds the peak; then so many times that by the clock, over as
//! many connections as that takes, each from an address of its own. It does not know what is asked.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::Failure;
use crate::client::Connection;
use crate::histogram::Histogram;
use crate::load::{self, Load, Shot};
use crate::process::Process;

/// How much more than the peak is asked (PROMISES.md O1).
const TIMES: f64 = 10.0;
/// Connections that ask by the clock: an answer may take some hundred milliseconds before requests go out late.
const CONNECTIONS: usize = 1_500;
/// Requests that go out later than this were not sent when they were due.
const LATE: Duration = Duration::from_millis(100);
/// Addresses in 127.1.0.0/16 for each third byte.
const HOSTS: usize = 254;
/// How long everything may take to be as before.
const NORMAL_MAX: Duration = Duration::from_secs(20);
/// Unhurried requests that tell whether it is.
const LOOKS: usize = 40;

/// What came of it.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Overload {
    /// Answers per second when each client waits for its answer.
    pub(crate) peak: f64,
    /// Requests per second that were sent.
    pub(crate) offered: f64,
    /// Right answers per second among them.
    pub(crate) done: f64,
    /// Refusals per second among them.
    pub(crate) refused: f64,
    /// How long a refusal takes.
    pub(crate) refused_p50_ms: f64,
    /// The slowest of a hundred.
    pub(crate) refused_p99_ms: f64,
    /// Requests that were sent late, for want of connections or of time.
    pub(crate) late: u64,
    /// Resident memory before, at most meanwhile.
    pub(crate) idle_mib: f64,
    pub(crate) peak_mib: f64,
    /// Until unhurried requests take no more than twice what they took before.
    pub(crate) normal_after_ms: f64,
}

/// What one connection met.
#[derive(Default)]
struct Met {
    done: u64,
    refused: Histogram,
    late: u64,
    bad: Option<String>,
}

/// Overloads the server behind `load` for `lasts`.
pub(crate) async fn run(load: &Load, lasts: Duration, server: &Process) -> Result<Overload, Failure> {
    let idle_mib = server.resident_mib()?;
    let usual = unhurried(load).await?;
    let peak = load::run(load, None, (Duration::from_secs(1), lasts), server).await?;
    if let Some(bad) = peak.tally.first_bad {
        return Err(bad.into());
    }
    let peak = peak.tally.latencies.total() as f64 / lasts.as_secs_f64();
    server.forget_peak()?;
    let met = flood(load, peak * TIMES, lasts).await?;
    let since = Instant::now();
    while unhurried(load).await? > usual * 2.0 && since.elapsed() < NORMAL_MAX {}
    let per_second = |count: u64| count as f64 / lasts.as_secs_f64();
    Ok(Overload {
        peak,
        offered: per_second(met.done + met.refused.total()),
        done: per_second(met.done),
        refused: per_second(met.refused.total()),
        refused_p50_ms: met.refused.percentile_ms(50),
        refused_p99_ms: met.refused.percentile_ms(99),
        late: met.late,
        idle_mib,
        peak_mib: server.peak_mib()?,
        normal_after_ms: since.elapsed().as_secs_f64() * 1_000.0,
    })
}

/// The 95th percentile of requests that follow each other on one connection.
async fn unhurried(load: &Load) -> Result<f64, Failure> {
    let (mut connection, mut took) = (Connection::open(load.address).await?, Histogram::default());
    for shot in load.shots.iter().take(LOOKS) {
        let asked = Instant::now();
        connection.exchange(&shot.request).await?;
        took.record(asked.elapsed());
    }
    Ok(took.percentile_ms(95))
}

/// Asks `rate` times a second for `lasts`.
async fn flood(load: &Load, rate: f64, lasts: Duration) -> Result<Met, Failure> {
    let mut connections = Vec::new();
    for number in 0..CONNECTIONS {
        connections.push(Connection::open_from(source(number)?, load.address).await?);
    }
    let (next, start) = (Arc::new(AtomicUsize::new(0)), Instant::now());
    let due = move |number: usize| Duration::from_secs_f64(number as f64 / rate);
    let mut workers = JoinSet::new();
    for mut connection in connections {
        let (next, shots) = (Arc::clone(&next), Arc::clone(&load.shots));
        workers.spawn(async move {
            let mut met = Met::default();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let after = due(number);
                let Some(shot) = shots.get(number % shots.len()).filter(|_| after < lasts) else {
                    return met;
                };
                met.late += u64::from(start.elapsed() > after + LATE);
                sleep_until(start + after).await;
                if let Err(error) = ask(&mut connection, shot, &mut met).await {
                    met.bad = Some(error.to_string());
                    return met;
                }
            }
        });
    }
    let mut all = Met::default();
    while let Some(met) = workers.join_next().await {
        all.merge(met?);
    }
    all.bad.take().map_or(Ok(all), |bad| Err(bad.into()))
}

async fn ask(connection: &mut Connection, shot: &Shot, met: &mut Met) -> Result<(), Failure> {
    let asked = Instant::now();
    let answer = connection.exchange(&shot.request).await?;
    match answer.status {
        status if status == shot.status => met.done += 1,
        429 | 503 if answer.invites => met.refused.record(asked.elapsed()),
        status => return Err(format!("status {status}, which is neither right nor a refusal").into()),
    }
    Ok(())
}

impl Met {
    fn merge(&mut self, other: Self) {
        self.done += other.done;
        self.refused.merge(&other.refused);
        self.late += other.late;
        self.bad = self.bad.take().or(other.bad);
    }
}

/// The address of the connection `number`: the gateway takes few from each.
fn source(number: usize) -> Result<SocketAddr, Failure> {
    let (high, low) = (u8::try_from(number / HOSTS)?, u8::try_from(number % HOSTS + 1)?);
    Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 1, high, low)), 0))
}
