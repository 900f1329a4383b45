//! Waiting until nothing is on its way between the services of a world that stands still.
//!
//! Whoever copies a world, into a snapshot or a file, must find in every service what any of them acknowledged. How the
//! services are asked is the caller's business.

use std::time::Duration;

use tokio::time::{Instant, interval};

/// What was acknowledged reaches everyone well before that if all services are there (PROTOCOL.md, A1).
pub(crate) const SETTLE_MAX: Duration = Duration::from_secs(5);
/// Between two looks whether it has.
const LOOK: Duration = Duration::from_millis(2);
/// A message that one service has taken in may be the cause of one that another has already been asked for.
const QUIET_LOOKS: u32 = 2;

/// Waits until `waiting` counts nothing twice in a row; false when that takes too long.
///
/// # Errors
/// Those of `waiting`.
pub(crate) async fn settled<F, E>(mut waiting: impl FnMut() -> F) -> Result<bool, E>
where
    F: Future<Output = Result<u64, E>>,
{
    let (deadline, mut looks, mut quiet) = (Instant::now() + SETTLE_MAX, interval(LOOK), 0);
    while quiet < QUIET_LOOKS {
        if Instant::now() > deadline {
            return Ok(false);
        }
        looks.tick().await;
        quiet = if waiting().await? == 0 { quiet + 1 } else { 0 };
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::ready;

    use super::*;

    async fn looks_until_settled(mut found: impl FnMut(u32) -> u64) -> (Result<bool, Infallible>, u32) {
        let mut looks = 0;
        let settled = settled(|| {
            looks += 1;
            ready(Ok(found(looks)))
        });
        (settled.await, looks)
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_twice_in_a_row_is_settled() {
        assert_eq!(looks_until_settled(|_| 0).await, (Ok(true), 2));
        assert_eq!(looks_until_settled(|look| u64::from(look == 2)).await, (Ok(true), 4));
    }

    #[tokio::test(start_paused = true)]
    async fn who_never_settles_is_given_up() {
        let begun = Instant::now();
        assert_eq!(looks_until_settled(|_| 1).await.0, Ok(false));
        assert!((SETTLE_MAX..SETTLE_MAX * 2).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    }
}
