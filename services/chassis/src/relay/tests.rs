//! The relay in simulated time, between an outbox and peers in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::io;
use std::sync::{Mutex, MutexGuard};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;

use super::*;
use crate::clock::{Clock, Timestamp};
use crate::connect::{Connector, Stream as Bytestream};
use crate::entropy::Entropy;
use crate::inbox;
use crate::internal::{Key, Signer};
use crate::outbox::Row;
use crate::secret::Secret;
use crate::shutdown::{self, Trigger};
use crate::task;

const PARIS: &str = "paris";
const ROME: &str = "rome";

/// A peer in memory.
#[derive(Clone, Default)]
struct Stub(Arc<Mutex<Notes>>);

/// What a stub is told to do, and what it heard.
#[derive(Default)]
struct Notes {
    /// The status for each path, 200 for others; 0 stands for silence.
    answers: BTreeMap<String, u16>,
    /// When what came, under which key.
    heard: Vec<(Instant, String, String)>,
    under_way: usize,
    most_under_way: usize,
}

impl Stub {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap()
    }

    fn answers(&self, path: &str, status: u16) {
        self.notes().answers.insert(path.to_owned(), status);
    }

    fn heard(&self, path: &str) -> usize {
        self.notes().heard.iter().filter(|(_, _, heard)| heard == path).count()
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let path = request.uri().path().to_owned();
        let key = request.headers().get(inbox::KEY).map(|key| key.to_str().unwrap().to_owned());
        let status = {
            let mut notes = self.notes();
            notes.under_way += 1;
            notes.most_under_way = notes.most_under_way.max(notes.under_way);
            notes.heard.push((Instant::now(), key.unwrap_or_default(), path.clone()));
            notes.answers.get(&path).or_else(|| notes.answers.get("*")).copied().unwrap_or(200)
        };
        if status == 0 {
            std::future::pending::<()>().await;
        }
        // The others of the same moment arrive before the first is answered.
        let _late = tokio::time::timeout(Duration::from_millis(1), std::future::pending::<()>()).await;
        self.notes().under_way -= 1;
        Ok(Response::builder().status(status).body(Full::default()).unwrap())
    }

    fn peer(&self, name: &'static str) -> Peer {
        let stub = self.clone();
        let connector = Connector::new(move |_| {
            let (near, far) = tokio::io::duplex(64 * 1024);
            let stub = stub.clone();
            let service = service_fn(move |request| {
                let stub = stub.clone();
                async move { stub.answer(request).await }
            });
            let serving =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(far), service);
            task::spawn("stub", async move { serving.await.map_err(drop) });
            async move { Ok(Box::new(near) as Box<dyn Bytestream>) }
        });
        let key = Key::derive(&Secret::new("secret".to_owned()));
        let signer = Signer::new("test", &key, Clock::system());
        Peer::new(name, format!("http://{name}").parse().unwrap(), connector.client(), signer)
    }
}

/// A message number `n` about the account `account`, with a path of its own.
fn row(n: u64, to: &str, account: u64) -> (Sequence, Row) {
    let account = AccountId::from_bytes([u8::try_from(account).unwrap(); 12]);
    let message = Message::new(to, account, format!("/{n}"), &Value::Null);
    (n, Row::new(message, Timestamp::from_millis(0)))
}

/// A relay from an outbox with `rows` to two peers.
struct World {
    outbox: Arc<Outbox>,
    paris: Stub,
    rome: Stub,
    shutdown: (Trigger, Shutdown),
}

impl World {
    fn new(rows: impl IntoIterator<Item = (Sequence, Row)>) -> Self {
        let (paris, rome) = (Stub::default(), Stub::default());
        Self { outbox: Arc::new(Outbox::new(rows)), paris, rome, shutdown: shutdown::channel() }
    }

    fn start(&self) {
        self.start_with(|_, _| Ok(()));
    }

    /// Starts the relay; what messages come to is written down by `settle`.
    fn start_with(&self, settle: impl Fn(Sequence, Ending) -> io::Result<()> + Send + Sync + 'static) {
        let relay = Relay {
            service: "test",
            outbox: Arc::clone(&self.outbox),
            peers: vec![self.paris.peer(PARIS), self.rome.peer(ROME)],
            beats_to: ROME,
            jitter: Entropy::seeded(1).stream("test", "jitter"),
        };
        let outbox = Arc::clone(&self.outbox);
        let settle = move |sequence, ending| {
            let written = settle(sequence, ending).inspect(|()| outbox.removed(sequence));
            std::future::ready(written)
        };
        task::spawn("relay", relay.run(settle, self.shutdown.1.clone()));
    }

