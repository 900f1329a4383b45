//! Signals that people and programs send: the first asks a world to end in order, the second ends it where it stands.
//!
//! On Linux each one tells where it came from, because what is typed at a terminal reaches every process there.
//! It does not know what ends.

use chassis::shutdown::Trigger;
use rustix::process::{Pid, Signal};

use crate::Failed;

#[cfg(target_os = "linux")]
pub(crate) use self::origin::{Origins, Signals, hold, release};
#[cfg(not(target_os = "linux"))]
pub(crate) use self::plain::{Signals, hold};

#[cfg(target_os = "linux")]
mod origin;
#[cfg(not(target_os = "linux"))]
mod plain;

/// What ends a world.
pub(crate) const ENDING: &[Signal] = &[Signal::HUP, Signal::INT, Signal::TERM];
/// What a command may want to hear of besides.
pub(crate) const PASSED_ON: &[Signal] =
    &[Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM, Signal::USR1, Signal::USR2];

/// A signal that came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard {
    pub(crate) signal: Signal,
    /// Who sent it; the kernel, when it was typed at the terminal.
    pub(crate) from: Sender,
}

/// Whence a signal came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// The terminal, and so every process in its foreground has it.
    Terminal,
    /// A process; `None` for one that this process cannot see.
    Process(Option<Pid>),
}

/// Does `work`; a first signal fires `trigger`, which should end it in order, a second one drops it where it is.
pub(crate) async fn until_second<T>(
    signals: &mut Signals,
    trigger: &Trigger,
    work: impl Future<Output = Result<T, Failed>>,
) -> Result<T, Failed> {
    tokio::pin!(work);
    tokio::select! {
        done = work.as_mut() => return done,
        _ = signals.next() => {
            tracing::info!("ending: requests in flight may finish; a second signal ends at once");
            trigger.fire();
        }
    }
    tokio::select! {
        done = work => done,
        _ = signals.next() => Err("ended at once by a second signal".into()),
    }
}
