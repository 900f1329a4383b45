//! Random spellings of paths: whatever reaches a service is under that service's prefix in every reading.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::tunnel::Tunnel;
use crate::kit::proof;

#[path = "../../../services/gateway/src/path/obliging.rs"]
mod obliging;

/// Requests on one connection.
const AHEAD: u32 = 50;
/// What servers have taken for steps, slashes and ends of segments, and the names that they lead to.
const PIECES: [&str; 36] = [
    "/",
    "//",
    ".",
    "..",
    "/../",
    "/./",
    "%2e",
    "%2E",
    "%252e",
    "%25",
    "2e",
    "2f",
    "%2f",
    "%2F",
    "%252f",
    "%5c",
    "\\",
    "%255C",
    ";",
    "%3b",
    ";a=b",
    "internal",
    "auth",
    "users",
    "notes",
    "api",
    "accounts",
    "x",
    "%",
    "%00",
    "%c0%ae",
    "\u{ff0e}",
    "~",
    "?",
    "?a=/internal",
    "%69nternal",
];
const BASES: [&str; 8] =
    ["/api/auth/", "/api/users/", "/api/notes/", "/api/", "/", "/api/auth", "/api//users/", "//api/notes/"];

fn spelling(rng: &mut ChaCha8Rng) -> String {
    let base = BASES[rng.random_range(0..BASES.len())];
    let pieces = (0..rng.random_range(1..10)).map(|_| PIECES[rng.random_range(0..PIECES.len())]);
    std::iter::once(base).chain(pieces).collect()
}

#[test]
fn no_random_path_leaves_the_prefix_of_its_service() {
    let paths = proof::size(20_000, 1_000_000);
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let mut reached = 0;
    runtime.block_on(async {
        let tunnel = Tunnel::open();
        for _ in 0..paths / AHEAD {
            let targets: Vec<String> = (0..AHEAD).map(|_| spelling(&mut rng)).collect();
            let heads = targets.iter().map(|target| format!("PUT {target} HTTP/1.1\r\nhost: a\r\n\r\n"));
            let last = "GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".to_owned();
            let bytes: String = heads.chain([last]).collect();
            let (statuses, seen) = tunnel.say(bytes.as_bytes()).await;
            assert_eq!(statuses.len(), targets.len() + 1, "one answer each: {targets:?}");
            assert!(statuses.iter().all(|status| (200..500).contains(status)), "{statuses:?} {targets:?}");
            for reading in &seen {
                let path = reading.target.split('?').next().unwrap_or_default();
                let first = obliging::reading(path).first().cloned().unwrap_or_default();
                assert!(["auth", "users", "notes"].contains(&&*first), "{}", reading.target);
                assert!(
                    path.strip_prefix('/').is_some_and(|rest| rest.starts_with(&first)),
                    "{}",
                    reading.target
                );
            }
            reached += seen.len();
        }
    });
    assert!(reached > paths as usize / 20, "{reached} of {paths} reached a service");
    println!("{paths} paths, {reached} reached a service, each under its own prefix");
}
