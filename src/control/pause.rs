//! The world stands still while control copies or changes all of its services.
//!
//! Every door opens by itself when nobody renews the pause: whoever asked for it may have been killed. What is done
//! meanwhile is not known here.

use std::pin::pin;
use std::time::Duration;

use chassis::failure::Failure;
use http::Method;
use tokio::time::{Instant, interval_at};

use super::reach::Reach;
use crate::cli::ServiceName;
use crate::topology::Stillness;

/// How long a door stays closed without another word: some renewals may come late on a busy machine.
const LEASE_MS: u64 = 10_000;
/// After which it is renewed.
const RENEW_AFTER: Duration = Duration::from_secs(3);

const PATH: &str = "/internal/control/pause";

/// Does `work` while clients wait, and lets them in again whatever became of it. With `quiet` nothing goes on in the
/// background either.
///
/// # Errors
/// Those of `work`, and when a service cannot be paused, kept so or woken.
pub(super) async fn paused<T>(
    reach: &Reach,
    quiet: bool,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    begin(reach, quiet).await?;
    let done =
        renewing(work, || close(reach, Stillness { lease_ms: LEASE_MS, quiet: false, renews: true })).await;
    end(reach).await?;
    done
}

async fn begin(reach: &Reach, quiet: bool) -> Result<(), Failure> {
    let paused = close(reach, Stillness { lease_ms: LEASE_MS, quiet, renews: false }).await;
    if paused.is_err() {
        // Some may stand still already.
        end(reach).await?;
    }
    paused
}

async fn close(reach: &Reach, still: Stillness) -> Result<(), Failure> {
    // The door first: who is inside still needs the services behind it.
    reach.order(ServiceName::Gateway, (Method::PUT, PATH), Some(&still)).await?;
    reach.order_each(&ServiceName::KEEPERS, (Method::PUT, PATH), Some(&still)).await?;
    Ok(())
}

async fn end(reach: &Reach) -> Result<(), Failure> {
    reach.order_all((Method::DELETE, PATH), None::<&()>).await.map(drop)
}

/// Finishes `work` while `renew` keeps the pause from ending; work that was done after its end does not count.
async fn renewing<T, F: Future<Output = Result<(), Failure>>>(
    work: impl Future<Output = Result<T, Failure>>,
    renew: impl Fn() -> F,
) -> Result<T, Failure> {
    let (mut work, mut lasts) = (pin!(work), Ok(()));
    let mut renewals = interval_at(Instant::now() + RENEW_AFTER, RENEW_AFTER);
    loop {
        tokio::select! {
            done = &mut work => return lasts.and(done),
            _ = renewals.tick(), if lasts.is_ok() => lasts = renew().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::pending;

    use http::StatusCode;
    use tokio::time::timeout;

    use super::*;

    async fn works_for(seconds: u64) -> Result<(), Failure> {
        let _over = timeout(Duration::from_secs(seconds), pending::<()>()).await;
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_is_renewed_before_it_ends_for_as_long_as_the_work_takes() {
        let (begun, renewed) = (Instant::now(), Cell::new(Instant::now()));
        let renew = || async {
            assert!(renewed.get().elapsed() < Duration::from_millis(LEASE_MS));
            renewed.set(Instant::now());
            Ok(())
        };
        renewing(works_for(60), renew).await.unwrap();
        assert_eq!(begun.elapsed(), Duration::from_mins(1));
        assert!(renewed.get().elapsed() < Duration::from_millis(LEASE_MS));
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_outlived_its_pause_is_finished_and_does_not_count() {
        let begun = Instant::now();
        let lost = renewing(works_for(20), || async { Err(Failure::conflict("The pause is over")) }).await;
        assert_eq!(
            (lost.unwrap_err().status(), begun.elapsed()),
            (StatusCode::CONFLICT, Duration::from_secs(20))
        );
    }
}
