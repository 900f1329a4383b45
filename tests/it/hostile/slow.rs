//! Clients that take their time: they hold up nobody else, and are dropped.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use tokio::time::Instant;

use crate::kit::{Setup, World, proof, wait};

/// Slow clients at a time: with who asks for health they are within the share of one address.
const SLOW: usize = 60;
/// The longest wait for an answer meanwhile (PROMISES.md S1).
const HEALTH_MAX: Duration = Duration::from_secs(2);
/// All but those that idle after an answer are dropped by then, with time for a busy machine.
const DROPPED_MAX: Duration = Duration::from_secs(45);

/// A client that says a little, and a byte more now and then.
struct Slow {
    stream: TcpStream,
    drips: bool,
    is_dropped: bool,
}

impl Slow {
    fn new(door: SocketAddr, first: &str, drips: bool) -> Self {
        let mut stream = TcpStream::connect(door).unwrap();
        stream.write_all(first.as_bytes()).unwrap();
        stream.set_nonblocking(true).unwrap();
        Self { stream, drips, is_dropped: false }
    }

    /// Says a byte more, if it does, and looks whether the other side has hung up.
    fn look(&mut self) -> bool {
        let said = if self.drips && !self.is_dropped { self.stream.write(b"x").map(drop) } else { Ok(()) };
        let mut piece = [0; 4096];
        let is_over = match self.stream.read(&mut piece) {
            Ok(0) => true,
            Ok(_) => false,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        };
        self.is_dropped |= is_over || said.is_err_and(|error| error.kind() != ErrorKind::WouldBlock);
        self.is_dropped
    }
}

#[test]
fn sixty_slow_clients_hold_up_nobody_and_are_dropped() {
    let world = World::start(&Setup::original());
    let door = world.doors().gateway;
    let body = "POST /api/auth/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9000\r\n\r\n{";
    let kinds = [("", false), ("GET /heal", true), (body, true), ("GET /health HTTP/1.1\r\nx: ", true)];
    let mut slow: Vec<Slow> =
        kinds.iter().cycle().take(SLOW).map(|(first, drips)| Slow::new(door, first, *drips)).collect();
    let since = Instant::now();
    let mut slowest = Duration::ZERO;
    let mut ask = || {
        let asked = Instant::now();
        world.anon().get("/health").expect(200);
        slowest = slowest.max(asked.elapsed());
        assert!(slowest < HEALTH_MAX, "{slowest:?}");
    };
    (0..20).for_each(|_| ask());
    if proof::size(0, 1) == 1 {
        wait::until("all slow clients are dropped", DROPPED_MAX, || {
            ask();
            slow.iter_mut().map(Slow::look).filter(|is_dropped| !is_dropped).count() == 0
        });
    }
    let dropped = slow.iter_mut().map(Slow::look).filter(|is_dropped| *is_dropped).count();
    println!(
        "{SLOW} slow clients: health within {slowest:?}; {dropped} dropped within {:?}",
        since.elapsed()
    );
}
