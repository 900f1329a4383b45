//! `/control/clock`: the calendar of the whole world, for timestamps, expiry and rate windows.
//!
//! Deadlines and backoff are elapsed time, which nobody here touches.

use std::time::Duration;

use axum::extract::State;
use chassis::body::{FromFields, Valid};
use chassis::clock::{Clock, Pace, Timestamp};
use chassis::failure::Failure;
use chassis::field::Fields;
use chassis::reply::{self, Data, Reply};
use http::{Method, StatusCode};
use serde::Serialize;

use super::reach::Reach;
use crate::topology::Calendar;

/// How the clock goes, and what it shows.
#[derive(Serialize)]
pub(super) struct Reading {
    mode: &'static str,
    now: String,
}

impl Reading {
    /// What `clock` shows now.
    pub(super) fn of(clock: &Clock) -> Self {
        let mode = match clock.pace() {
            Pace::Running { .. } => "running",
            Pace::Frozen { .. } => "frozen",
        };
        Self { mode, now: clock.now().to_string() }
    }
}

/// What is to become of the clock.
pub(super) enum ClockRequest {
    /// Stand still, here or at an instant.
    Freeze(Option<Timestamp>),
    /// Go with the system's clock again.
    Run,
    /// Go on as before, so much later.
    Advance(Duration),
}

impl FromFields for ClockRequest {
    fn from_fields(mut fields: Fields) -> Result<Self, Failure> {
        let mode = fields.optional_string("mode");
        let now = fields.optional_string("now");
        let now = fields.check("now", now.as_deref(), |now| {
            Timestamp::parse(now).ok_or("now must be a time such as 2026-01-01T00:00:00.000Z")
        });
        let advance_ms = fields.optional_integer("advanceMs");
        let advance = fields.check("advanceMs", advance_ms, |ms| {
            u64::try_from(ms).map(Duration::from_millis).map_err(|_negative| "advanceMs must not be negative")
        });
        let asked = match (mode.as_deref(), now, advance) {
            (Some("frozen"), now, None) => Some(Self::Freeze(now)),
            (Some("running"), None, None) => Some(Self::Run),
            (None, None, Some(span)) => Some(Self::Advance(span)),
            _ => None,
        };
        fields.finish_exactly()?;
        asked.ok_or_else(|| {
            Failure::bad_request(
                "Send {\"mode\":\"frozen\",\"now\":time}, {\"mode\":\"running\"} or {\"advanceMs\":number}",
            )
        })
    }
}

pub(super) async fn show(State(reach): State<Reach>) -> Reply<Data<Reading>> {
    reply::data(StatusCode::OK, Reading::of(&reach.recipe().clock))
}

pub(super) async fn set(
    State(reach): State<Reach>,
    Valid(request): Valid<ClockRequest>,
) -> Result<Reply<Data<Reading>>, Failure> {
    let _turn = reach.turn().await;
    let clock = &reach.recipe().clock;
    let pace = match request {
        ClockRequest::Freeze(at) => Pace::Frozen { at: at.unwrap_or_else(|| clock.now()) },
        ClockRequest::Run => Pace::Running { ahead_ms: 0 },
        ClockRequest::Advance(span) => clock.pace().advanced(span),
    };
    set_everywhere(&reach, pace).await?;
    Ok(reply::data(StatusCode::OK, Reading::of(clock)))
}

/// Every process has a calendar of its own; this one's goes last, so that a failure shows.
pub(super) async fn set_everywhere(reach: &Reach, pace: Pace) -> Result<(), Failure> {
    let calendar = Calendar::from(pace);
    reach.order_awake((Method::PUT, "/internal/control/clock"), Some(&calendar)).await?;
    reach.recipe().clock.set_pace(pace);
    Ok(())
}
