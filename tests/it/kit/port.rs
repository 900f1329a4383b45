//! Free ports for processes that must know each other's addresses before any of them runs.
//!
//! Everything else uses port 0. These lie below the range that the system hands out to outgoing connections,
//! so nothing takes one between the look and the bind but another run of this program.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// First of the ports to choose from.
const FIRST: u16 = 20_000;
/// How many there are; the system's own range usually starts at 32,768.
const COUNT: u16 = 12_000;
/// Tells ports of one test from those of another in this program.
static TAKEN: AtomicU16 = AtomicU16::new(0);

/// A port that nobody listens on and that no other test of this program was given.
pub(crate) fn free() -> u16 {
    // Two runs at a time start looking at different places.
    let start = u16::try_from(std::process::id() % u32::from(COUNT)).unwrap_or_default();
    loop {
        let offset = u32::from(start) + u32::from(TAKEN.fetch_add(1, Ordering::Relaxed)) * 7;
        let port = FIRST + u16::try_from(offset % u32::from(COUNT)).unwrap_or_default();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
