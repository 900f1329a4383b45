//! The budget as clients meet it: the `RateLimit` headers and the refusal.
//!
//! The headers are those of draft 6 of `RateLimit` header fields for HTTP, as the original sent them. Counting
//! is [`crate::budget`]'s business.

use chassis::address::Address;
use chassis::clock::Clock;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::budget::{Allowance, Budget, Quota};
use crate::error::Error;
use crate::routes::Upstream;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// A budget and how it is announced.
#[derive(Debug)]
pub(crate) struct Limit {
    budget: Budget,
    requests: HeaderValue,
    policy: HeaderValue,
    minutes: u32,
}

impl Limit {
    /// A limit of `quota` on the calendar `clock`.
    pub(crate) fn new(quota: Quota, clock: Clock) -> Self {
        let Quota { requests, window_s } = quota;
        // Two numbers and ASCII punctuation always make a header value.
        let policy = HeaderValue::try_from(format!("{requests};w={window_s}")).unwrap_or(requests.into());
        Self {
            budget: Budget::new(quota, clock),
            requests: requests.into(),
            policy,
            minutes: window_s.div_ceil(60),
        }
    }

    /// Counts one request.
    pub(crate) fn spend(&self, client: Address, upstream: Upstream) -> Allowance {
        self.budget.spend(client, upstream)
    }

    /// Refuses a request that was one too many.
    pub(crate) fn check(&self, allowance: Allowance) -> Result<(), Error> {
        if allowance.is_exceeded {
            return Err(Error::Spent { minutes: self.minutes, retry_after_s: allowance.resets_in_s });
        }
        Ok(())
    }

    /// Tells the client where it stands.
    pub(crate) fn announce(&self, allowance: Allowance, headers: &mut HeaderMap) {
        headers.insert(LIMIT, self.requests.clone());
        headers.insert(REMAINING, allowance.remaining.into());
        headers.insert(RESET, allowance.resets_in_s.into());
        headers.insert(POLICY, self.policy.clone());
    }
}
