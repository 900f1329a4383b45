//! The socket at which the mail of other programs arrives, in a world that catches it.
//!
//! It outlives the auth service, which takes what arrives while it is there.

use std::net::{Ipv4Addr, SocketAddr};

use auth::Capture;
use tokio::net::TcpListener;

use crate::Failed;

/// A bound socket; clones are the same.
#[derive(Clone)]
pub(crate) struct Catcher {
    address: SocketAddr,
    pub(super) capture: Capture,
}

impl Catcher {
    /// Listens at `port` of loopback.
    pub(super) async fn listen(port: u16) -> Result<Self, Failed> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let bound = TcpListener::bind(address).await;
        let listener =
            bound.map_err(|error| format!("--smtp-capture cannot listen on {address}: {error}"))?;
        Ok(Self { address: listener.local_addr()?, capture: Capture::at(listener) })
    }

    /// Where programs send their mail.
    pub(super) fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Where that is.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }
}
