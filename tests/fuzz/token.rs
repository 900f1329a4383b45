//! Tokens: as they come, and with a good signature under a bad header or claims.

use std::collections::BTreeMap;
use std::str::FromStr;

use aws_lc_rs::hmac;
use chassis::clock::{Clock, Timestamp};
use chassis::secret::Secret;
use chassis::token::Verifier;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

const SECRET: &str = "what nobody who sends a token knows";
/// Seconds of the calendar at which tokens are looked at.
const NOW: u64 = 1_800_000_000;
/// The longest life of a token in seconds (CONTRACT.md, *Tokens*).
const LIFETIME_MAX: u64 = 400 * 24 * 3600;

/// A token, whose signature nobody can know; or its header and, after a line end, its claims, signed as ours are.
pub fn token(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let now = Timestamp::from_millis(1_800_000_000_000);
    let verifier = Verifier::new(&Secret::new(SECRET.to_owned()), Clock::frozen(now));
    assert_eq!(verifier.verify(&text), None, "nobody knows the secret");
    let (header, claims) = text.split_once('\n').unwrap_or(("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", &text));
    if verifier.verify(&signed(header, claims)).is_some() {
        assert!(is_ours(header) && is_valid(claims), "{header} {claims}");
    }
}

fn signed(header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", base64url(header.as_bytes()), base64url(claims.as_bytes()));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), signed.as_bytes());
    format!("{signed}.{}", base64url(signature.as_ref()))
}

/// The header that our tokens have, and no member beside.
fn is_ours(header: &str) -> bool {
    let header: Map<String, Value> = serde_json::from_str(header).unwrap_or_default();
    header.len() == 2
        && header.get("alg") == Some(&"HS256".into())
        && header.get("typ") == Some(&"JWT".into())
}

/// The claims as CONTRACT.md has them, read apart from the code under test.
fn is_valid(claims: &str) -> bool {
    // Of members that mean nothing, nothing is known.
    let claims: BTreeMap<String, &RawValue> = serde_json::from_str(claims).unwrap_or_default();
    let known = |name: &str| claims.get(name).map(|raw| Value::from_str(raw.get()).unwrap_or_default());
    let seconds = |name: &str| known(name).map(|value| value.as_u64().unwrap_or(u64::MAX));
    let is = |name: &str, one: &str| known(name).is_none_or(|value| value == one);
    let is_id = |id: &str| id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_count = |name: &str| {
        known(name).is_none_or(|count| count.as_u64().is_some_and(|count| u32::try_from(count).is_ok()))
    };
    let spans = |from: u64, end: u64| end.checked_sub(from).is_some_and(|span| span <= LIFETIME_MAX);
    known("userId").as_ref().and_then(Value::as_str).is_some_and(is_id)
        && seconds("exp").is_some_and(|end| {
            NOW < end && spans(NOW, end) && seconds("iat").is_some_and(|from| spans(from, end))
        })
        && is_count("gen")
        && is_count("epoch")
        && seconds("nbf").is_none_or(|from| from <= NOW)
        && is("iss", "satchel")
        && is("aud", "satchel-api")
}

fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits =
            chunk.iter().fold(0, |bits, byte| bits << 8 | usize::from(*byte)) << (8 * (3 - chunk.len()));
        let digits = (0..=chunk.len()).filter_map(|at| DIGITS.get(bits >> (18 - 6 * at) & 63));
        text.extend(digits.map(|digit| char::from(*digit)));
    }
    text
}
