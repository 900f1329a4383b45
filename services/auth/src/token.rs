//! Issues the tokens of people (RFC 7519), and says how long they live.
//!
//! Nothing here verifies: every service does that for itself with [`chassis::token`].

use std::time::Duration;

use chassis::clock::Clock;
use chassis::id::AccountId;
use chassis::secret::Secret;
use chassis::token::{AUDIENCE, Issuers};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use crate::account::Identity;

/// Verifiers refuse a longer life (CONTRACT.md, *Authentication*).
const LIFETIME_MAX: Duration = Duration::from_hours(400 * 24);
/// Seconds of each unit, under the names that the original's parser knew.
const UNITS: [(&[&str], u64); 5] = [
    (&["s", "sec", "secs", "second", "seconds"], 1),
    (&["m", "min", "mins", "minute", "minutes"], 60),
    (&["h", "hr", "hrs", "hour", "hours"], 3_600),
    (&["d", "day", "days"], 86_400),
    (&["w", "week", "weeks"], 604_800),
];

/// How long a token works after it was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenLifetime(Duration);

/// Why a text is no lifetime.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenLifetimeError {
    /// A number alone: the original took a number for seconds and a text for milliseconds.
    #[error("has no unit: write {0}s for seconds, or use m, h or d")]
    NoUnit(u64),
    /// Not a number with a unit.
    #[error("must be a number with a unit, such as 3600s, 30m, 12h or 1d")]
    Malformed,
    /// Zero, or more than the verifiers accept.
    #[error("must be at least 1s and at most 400d")]
    OutOfRange,
}

impl TokenLifetime {
    /// Reads `JWT_EXPIRES_IN`, such as `3600s`, `30m`, `12h`, `1d` or `2 weeks`.
    ///
    /// # Errors
    /// What is wrong with `text`, worded to follow the variable's name.
    pub fn parse(text: &str) -> Result<Self, TokenLifetimeError> {
        let text = text.trim();
        let digits_end = text.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, unit) = text.split_at_checked(digits_end).ok_or(TokenLifetimeError::Malformed)?;
        let count: u64 = digits.parse().map_err(|_not_a_number| TokenLifetimeError::Malformed)?;
        let unit = unit.trim_start().to_ascii_lowercase();
        if unit.is_empty() {
            return Err(TokenLifetimeError::NoUnit(count));
        }
        let known = UNITS.iter().find(|(names, _)| names.contains(&unit.as_str()));
        let (_, seconds) = known.ok_or(TokenLifetimeError::Malformed)?;
        let lifetime = Duration::from_secs(count.saturating_mul(*seconds));
        if lifetime.is_zero() || lifetime > LIFETIME_MAX {
            return Err(TokenLifetimeError::OutOfRange);
        }
        Ok(Self(lifetime))
    }
}

/// When a token works that is made to order, in seconds from now: for tests, which want expired ones too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Validity {
    /// The usual lifetime if absent.
    pub(crate) expires_in_s: Option<i64>,
    /// At once if absent.
    pub(crate) not_before_s: Option<i64>,
}

impl Validity {
    /// Farther from now than this is no instant that a verifier would accept.
    pub(crate) const SPAN_MAX_S: i64 = LIFETIME_MAX.as_secs().cast_signed();
}

#[derive(Serialize)]
struct Claims {
    #[serde(rename = "userId")]
    account: AccountId,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    iss: String,
    aud: &'static str,
    #[serde(rename = "gen")]
    generation: u32,
    epoch: u32,
    role: &'static str,
}

/// A token could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("a token could not be signed")]
pub(crate) struct SigningError(#[from] jsonwebtoken::errors::Error);

/// Signs tokens with the platform's secret.
pub(crate) struct Issuer {
    key: EncodingKey,
    lifetime: TokenLifetime,
    clock: Clock,
    issuers: Issuers,
}

impl Issuer {
    /// An issuer of tokens that live for `lifetime`.
    pub(crate) fn new(secret: &Secret<String>, lifetime: TokenLifetime, clock: Clock) -> Self {
        let (key, issuers) = (EncodingKey::from_secret(secret.expose().as_bytes()), Issuers::default());
        Self { key, lifetime, clock, issuers }
    }

    /// The same, under the name that `issuers` says.
    #[must_use]
    pub(crate) fn of(self, issuers: Issuers) -> Self {
        Self { issuers, ..self }
    }

    /// A token for the account as it stands now.
    pub(crate) fn issue(&self, identity: &Identity) -> Result<String, SigningError> {
        self.issue_for(identity, Validity::default())
    }

    /// The same for another time.
    pub(crate) fn issue_for(&self, identity: &Identity, validity: Validity) -> Result<String, SigningError> {
        let now = self.clock.now();
        let usual = now.plus(self.lifetime.0).as_seconds();
        let later = |span_s: i64| now.as_seconds().saturating_add(span_s);
        let exp = validity.expires_in_s.map_or(usual, later);
        let claims = Claims {
            account: identity.account,
            // No token was issued after its end.
            iat: now.as_seconds().min(exp),
            exp,
            nbf: validity.not_before_s.map(later),
            iss: self.issuers.present(),
            aud: AUDIENCE,
            generation: identity.standing.generation,
            epoch: identity.standing.epoch,
            role: identity.role.as_str(),
        };
        Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.key)?)
    }
}

