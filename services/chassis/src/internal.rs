//! Credentials between services: who may call `/internal` routes.
//!
//! A short-lived token under a key derived from the shared secret, bound to the service it is meant for, so
//! that neither a person's token nor a credential for another service opens an internal route.

use std::sync::Arc;

use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use axum::extract::{FromRef, FromRequestParts};
use http::header;
use http::request::Parts;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::id::hex;
use crate::jws;
use crate::secret::Secret;

/// Keeps these tokens apart from those of people, beside the key (RFC 8725 §3.11).
const TYPE: &str = "satchel-internal+jwt";
/// Fixes what the derived key is for (RFC 5869).
const LABEL: &[u8] = b"satchel internal calls v1";
/// The same for the credentials of control.
const CONTROL_LABEL: &[u8] = b"satchel control calls v1\0";
/// The caller's name that control goes by.
const CONTROL: &str = "control";
/// Long enough for a slow call on a loaded machine.
const LIFETIME_S: i64 = 30;
/// What a verifier accepts at most (PROMISES.md P2).
const LIFETIME_MAX_S: i64 = 60;

/// The key that services share for calling each other; clones are cheap.
#[derive(Clone)]
pub struct Key(Arc<Secret<[u8; 32]>>);

/// HKDF's output length.
struct KeyLength;

impl aws_lc_rs::hkdf::KeyType for KeyLength {
    fn len(&self) -> usize {
        32
    }
}

impl Key {
    /// HKDF-SHA256 of the platform's secret with a fixed label.
    pub fn derive(secret: &Secret<String>) -> Self {
        Self(Arc::new(Secret::new(expanded(secret, &[LABEL]))))
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Who speaks to whom and when.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claims {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    /// Whose request it is that a note of [`crate::vouch`] goes with; a credential names nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client: Option<Address>,
}

/// Signs one service's calls to another.
#[derive(Clone)]
pub struct Signer {
    caller: &'static str,
    way: Way,
}

/// How a caller proves itself.
#[derive(Clone)]
enum Way {
    /// By a token that lasts for a moment of this calendar.
    Dated { key: Arc<EncodingKey>, clock: Clock },
    /// By a word that lasts as long as the secret.
    Standing(Arc<Secret<String>>),
}

impl Signer {
    /// A signer for calls made by the service `caller`.
    pub fn new(caller: &'static str, key: &Key, clock: Clock) -> Self {
        Self { caller, way: Way::Dated { key: Arc::new(EncodingKey::from_secret(key.0.expose())), clock } }
    }

    /// A signer for what the control of a test world asks of the processes that host its services. Their calendars may
    /// stand anywhere, and setting them right must not depend on them, so these credentials have no date.
    pub fn of_control(secret: &Secret<String>) -> Self {
        Self { caller: CONTROL, way: Way::Standing(Arc::new(secret.clone())) }
    }

    /// A credential for one call to `callee`, as the value of `Authorization`.
    pub fn authorization(&self, callee: &str) -> String {
        match &self.way {
            Way::Dated { .. } => {
                format!("Bearer {}", self.dated(TYPE, callee, None).unwrap_or_default())
            }
            Way::Standing(secret) => standing(secret, callee),
        }
    }

    /// A token of the type `typ` for `callee` about `client`; `None` from a signer whose words have no date.
    pub(crate) fn dated(&self, typ: &str, callee: &str, client: Option<Address>) -> Option<String> {
        let Way::Dated { key, clock } = &self.way else { return None };
        let now = clock.now().as_seconds();
        let header = Header { typ: Some(typ.to_owned()), ..Header::new(Algorithm::HS256) };
        let (iss, aud) = (self.caller.to_owned(), callee.to_owned());
        let claims = Claims { iss, aud, iat: now, exp: now + LIFETIME_S, client };
        jsonwebtoken::encode(&header, &claims, key).ok()
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.caller)
    }
}

/// Whether `authorization` is what control says to the process that hosts `callee`.
pub fn is_of_control(secret: &Secret<String>, callee: &str, authorization: &str) -> bool {
    let expected = standing(secret, callee);
    aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_bytes(), authorization.as_bytes()).is_ok()
}

/// The standing credential for `callee`: a key for nothing else, under a label of its own.
fn standing(secret: &Secret<String>, callee: &str) -> String {
    format!("Bearer {}", hex(&expanded(secret, &[CONTROL_LABEL, callee.as_bytes()])))
}

