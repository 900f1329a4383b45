//! Many connections: an address has its share, and nobody else goes without.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use crate::kit::{Setup, World, wait};

/// When a place that became free is free.
const FREE_WITHIN: Duration = Duration::from_secs(5);
const HEALTH: &[u8] = b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n";

/// A connection from the loopback address that ends with `from`.
fn connected(from: u8, to: SocketAddr) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, from)), 0)).unwrap();
        socket.connect(to).await.unwrap().into_std().unwrap()
    });
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Asks on an open connection; the status, and all that was said.
fn asked(stream: &mut TcpStream) -> String {
    // Who is sent away may find the connection closed already.
    let _refused = stream.write_all(HEALTH);
    let mut piece = [0; 4096];
    let length = stream.read(&mut piece).unwrap();
    String::from_utf8_lossy(&piece[..length]).into_owned()
}

fn is_welcome(from: u8, door: SocketAddr) -> bool {
    asked(&mut connected(from, door)).starts_with("HTTP/1.1 200 ")
}

#[test]
fn an_address_has_64_connections_and_others_are_not_touched() {
    let world = World::start(&Setup::original());
    let door = world.doors().gateway;
    let mut open: Vec<TcpStream> = (0..64).map(|_| connected(2, door)).collect();
    for stream in &mut open {
        assert!(asked(stream).starts_with("HTTP/1.1 200 "));
    }
    let refusal = asked(&mut connected(2, door));
    assert!(refusal.starts_with("HTTP/1.1 503 "), "{refusal}");
    for part in [
        "retry-after: 1\r\n",
        "connection: close\r\n",
        "x-request-id: ",
        "\"status\":\"fail\"",
        "Too many connections",
    ] {
        assert!(refusal.contains(part), "no {part} in {refusal}");
    }
    assert!(is_welcome(3, door), "another address");
    open.pop();
    wait::until("a closed connection makes room", FREE_WITHIN, || is_welcome(2, door));
}

#[test]
fn caps_are_settings_and_a_trusted_proxy_has_only_the_one_for_all() {
    let settings = Setup::original()
        .env("SATCHEL_CONNECTIONS_PER_ADDRESS", "2")
        .env("SATCHEL_CONNECTIONS", "6")
        .env("SATCHEL_TRUSTED_PROXIES", "127.0.0.9");
    let world = World::start(&settings);
    let door = world.doors().gateway;
    let mut open: Vec<TcpStream> = (0..2).map(|_| connected(2, door)).collect();
    open.extend((0..4).map(|_| connected(9, door)));
    assert!(open.iter_mut().all(|stream| asked(stream).starts_with("HTTP/1.1 200 ")));
    assert!(!is_welcome(3, door), "the seventh of six");
    open.truncate(2);
    wait::until("closed connections make room", FREE_WITHIN, || is_welcome(3, door));
    assert!(!is_welcome(2, door), "the third of two");
}