#[cfg(test)]
mod tests {
    use chassis::clock::Timestamp;
    use chassis::contract::Role;
    use chassis::standing::{Rung, Session, Standing};
    use chassis::token::Verifier;

    use super::*;
    use crate::account::tests::identity;

    fn parse(text: &str) -> Result<u64, TokenLifetimeError> {
        TokenLifetime::parse(text).map(|lifetime| lifetime.0.as_secs())
    }

    #[test]
    fn a_lifetime_is_a_number_with_a_unit() {
        let cases =
            [("1d", 86_400), ("12h", 43_200), ("30m", 1_800), (" 3600s ", 3_600), ("2 Weeks", 1_209_600)];
        for (text, seconds) in cases {
            assert_eq!(parse(text), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn a_lifetime_that_could_be_misread_is_refused() {
        assert_eq!(parse("3600"), Err(TokenLifetimeError::NoUnit(3600)));
        for text in ["", "d", "-1d", "1.5h", "1d1h", "500ms", "1 y", "d1", "99999999999999999999d", "1é"] {
            assert_eq!(parse(text), Err(TokenLifetimeError::Malformed), "{text}");
        }
        for text in ["0s", "401d", "9999999999999999w"] {
            assert_eq!(parse(text), Err(TokenLifetimeError::OutOfRange), "{text}");
        }
        assert_eq!(parse("400d"), Ok(400 * 86_400));
    }

    #[test]
    fn a_token_to_order_works_in_its_time_alone() {
        let clock = Clock::frozen(Timestamp::from_millis(1_800_000_000_000));
        let secret = Secret::new("secret".to_owned());
        let issuer = Issuer::new(&secret, TokenLifetime::parse("1d").unwrap(), clock.clone());
        let verifier = Verifier::new(&secret, clock.clone());
        let works = |expires_in_s, not_before_s| {
            let token = issuer.issue_for(&identity(1), Validity { expires_in_s, not_before_s }).unwrap();
            verifier.verify(&token).is_some()
        };
        assert!(works(None, None) && works(Some(1), None) && works(None, Some(-1)));
        assert!(works(Some(Validity::SPAN_MAX_S), None));
        assert!(!works(Some(0), None) && !works(Some(-60), None) && !works(None, Some(1)));
    }

    #[test]
    fn a_token_says_where_its_account_stands_and_every_service_takes_it() {
        let clock = Clock::frozen(Timestamp::from_millis(1_800_000_000_999));
        let secret = Secret::new("secret".to_owned());
        let issuer = Issuer::new(&secret, TokenLifetime::parse("1d").unwrap(), clock.clone());
        let standing = Standing { generation: 2, rung: Rung::Active, epoch: 3 };
        let ada = Identity { standing, role: Role::Admin, ..identity(1) };
        let token = issuer.issue(&ada).unwrap();

        let caller = Verifier::new(&secret, clock.clone()).verify(&token).unwrap();
        assert_eq!((caller.account, caller.session), (ada.account, Session { generation: 2, epoch: 3 }));
        clock.advance(Duration::from_hours(24));
        assert_eq!(Verifier::new(&secret, clock).verify(&token), None);

        let header = jsonwebtoken::decode_header(&token).unwrap();
        assert_eq!(header, Header::new(Algorithm::HS256));
        let claims = jsonwebtoken::dangerous::insecure_decode::<serde_json::Value>(&token).unwrap().claims;
        let expected = serde_json::json!({
            "userId": ada.account.to_string(), "iat": 1_800_000_000, "exp": 1_800_086_400, "iss": "satchel",
            "aud": "satchel-api", "gen": 2, "epoch": 3, "role": "admin",
        });
        assert_eq!(claims, expected);
    }
}
