//! Everything out of the services and into one file, as of one moment.
//!
//! Auth and user are read while nobody writes; notes reads one state of its data, so writes go on as soon as that has
//! begun.

use std::time::Duration;

use chassis::gate::Mode;
use chassis::peer::{Arriving, Peer};

use super::draft::{Draft, Written};
use super::stillness::Stillness;
use super::text::told;
use crate::Failed;
use crate::cli::ServiceName;
use crate::operated::{Peers, explained, peer};

const PATH: &str = "/internal/bundle/export";

/// What was exported, for people.
pub(super) struct Exported {
    written: Written,
    /// How long writes of clients had to wait.
    still: Duration,
}

/// Writes what the services keep into `draft`.
pub(super) async fn write(peers: &Peers, mut draft: Draft) -> Result<Exported, Failed> {
    let mut stillness = Stillness::begin(peers, Mode::Writes).await?;
    let read = read_settled(peers, &mut draft, &mut stillness).await;
    let still = stillness.end().await;
    let mut notes = read?;
    let still = still?;
    while let Some(bytes) = notes.chunk().await? {
        draft.take(&bytes)?;
    }
    Ok(Exported { written: draft.finish()?, still })
}

/// Reads what must be read while nobody writes; what is left are the notes of that moment.
async fn read_settled(
    peers: &Peers,
    draft: &mut Draft,
    stillness: &mut Stillness<'_>,
) -> Result<Arriving, Failed> {
    stillness.settle().await?;
    let notes = order(peer(peers, ServiceName::Notes)?).await?;
    for service in [ServiceName::Auth, ServiceName::User] {
        let mut records = order(peer(peers, service)?).await?;
        while let Some(bytes) = records.chunk().await? {
            draft.take(&bytes)?;
            stillness.go_on().await?;
        }
    }
    Ok(notes)
}

async fn order(peer: &Peer) -> Result<Arriving, Failed> {
    peer.order_lines(PATH).await.map_err(explained)
}

impl Exported {
    /// One line.
    pub(super) fn told(&self) -> String {
        let Self { written, still } = self;
        let (records, bytes) = (told(&written.counts), written.bytes);
        format!("{records}: {bytes} bytes; writes waited {} ms", still.as_millis())
    }
}
