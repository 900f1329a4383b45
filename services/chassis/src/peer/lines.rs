//! Records between services: pages of lines that go out, and lines that arrive for as long as there are any.
//!
//! What stands on a line is not known here.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http_body_util::BodyExt;
use serde_json::Value;

use super::{Peer, PeerError};
use crate::bundle::Export;
use crate::connect::Answer;

/// A service that hands out records and is silent for so long has hung up.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// Lines on their way from another service.
#[derive(Debug)]
pub struct Arriving {
    peer: Peer,
    answer: Answer,
}

impl Peer {
    /// Posts a page of lines to `path` and returns the JSON answer.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn post_lines(&self, path: &str, lines: Bytes, within: Duration) -> Result<Value, PeerError> {
        let request = self.compose(Method::POST, path, Some(("application/x-ndjson", lines)))?;
        self.ask(request, within).await
    }

    /// Orders all that the service keeps from `path`, and returns once the first of it is there.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn order_lines(&self, path: &str) -> Result<Arriving, PeerError> {
        let request = self.request(Method::POST, path, Some(&Export {}))?;
        let asked = tokio::time::timeout(SILENCE_MAX, self.client.request(self.name(), request)).await;
        let answer = asked.map_err(|_late| self.silent())?.map_err(|e| self.unknown(super::chain(&e)))?;
        if !answer.status().is_success() {
            let said = self.outcome(answer).await?;
            return Err(self.unknown(said.to_string()));
        }
        Ok(Arriving { peer: self.clone(), answer })
    }

    fn silent(&self) -> PeerError {
        self.unknown(format!("nothing came within {SILENCE_MAX:?}"))
    }
}

impl Arriving {
    /// The next bytes; `None` after the last.
    ///
    /// # Errors
    /// When the service breaks off or falls silent.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, PeerError> {
        loop {
            let arrived = tokio::time::timeout(SILENCE_MAX, self.answer.body_mut().frame()).await;
            match arrived.map_err(|_late| self.peer.silent())? {
                None => return Ok(None),
                Some(Err(error)) => return Err(self.peer.unknown(format!("it broke off: {error}"))),
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
            }
        }
    }
}
