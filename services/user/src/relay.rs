//! Tells auth and notes what changed here, until they have heard.
//!
//! What there is to tell was committed with the change itself; the order and the retries are the chassis'.

use std::sync::Arc;

use chassis::entropy::Stream;
use chassis::peer::Peer;
use chassis::relay::Relay;
use chassis::shutdown::Shutdown;
use chassis::{blocking, outbox};

use crate::store::Store;

/// Delivers the outbox of `store` to `peers` until `shutdown`.
pub(crate) async fn run(store: Arc<Store>, peers: Vec<Peer>, jitter: Stream, shutdown: Shutdown) {
    let relay = Relay { outbox: Arc::clone(store.outbox()), peers, jitter };
    let remove = |sequence: outbox::Sequence| {
        let store = Arc::clone(&store);
        async move { blocking::run(move || store.remove_message(sequence)).await }
    };
    relay.run(remove, shutdown).await;
}
