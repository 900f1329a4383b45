//! The calendar: what "now" is for timestamps, expiry and rate windows.
//!
//! The only place that reads the system clock. It measures no durations: timeouts and backoff use tokio's
//! elapsed time, which this clock never touches.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::FormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// An instant of the calendar, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

const WITH_MILLIS: &[FormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
const HTTP_DATE: &[FormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
/// The years that RFC 3339 can write, as milliseconds: an instant outside is clamped, so formatting cannot fail.
const RANGE_MS: (i64, i64) = (-62_167_219_200_000, 253_402_300_799_999);

impl Timestamp {
    /// The instant that lies `millis` milliseconds after the epoch, clamped to the years 0000 to 9999.
    pub const fn from_millis(millis: i64) -> Self {
        Self(if millis < RANGE_MS.0 {
            RANGE_MS.0
        } else if millis > RANGE_MS.1 {
            RANGE_MS.1
        } else {
            millis
        })
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Reads an RFC 3339 text with any offset; finer parts than milliseconds are dropped.
    pub fn parse(text: &str) -> Option<Self> {
        let instant = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(instant.unix_timestamp_nanos().div_euclid(1_000_000)).ok().map(Self::from_millis)
    }

    /// The instant `span` later, clamped to the calendar's end.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self::from_millis(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The instant `span` earlier, clamped to the calendar's beginning.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self::from_millis(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The form of an HTTP `Date` header (RFC 9110 §5.6.7).
    pub fn http_date(self) -> String {
        self.date_time().format(HTTP_DATE).unwrap_or_default()
    }

    fn date_time(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

/// RFC 3339 in UTC with milliseconds: `2026-11-23T04:05:06.789Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.date_time().format(WITH_MILLIS).unwrap_or_default())
    }
}

/// The calendar that all services of a world share; a clone is the same clock.
#[derive(Clone, Debug)]
pub struct Clock(Arc<AtomicI64>);

/// Marks a clock that follows the system.
const RUNNING: i64 = i64::MIN;

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(Arc::new(AtomicI64::new(RUNNING)))
    }

    /// A clock that stands still at `now` until it is advanced.
    pub fn frozen(now: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(now.0)))
    }

    /// The present instant.
    #[expect(clippy::disallowed_methods, reason = "the one home of the system clock")]
    pub fn now(&self) -> Timestamp {
        match self.0.load(Ordering::Acquire) {
            RUNNING => {
                let since =
                    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            frozen => Timestamp(frozen),
        }
    }

    /// Moves a frozen clock forward; a running one freezes at its present instant first.
    pub fn advance(&self, span: Duration) {
        let next = self.now().plus(span);
        self.0.store(next.0, Ordering::Release);
    }

    /// Puts the clock to `now`, also back, where it stands still.
    #[cfg(feature = "simulation")]
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.0, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_with_milliseconds_and_read_back() {
        let instant = Timestamp::from_millis(1_795_406_706_789);
        assert_eq!(instant.to_string(), "2026-11-23T04:05:06.789Z");
        assert_eq!(Timestamp::parse("2026-11-23T05:05:06.789+01:00"), Some(instant));
        assert_eq!(instant.http_date(), "Mon, 23 Nov 2026 04:05:06 GMT");
    }

    #[test]
    fn instants_outside_the_calendar_are_clamped() {
        assert_eq!(Timestamp::from_millis(i64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::from_millis(i64::MIN).to_string(), "0000-01-01T00:00:00.000Z");
    }

    #[test]
    fn a_frozen_clock_moves_only_when_told() {
        let clock = Clock::frozen(Timestamp::from_millis(1000));
        let same = clock.clone();
        clock.advance(Duration::from_secs(2));
        assert_eq!(same.now().as_millis(), 3000);
    }
}
