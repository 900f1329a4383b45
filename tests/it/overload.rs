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
