//! Many clients at once: connections from addresses of their own, each with one request under way.
//!
//! It understands what Satchel answers and nothing more: a status, a length, whether to come back.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Addresses are drawn from 127.1.0.0/16, as many for each host as a byte has but the first and last.
const HOSTS: usize = 254;
/// A head is smaller, and so is most of what is asked for.
const CHUNK: usize = 16 * 1024;

/// An answer as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    pub(super) status: u16,
    /// Whether it says when to come back.
    pub(super) is_invited: bool,
    pub(super) took: Duration,
}

/// What was asked and how, in every order.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) heard: Vec<Heard>,
    /// Connections that broke.
    pub(super) broken: usize,
    /// Requests that were sent late because all connections were in use.
    pub(super) late: usize,
}

/// A connection.
struct Line {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// As many connections to `door`, each from an address of its own.
pub(super) struct Lines {
    lines: Vec<Line>,
}

impl Lines {
    pub(super) async fn open(door: SocketAddr, count: usize) -> Self {
        let mut lines = Vec::new();
        for number in 0..count {
            lines.push(Line::open(door, number).await.unwrap());
        }
        Self { lines }
    }

    /// Them all, leaving none.
    pub(super) fn take(&mut self) -> Self {
        Self { lines: std::mem::take(&mut self.lines) }
    }

    /// Asks without pause for `lasts`, each connection again once it was answered.
    pub(super) async fn ask_again(self, requests: &Arc<[Vec<u8>]>, lasts: Duration) -> (Self, Tally) {
        let until = Instant::now() + lasts;
        self.ask(requests, move |_| (Instant::now() < until).then(Instant::now)).await
    }

    /// Asks `rate` times a second for `lasts`, whatever is answered.
    pub(super) async fn ask_at(self, requests: &Arc<[Vec<u8>]>, rate: f64, lasts: Duration) -> (Self, Tally) {
        let start = Instant::now();
        let due = move |number: usize| {
            #[expect(clippy::cast_precision_loss, reason = "no count comes near 2^53")]
            let after = Duration::from_secs_f64(number as f64 / rate);
            (after < lasts).then_some(start + after)
        };
        self.ask(requests, due).await
    }

    /// Has each connection take the next request while `due` tells when that is to be sent.
    async fn ask(
        self,
        requests: &Arc<[Vec<u8>]>,
        due: impl Fn(usize) -> Option<Instant> + Clone + Send + 'static,
    ) -> (Self, Tally) {
        let next = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        for mut line in self.lines {
            let (next, requests, due) = (Arc::clone(&next), Arc::clone(requests), due.clone());
            tasks.spawn(async move {
                let mut tally = Tally::default();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(at) = due(number) else { return (Some(line), tally) };
                    tally.late += usize::from(at + Duration::from_millis(50) < Instant::now());
                    tokio::time::sleep_until(at).await;
                    match line.exchange(&requests[number % requests.len()]).await {
                        Ok(heard) => tally.heard.push(heard),
                        Err(_broken) => {
                            tally.broken += 1;
                            return (None, tally);
                        }
                    }
                }
            });
        }
        let (mut lines, mut all) = (Vec::new(), Tally::default());
        while let Some(ended) = tasks.join_next().await {
            let (line, tally) = ended.unwrap();
            lines.extend(line);
            all.heard.extend(tally.heard);
            all.broken += tally.broken;
            all.late += tally.late;
        }
        (Self { lines }, all)
    }
}

impl Line {
    async fn open(door: SocketAddr, number: usize) -> io::Result<Self> {
        let [high, low] = [number / HOSTS, number % HOSTS + 1].map(|part| u8::try_from(part).unwrap());
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 1, high, low)), 0))?;
        let stream = socket.connect(door).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(CHUNK) })
    }

    async fn exchange(&mut self, request: &[u8]) -> io::Result<Heard> {
        let asked = Instant::now();
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let (head, length) = loop {
            self.read().await?;
            if let Some(end) = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.buffer[..end]).to_ascii_lowercase();
                break (head, end + 4);
            }
        };
        let value = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let body: usize = value("content-length:").and_then(|text| text.parse().ok()).unwrap_or(0);
        while self.buffer.len() < length + body {
            self.read().await?;
        }
        let status = head.get(9..12).and_then(|text| text.parse().ok()).unwrap_or(0);
        Ok(Heard { status, is_invited: value("retry-after:").is_some(), took: asked.elapsed() })
    }

    async fn read(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

impl Tally {
    /// How many were answered as asked.
    pub(super) fn good(&self) -> usize {
        self.heard.iter().filter(|heard| heard.status < 300).count()
    }

    /// How long answers took of which `meant` is true, the share `of_hundred` of them at most; zero if there are none.
    pub(super) fn took(&self, of_hundred: usize, meant: impl Fn(&Heard) -> bool) -> Duration {
        let mut times: Vec<_> =
            self.heard.iter().filter(|heard| meant(heard)).map(|heard| heard.took).collect();
        times.sort_unstable();
        times
            .get((times.len() * of_hundred / 100).min(times.len().saturating_sub(1)))
            .copied()
            .unwrap_or_default()
    }

    /// Statuses other than success and refusals in good order.
    pub(super) fn odd(&self) -> Vec<Heard> {
        let is_odd =
            |heard: &&Heard| heard.status >= 300 && !(matches!(heard.status, 429 | 503) && heard.is_invited);
        self.heard.iter().filter(is_odd).copied().collect()
    }
}
