//! Waiting for something that becomes true, with a deadline.

use std::time::Duration;

use tokio::time::Instant;

/// Between two looks; a look is usually a request, so this keeps the waiting test from eating a core.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Looks until `look` gives something, for at most `within`; tells how often it looked otherwise.
pub(crate) fn poll<T>(within: Duration, mut look: impl FnMut() -> Option<T>) -> Result<T, u32> {
    let deadline = Instant::now() + within;
    let mut looks = 0;
    loop {
        if let Some(found) = look() {
            return Ok(found);
        }
        looks += 1;
        if Instant::now() >= deadline {
            return Err(looks);
        }
        std::thread::park_timeout(LOOK_EVERY);
    }
}

/// Demands that `condition` becomes true within `within`.
#[track_caller]
pub(crate) fn until(what: &str, within: Duration, mut condition: impl FnMut() -> bool) {
    if let Err(looks) = poll(within, || condition().then_some(())) {
        panic!("not within {within:?} ({looks} looks): {what}");
    }
}
