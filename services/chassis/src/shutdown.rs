//! The signal that a world is ending, and the wait for those who still work.

use tokio::sync::watch;

/// Ends everything that listens to it; clones give the same signal.
#[derive(Clone, Debug)]
pub struct Trigger(watch::Sender<bool>);

/// A listener's end; clones hear the same signal.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<bool>);

/// A trigger and its listening end.
pub fn channel() -> (Trigger, Shutdown) {
    let (sender, receiver) = watch::channel(false);
    (Trigger(sender), Shutdown(receiver))
}

impl Trigger {
    /// Gives the signal; again does nothing.
    pub fn fire(&self) {
        self.0.send_replace(true);
    }
}

impl Shutdown {
    /// Returns once the signal was given or the trigger is gone.
    pub async fn requested(&mut self) {
        let _gone = self.0.wait_for(|ended| *ended).await;
    }

    /// Whether the signal was given.
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }
}
