//! More than a world can do: what it can do it does, the rest hears soon that it must come back, and nobody suffers for
//! long.

mod flood;
mod hashing;
mod line;
mod outbox;

use std::sync::Arc;

use crate::kit::{Request, Setup, World};

/// A world with the costs that ship and no limits for single clients, who all are one here.
fn world() -> World {
    World::start(&Setup::original().env("SATCHEL_LIMITS", "off"))
}

/// Does `work` with a client's runtime of its own.
fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Requests as they go over the wire, asked in turn.
fn rendered(requests: impl IntoIterator<Item = Request>) -> Arc<[Vec<u8>]> {
    requests.into_iter().map(|request| request.render("localhost")).collect()
}

/// Hashes at a time on two cores; more cores have one less than they are (DESIGN.md §4).
const CORES_LEFT: usize = 1;
/// The memory of one hash, in MiB, and what everything else may grow by meanwhile.
const HASH_MIB: usize = 19;
const REST_MIB: usize = 64;

/// How many hashes are made at a time.
fn cap() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    cores.saturating_sub(CORES_LEFT).max(2)
}

/// Memory of the process in MiB, as proc(5) calls it: `VmRSS:` now, `VmHWM:` at most so far.
fn memory_mib(world: &mut World, which: &str) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", world.process().pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(which)).unwrap();
    line.trim().strip_suffix(" kB").unwrap().trim().parse::<usize>().unwrap() / 1_024
}
