//! Verifies the tokens of people, and tells handlers who is calling.
//!
//! Tokens are issued by auth alone; every service verifies for itself (RFC 7519, RFC 8725). Whether the
//! account still stands is for the service's own records to say.

use std::sync::{Arc, PoisonError, RwLock};

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use http::{HeaderMap, header};
use jsonwebtoken::DecodingKey;
use serde::de::{Deserialize, Deserializer};

use crate::clock::Clock;
use crate::failure::Failure;
use crate::id::AccountId;
use crate::jws;
use crate::secret::Secret;
use crate::standing::{Ended, Session};

/// The `iss` of every token that Satchel issues.
pub const ISSUER: &str = "satchel";
/// The `aud` of every token for people.
pub const AUDIENCE: &str = "satchel-api";
/// A longer life than this is nobody's intention (CONTRACT.md, *Authentication*).
const LIFETIME_MAX_S: u64 = 400 * 24 * 3600;
/// The `typ` of every token for people.
const TYPE: &str = "JWT";

/// The `iss` that tokens get, and those that count.
///
/// There is one, [`ISSUER`], but in a world that tests take back to earlier states: tokens of a state that was left
/// behind must end with it, also at services that know an account only by its token. There each state issues under a
/// name of its own, `satchel/n`, and knows the names before it.
#[derive(Clone, Debug, Default)]
pub struct Issuers(Option<Arc<RwLock<Lineage>>>);

/// The names under which tokens of one state of a world were issued.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Lineage {
    /// Those that count, the present one last; empty: the one of a world that never went back, and all others, as a
    /// process finds it that has just begun.
    pub names: Vec<String>,
}

impl Issuers {
    /// Names that can be changed.
    pub fn changeable() -> Self {
        Self(Some(Arc::default()))
    }

    /// Makes the last of `lineage` the name of new tokens, and the others those that count beside it.
    pub fn set(&self, lineage: Lineage) {
        if let Some(names) = &self.0 {
            *names.write().unwrap_or_else(PoisonError::into_inner) = lineage;
        }
    }

    /// The name for a new token.
    pub fn present(&self) -> String {
        let names = self.0.as_ref().map(|names| names.read().unwrap_or_else(PoisonError::into_inner));
        names.and_then(|names| names.names.last().cloned()).unwrap_or_else(|| ISSUER.to_owned())
    }

    fn count(&self, issuer: &str) -> bool {
        let Some(names) = &self.0 else { return issuer == ISSUER };
        let names = names.read().unwrap_or_else(PoisonError::into_inner);
        let is_ours = issuer == ISSUER || issuer.starts_with("satchel/");
        is_ours && (names.names.is_empty() || names.names.iter().any(|name| name == issuer))
    }
}

/// Someone who presented a valid token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account that the token was issued to.
    pub account: AccountId,
    /// When on the account's ladder it was issued.
    pub session: Session,
}

/// Checks tokens against the secret and the calendar; clones are cheap.
#[derive(Clone)]
pub struct Verifier {
    key: Arc<DecodingKey>,
    clock: Clock,
    issuers: Issuers,
}

#[derive(serde::Deserialize)]
struct Claims {
    #[serde(rename = "userId")]
    account: AccountId,
    iat: u64,
    exp: u64,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    iss: Option<String>,
    #[serde(default, deserialize_with = "present")]
    aud: Option<String>,
    #[serde(default, rename = "gen")]
    generation: u32,
    #[serde(default)]
    epoch: u32,
}

/// A claim that may be absent but not null.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl Verifier {
    /// A verifier of tokens signed with `secret`.
    pub fn new(secret: &Secret<String>, clock: Clock) -> Self {
        let (key, issuers) = (DecodingKey::from_secret(secret.expose().as_bytes()), Issuers::default());
        Self { key: Arc::new(key), clock, issuers }
    }

    /// The same, that takes tokens of `issuers`.
    #[must_use]
    pub fn of(self, issuers: Issuers) -> Self {
        Self { issuers, ..self }
    }

    /// The caller that `token` names, `None` for a token that is not ours, not valid now or not well formed.
    pub fn verify(&self, token: &str) -> Option<Caller> {
        let claims: Claims = jws::open(token, TYPE, &self.key)?;
        self.accepts(&claims).then_some(Caller {
            account: claims.account,
            session: Session { generation: claims.generation, epoch: claims.epoch },
        })
    }

    fn accepts(&self, claims: &Claims) -> bool {
        let Ok(now) = u64::try_from(self.clock.now().as_seconds()) else {
            return false;
        };
        // `iat` may lie ahead (CONTRACT.md), and must not stretch the lifetime so.
        let is_brief = |from| claims.exp.checked_sub(from).is_some_and(|span| span <= LIFETIME_MAX_S);
        claims.exp > now
            && claims.nbf.is_none_or(|from| from <= now)
            && is_brief(claims.iat)
            && is_brief(now)
            && claims.iss.as_deref().is_none_or(|issuer| self.issuers.count(issuer))
            && claims.aud.as_deref().is_none_or(|audience| audience == AUDIENCE)
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Verifier(..)")
    }
}

