//! SIGTERM and SIGINT: the first asks for an orderly end, the second ends at once.

use chassis::shutdown::Trigger;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Both signals, from the moment of the call.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Starts listening.
    pub(crate) fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the next of either; tells which.
    pub(crate) async fn next(&mut self) -> SignalKind {
        tokio::select! {
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = self.interrupt.recv() => SignalKind::interrupt(),
        }
    }

    /// Fires `trigger` at the first signal and ends the process at the second.
    pub(crate) fn end_world(mut self, trigger: Trigger) {
        chassis::task::spawn("signals", async move {
            self.next().await;
            tracing::info!("ending: requests in flight may finish; a second signal ends at once");
            trigger.fire();
            self.next().await;
            std::process::exit(1);
        });
    }
}
