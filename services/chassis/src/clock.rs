//! The calendar: what "now" is for timestamps, expiry and rate windows.
//!
//! The only place that reads the system clock. It measures no durations: timeouts and backoff use tokio's
//! elapsed time, which this clock never touches.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use time::format_description::FormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

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

    /// Reads the form of an HTTP `Date` header, to the second.
    pub fn parse_http_date(text: &str) -> Option<Self> {
        let instant = PrimitiveDateTime::parse(text, HTTP_DATE).ok()?.assume_utc();
        Some(Self::from_millis(instant.unix_timestamp().saturating_mul(1000)))
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

/// How a clock goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// With the system's clock, so many milliseconds before it, or after it if that is negative.
    Running {
        /// The difference.
        ahead_ms: i64,
    },
    /// Not at all.
    Frozen {
        /// Where it stands.
        at: Timestamp,
    },
}

/// The calendar that all services of a world share; a clone is the same clock.
///
/// One word holds its pace, so that a look never sees half of a change: twice the milliseconds, plus one if it stands.
#[derive(Clone, Debug)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::at_pace(Pace::Running { ahead_ms: 0 })
    }

    /// A clock that stands still at `now` until it is advanced.
    pub fn frozen(now: Timestamp) -> Self {
        Self::at_pace(Pace::Frozen { at: now })
    }

    fn at_pace(pace: Pace) -> Self {
        Self(Arc::new(AtomicI64::new(pace.packed())))
    }

    /// How it goes.
    pub fn pace(&self) -> Pace {
        Pace::unpacked(self.0.load(Ordering::Acquire))
    }

    /// Makes it go otherwise from now on, for all who share it.
    pub fn set_pace(&self, pace: Pace) {
        self.0.store(pace.packed(), Ordering::Release);
    }

    /// The present instant.
    #[expect(clippy::disallowed_methods, reason = "the one home of the system clock")]
    pub fn now(&self) -> Timestamp {
        match self.pace() {
            Pace::Running { ahead_ms } => {
                let since =
                    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
                Timestamp::from_millis(millis.saturating_add(ahead_ms))
            }
            Pace::Frozen { at } => at,
        }
    }

    /// Moves it forward; it goes on as before from there.
    pub fn advance(&self, span: Duration) {
        self.set_pace(self.pace().advanced(span));
    }

    /// Puts the clock to `now`, also back, where it stands still.
    #[cfg(feature = "simulation")]
    pub fn set(&self, now: Timestamp) {
        self.set_pace(Pace::Frozen { at: now });
    }
}

impl Pace {
    /// The same, `span` later.
    #[must_use]
    pub fn advanced(self, span: Duration) -> Self {
        match self {
            Self::Running { ahead_ms } => {
                let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
                Self::Running { ahead_ms: ahead_ms.saturating_add(span).min(RANGE_MS.1) }
            }
            Self::Frozen { at } => Self::Frozen { at: at.plus(span) },
        }
    }

    /// The calendar's range, doubled, is far from the ends of the word.
    const fn packed(self) -> i64 {
        match self {
            Self::Running { ahead_ms } => Timestamp::from_millis(ahead_ms).0 << 1,
            Self::Frozen { at } => at.0 << 1 | 1,
        }
    }

    const fn unpacked(word: i64) -> Self {
        match (word & 1, word >> 1) {
            (0, ahead_ms) => Self::Running { ahead_ms },
            (_, at) => Self::Frozen { at: Timestamp(at) },
        }
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
        let to_the_second = Some(Timestamp::from_millis(1_795_406_706_000));
        assert_eq!(Timestamp::parse_http_date("Mon, 23 Nov 2026 04:05:06 GMT"), to_the_second);
        assert_eq!(Timestamp::parse_http_date("yesterday"), None);
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

    #[test]
    fn a_running_clock_that_is_advanced_runs_on_from_there() {
        let (clock, system) = (Clock::system(), Clock::system());
        clock.advance(Duration::from_hours(1));
        assert_eq!(clock.pace(), Pace::Running { ahead_ms: 3_600_000 });
        let ahead = clock.now().as_millis() - system.now().as_millis();
        assert!((3_600_000 - 1_000..=3_600_000 + 1_000).contains(&ahead), "{ahead}");
    }

    #[test]
    fn every_pace_is_kept_as_it_was_set() {
        let clock = Clock::system();
        for millis in [i64::MIN, -1, 0, 1, 1_795_406_706_789, i64::MAX] {
            let at = Timestamp::from_millis(millis);
            for pace in [Pace::Frozen { at }, Pace::Running { ahead_ms: at.as_millis() }] {
                clock.set_pace(pace);
                assert_eq!(clock.pace(), pace);
            }
        }
    }
}