    /// Whether all of `sequences` are settled within some simulated seconds.
    async fn settled(&self, sequences: impl IntoIterator<Item = u64>, seconds: u64) -> bool {
        let sequences: Vec<_> = sequences.into_iter().collect();
        self.outbox.settled(&sequences, Duration::from_secs(seconds)).await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.shutdown.0.fire();
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_hangs_holds_up_no_message_to_another() {
    let hanging = (1..=100).map(|n| row(n, PARIS, n));
    let world = World::new(hanging.chain([row(101, ROME, 1)]));
    world.paris.answers("*", 0);
    world.start();
    assert!(world.settled([101], 1).await);
    assert_eq!(world.outbox.depth(PARIS), 100);
}

#[tokio::test(start_paused = true)]
async fn messages_about_one_account_arrive_in_order_each_under_its_own_key_whatever_fails() {
    let world = World::new((1..=60).map(|n| row(n, PARIS, n % 3)));
    for n in (1..=60).step_by(7) {
        world.paris.answers(&format!("/{n}"), 503);
    }
    world.start();
    while !world.settled(1..=60, 2).await {
        for (n, _) in world.outbox.heads(PARIS, 1, |_| true) {
            world.paris.answers(&format!("/{n}"), 200);
        }
    }
    let mut last = BTreeMap::new();
    for (_, key, path) in &world.paris.notes().heard {
        let n: u64 = path.trim_start_matches('/').parse().unwrap();
        assert_eq!(*key, format!("test-{n}-0"));
        let before = last.insert(n % 3, n).unwrap_or(0);
        assert!(before <= n, "{n} after {before}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_than_sixteen_messages_are_under_way_in_all() {
    let world = World::new((1..=200).map(|n| row(n, if n % 2 == 0 { PARIS } else { ROME }, n)));
    world.start();
    assert!(world.settled(1..=200, 5).await);
    assert_eq!((world.paris.notes().most_under_way, world.rome.notes().most_under_way), (8, 8));
}

#[tokio::test(start_paused = true)]
async fn a_refused_message_is_parked_and_the_next_in_its_lane_goes_out() {
    let world = World::new([row(1, PARIS, 1), row(2, PARIS, 1)]);
    world.paris.answers("/1", 422);
    let endings = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&endings);
    world.start_with(move |sequence, ending| {
        kept.lock().unwrap().push((sequence, ending));
        Ok(())
    });
    assert!(world.settled([2], 1).await);
    let why = "paris refused with 422 Unprocessable Entity: ".to_owned();
    assert_eq!(*endings.lock().unwrap(), [(1, Ending::Refused(why)), (2, Ending::Delivered)]);
    assert_eq!(world.paris.heard("/1"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_no_decision_parks_nothing() {
    for status in [401, 408, 429, 500, 503] {
        let world = World::new([row(1, PARIS, 1)]);
        world.paris.answers("*", status);
        world.start();
        assert!(!world.settled([1], 3).await, "{status}");
        world.paris.answers("*", 200);
        assert!(world.settled([1], 6).await, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_away_is_probed_each_second_and_hears_everything_when_it_is_back() {
    let world = World::new((1..=50).map(|n| row(n, PARIS, n)));
    world.paris.answers("*", 503);
    world.start();
    assert!(!world.settled([1], 10).await);
    let from = Instant::now();
    assert!(!world.settled([1], 10).await);
    let probes = world.paris.notes().heard.iter().filter(|(at, _, _)| *at >= from).count();
    assert!((9..=11).contains(&probes), "{probes}");
    world.paris.answers("*", 200);
    let back = Instant::now();
    assert!(world.settled(1..=50, 5).await);
    assert!(back.elapsed() < Duration::from_millis(1500), "{:?}", back.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_message_that_always_fails_keeps_no_other_from_a_service_for_long() {
    let world = World::new([row(1, PARIS, 1)]);
    world.paris.answers("/1", 500);
    world.start();
    assert!(!world.settled([1], 60).await);
    for n in 2..=20 {
        world.outbox.committed([row(n, PARIS, n)]);
        assert!(world.settled([n], 3).await, "{n}");
    }
    assert!(world.paris.heard("/1") < 100);
}

#[tokio::test(start_paused = true)]
async fn a_service_hears_a_beat_now_and_then_but_none_while_a_message_to_it_waits() {
    let world = World::new([row(1, PARIS, 1)]);
    world.paris.answers("/1", 503);
    world.start();
    let beats = || (world.paris.heard("/internal/beat"), world.rome.heard("/internal/beat"));
    assert!(!world.settled([1], 61).await);
    assert_eq!(beats(), (0, 4));
    world.rome.answers("/2", 503);
    world.outbox.committed([row(2, ROME, 1)]);
    assert!(!world.settled([2], 60).await);
    assert_eq!(beats(), (0, 4));
    world.rome.answers("/2", 200);
    assert!(!world.settled([1], 61).await);
    assert_eq!(beats(), (0, 8));
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_written_down_is_delivered_again_under_the_same_key() {
    let world = World::new([row(1, PARIS, 1)]);
    let first = Mutex::new(Some(io::Error::other("planted")));
    world.start_with(move |_, _| first.lock().unwrap().take().map_or(Ok(()), Err));
    assert!(world.settled([1], 1).await);
    let keys: BTreeSet<_> = world.paris.notes().heard.iter().map(|(_, key, _)| key.clone()).collect();
    assert_eq!((world.paris.heard("/1"), keys.len()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_run_with_the_same_seed_repeats_to_the_millisecond() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let world = World::new((1..=40).map(|n| row(n, PARIS, n % 7)));
        for n in (1..=40).step_by(5) {
            world.paris.answers(&format!("/{n}"), 503);
        }
        let start = Instant::now();
        world.start();
        world.settled([40], 20).await;
        let heard = std::mem::take(&mut world.paris.notes().heard);
        runs.push(heard.into_iter().map(|(at, key, _)| (at - start, key)).collect::<Vec<_>>());
    }
    assert_eq!(runs[0], runs[1]);
    assert!(runs[0].len() > 40);
}
