//! Tells auth and notes what changed here, until they have heard.
//!
//! What there is to tell was committed with the change itself; the order and the retries are the chassis'.

use std::sync::Arc;

use chassis::blocking;
use chassis::entropy::Stream;
use chassis::peer::Peer;
use chassis::relay::{Ending, Relay};
use chassis::shutdown::Shutdown;

use crate::NAME;
use crate::peer::NOTES;
use crate::store::Store;

/// Delivers the outbox of `store` to `peers` until `shutdown`.
pub(crate) async fn run(store: Arc<Store>, peers: Vec<Peer>, jitter: Stream, shutdown: Shutdown) {
    let outbox = Arc::clone(store.outbox());
    let relay = Relay { service: NAME, outbox, peers, beats_to: NOTES, jitter };
    let settle = |sequence, ending| {
        let store = Arc::clone(&store);
        blocking::run(move || match ending {
            Ending::Delivered => store.remove_message(sequence),
            Ending::Refused(why) => store.park(sequence, why),
        })
    };
    relay.run(settle, shutdown).await;
}
