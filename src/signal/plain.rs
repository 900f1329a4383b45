//! Signals where the system does not tell their origin: each counts as sent by a process.

use std::io;

use rustix::process::Signal;
use tokio::signal::unix::{self, SignalKind};
use tokio::sync::mpsc::{self, Receiver};

use super::{Heard, Sender};

/// Signals that wait to be read; who sends more than that in a moment means the same.
const WAITING_MAX: usize = 8;

/// Nothing has to be held where signals are caught.
#[expect(clippy::unnecessary_wraps, reason = "where signals are held, that can fail")]
pub(crate) fn hold(_signals: &[Signal]) -> io::Result<()> {
    Ok(())
}

/// Signals as they come.
#[derive(Debug)]
pub(crate) struct Signals(Receiver<Heard>);

impl Signals {
    /// Catches `signals` from now on.
    pub(crate) fn listen(signals: &[Signal]) -> io::Result<Self> {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        for &signal in signals {
            let mut caught = unix::signal(SignalKind::from_raw(signal.as_raw()))?;
            let sender = sender.clone();
            chassis::task::spawn("signal", async move {
                while caught.recv().await.is_some() {
                    let heard = Heard { signal, from: Sender::Process(None) };
                    if sender.send(heard).await.is_err() {
                        return;
                    }
                }
            });
        }
        Ok(Self(receiver))
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Heard {
        match self.0.recv().await {
            Some(heard) => heard,
            None => std::future::pending().await,
        }
    }
}