/// The 401 for a session that a service's records ended.
pub fn ended(reason: Ended) -> Failure {
    match reason {
        Ended::Account => Failure::unauthorized("User belonging to this token no longer exists."),
        Ended::Session => Failure::unauthorized("Not authorized, invalid token"),
    }
}

/// The text after `Bearer`, `None` without such a header; an empty text for `Bearer` alone, and for two such headers,
/// of which nobody could say which counts.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return Some("");
    }
    let rest = value.strip_prefix("Bearer")?;
    if !rest.is_empty() && !rest.starts_with(' ') {
        return None;
    }
    Some(rest.split(' ').nth(1).unwrap_or_default())
}

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Verifier: FromRef<S>,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let token =
            bearer(&parts.headers).ok_or_else(|| Failure::unauthorized("Not authorized, no token"))?;
        Verifier::from_ref(state)
            .verify(token)
            .ok_or_else(|| Failure::unauthorized("Not authorized, invalid token"))
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, EncodingKey, Header as Out};
    use serde_json::{Value, json};

    use super::*;
    use crate::clock::Timestamp;

    const NOW: i64 = 1_800_000_000;

    fn verify(header: &Out, claims: &Value, secret: &str) -> Option<Caller> {
        let token =
            jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap();
        let clock = Clock::frozen(Timestamp::from_millis(NOW * 1000));
        Verifier::new(&Secret::new("secret".into()), clock).verify(&token)
    }

    fn claims(change: &Value) -> Value {
        let mut claims = json!({"userId": "6b03be831922677573cd34e2", "iat": NOW, "exp": NOW + 60});
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    }

    #[test]
    fn a_token_that_another_tool_minted_is_taken_with_generation_and_epoch_0() {
        let caller = verify(&Out::default(), &claims(&json!({})), "secret").unwrap();
        assert_eq!(caller.session, Session { generation: 0, epoch: 0 });
    }

    #[test]
    fn each_claim_is_strict_in_type_and_value() {
        let cases = [
            json!({"exp": NOW}),
            json!({"exp": 1_800_000_060.5}),
            json!({"exp": (NOW + 60).to_string()}),
            json!({"exp": NOW + 401 * 86400}),
            json!({"iat": NOW + 500 * 86400, "exp": NOW + 501 * 86400}),
            json!({"iat": NOW + 61}),
            json!({"iat": 1_800_000_000.0}),
            json!({"iat": -1}),
            json!({"iat": null}),
            json!({"nbf": NOW + 1}),
            json!({"nbf": null}),
            json!({"iss": "other"}),
            json!({"aud": ["satchel-api"]}),
            json!({"aud": null}),
            json!({"userId": "123"}),
            json!({"userId": null}),
            json!({"gen": "1"}),
            json!({"epoch": -1}),
        ];
        for case in cases {
            assert_eq!(verify(&Out::default(), &claims(&case), "secret"), None, "{case}");
        }
        let fine =
            json!({"nbf": NOW, "iss": ISSUER, "aud": AUDIENCE, "iat": NOW + 30, "role": "admin", "x": 1});
        assert!(verify(&Out::default(), &claims(&fine), "secret").is_some());
    }

    #[test]
    fn only_our_secret_and_our_algorithm_sign() {
        assert_eq!(verify(&Out::default(), &claims(&json!({})), "other"), None);
        assert_eq!(verify(&Out::new(Algorithm::HS512), &claims(&json!({})), "secret"), None);
        assert_eq!(verify(&Out { typ: None, ..Out::default() }, &claims(&json!({})), "secret"), None);
        assert_eq!(
            verify(&Out { kid: Some("1".into()), ..Out::default() }, &claims(&json!({})), "secret"),
            None
        );
        assert_eq!(
            verify(&Out { jku: Some("http://x".into()), ..Out::default() }, &claims(&json!({})), "secret"),
            None
        );
    }

    #[test]
    fn the_scheme_is_bearer_and_the_token_its_first_word() {
        let with = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            headers
        };
        for (value, token) in [
            ("Bearer a.b.c", Some("a.b.c")),
            ("Bearer a.b.c third", Some("a.b.c")),
            ("Bearer", Some("")),
            ("Basic a", None),
            ("Bearerish a", None),
        ] {
            assert_eq!(bearer(&with(value)), token, "{value}");
        }
        let mut two = with("Bearer a.b.c");
        two.append(header::AUTHORIZATION, "Bearer a.b.c".parse().unwrap());
        assert_eq!(bearer(&two), Some(""));
    }
}