/// HKDF-SHA256 (RFC 5869) of `secret` for the use that `info` names.
fn expanded(secret: &Secret<String>, info: &[&[u8]]) -> [u8; 32] {
    let root = Salt::new(HKDF_SHA256, b"").extract(secret.expose().as_bytes());
    let mut bytes = [0; 32];
    // Expanding to 32 bytes cannot fail: HKDF-SHA256 gives up to 8160.
    if let Ok(okm) = root.expand(info, KeyLength)
        && okm.fill(&mut bytes).is_err()
    {
        bytes = [0; 32];
    }
    bytes
}

/// Checks the credentials of calls to one service.
#[derive(Clone)]
pub struct Guard {
    callee: &'static str,
    key: Arc<DecodingKey>,
    clock: Clock,
}

impl Guard {
    /// The guard of the internal routes of the service `callee`.
    pub fn new(callee: &'static str, key: &Key, clock: Clock) -> Self {
        Self { callee, key: Arc::new(DecodingKey::from_secret(key.0.expose())), clock }
    }

    /// The calling service's name, `None` for a credential that is not for this service now.
    pub fn admit(&self, authorization: &str) -> Option<Peer> {
        let claims = self.open(TYPE, authorization.strip_prefix("Bearer ")?)?;
        claims.client.is_none().then_some(Peer(claims.iss))
    }

    /// What a token of the type `typ` says, `None` for one that is not for this service now.
    pub(crate) fn open(&self, typ: &str, token: &str) -> Option<Claims> {
        let claims: Claims = jws::open(token, typ, &self.key)?;
        let now = self.clock.now().as_seconds();
        // From its date as from now: a clock that is ahead must not stretch it.
        let brief = |from| (1..=LIFETIME_MAX_S).contains(&claims.exp.saturating_sub(from));
        let ours = brief(claims.iat) && brief(now) && claims.aud == self.callee;
        ours.then_some(claims)
    }
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Guard({})", self.callee)
    }
}

/// A service that proved who it is. First argument of every internal handler, so nothing is read before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer(pub String);

impl<S> FromRequestParts<S> for Peer
where
    S: Send + Sync,
    Guard: FromRef<S>,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let mut given = parts.headers.get_all(header::AUTHORIZATION).iter();
        // Of two nobody could say which counts.
        let given = given.next().filter(|_| given.next().is_none()).and_then(|value| value.to_str().ok());
        given
            .and_then(|value| Guard::from_ref(state).admit(value))
            .ok_or_else(|| Failure::unauthorized("Service credentials are required"))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::Timestamp;

    fn key(secret: &str) -> Key {
        Key::derive(&Secret::new(secret.to_owned()))
    }

    #[test]
    fn a_credential_opens_only_the_service_it_is_for_and_only_for_a_while() {
        let clock = Clock::frozen(Timestamp::from_millis(1_800_000_000_000));
        let signer = Signer::new("user", &key("s"), clock.clone());
        let credential = signer.authorization("auth");
        let auth = Guard::new("auth", &key("s"), clock.clone());
        assert_eq!(auth.admit(&credential), Some(Peer("user".into())));
        assert_eq!(Guard::new("notes", &key("s"), clock.clone()).admit(&credential), None);
        assert_eq!(Guard::new("auth", &key("t"), clock.clone()).admit(&credential), None);
        clock.advance(Duration::from_secs(31));
        assert_eq!(auth.admit(&credential), None);
        clock.set(Timestamp::from_millis(1_799_999_969_000));
        assert_eq!(auth.admit(&credential), None, "61 s before its end");
    }

    #[test]
    fn a_credential_of_control_is_for_one_host_and_outlasts_every_clock() {
        let (ours, other) = (Secret::new("s".to_owned()), Secret::new("t".to_owned()));
        let credential = Signer::of_control(&ours).authorization("auth");
        assert!(is_of_control(&ours, "auth", &credential));
        assert!(!is_of_control(&ours, "notes", &credential));
        assert!(!is_of_control(&other, "auth", &credential));
        assert_eq!(Guard::new("auth", &key("s"), Clock::system()).admit(&credential), None);
        let signed = Signer::new("user", &key("s"), Clock::system()).authorization("auth");
        assert!(!is_of_control(&ours, "auth", &signed));
    }

    #[test]
    fn the_secret_itself_signs_no_internal_call() {
        let clock = Clock::system();
        let now = clock.now().as_seconds();
        let (iss, aud) = ("user".into(), "auth".into());
        let claims = Claims { iss, aud, iat: now, exp: now + 30, client: None };
        let header = Header { typ: Some(TYPE.into()), ..Header::default() };
        let forged = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(b"s")).unwrap();
        assert_eq!(Guard::new("auth", &key("s"), clock).admit(&format!("Bearer {forged}")), None);
    }
}
