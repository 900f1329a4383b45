//! Tokens made from nothing: any text as the header, any bytes as the claims, any key.
//!
//! Written without the product's code and without its library, so that neither shares a mistake with it.

use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use chassis::entropy::Stream;
use serde_json::{Value, json};

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A token before it is signed.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) header: Value,
    pub(super) claims: Value,
}

impl Draft {
    /// What auth issues at `now` to somebody, or what another tool may mint for them.
    pub(super) fn of_a_person(chance: &Stream, now: i64) -> Self {
        let minute = i64::from(chance.below(60));
        let mut claims = json!({"userId": chance.hex::<12>(), "iat": now - minute, "exp": now + 60 + minute});
        if chance.below(4) > 0 {
            for (name, value) in [
                ("iss", json!("satchel")),
                ("aud", json!("satchel-api")),
                ("gen", json!(chance.below(3))),
                ("epoch", json!(chance.below(3))),
                ("role", json!("user")),
            ] {
                claims[name] = value;
            }
        }
        Self { header: json!({"alg": "HS256", "typ": "JWT"}), claims }
    }

    /// What user shows auth at `now`.
    pub(super) fn of_a_service(now: i64) -> Self {
        let header = json!({"typ": "satchel-internal+jwt", "alg": "HS256"});
        Self { header, claims: json!({"iss": "user", "aud": "auth", "iat": now, "exp": now + 30}) }
    }

    /// The token under `key`.
    pub(super) fn signed(&self, key: &[u8]) -> String {
        signed(self.header.to_string().as_bytes(), self.claims.to_string().as_bytes(), key)
    }
}

/// A token with these bytes as its header and claims.
pub(super) fn signed(header: &[u8], claims: &[u8], key: &[u8]) -> String {
    let message = format!("{}.{}", base64url(header), base64url(claims));
    let tag = hmac::sign(&hmac::Key::new(HMAC_SHA256, key), message.as_bytes());
    format!("{message}.{}", base64url(tag.as_ref()))
}

/// Base64 of RFC 4648 §5 without padding.
pub(super) fn base64url(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let digits = [18, 12, 6, 0].map(|shift| char::from(DIGITS[(bits >> shift & 63) as usize]));
        text.extend(&digits[..=chunk.len()]);
    }
    text
}

/// The digit that spells the same bytes at the end of a signature, with a bit set that no byte has.
pub(super) fn respelt(digit: char, bit: usize) -> char {
    let value = DIGITS.iter().position(|other| char::from(*other) == digit).unwrap_or_default();
    char::from(DIGITS[value ^ (1 << (bit % 2))])
}

struct KeyLength;

impl KeyType for KeyLength {
    fn len(&self) -> usize {
        32
    }
}

/// The key of calls between services (DESIGN.md §3): HKDF-SHA256 of the secret under a fixed label.
pub(super) fn derived(secret: &str) -> Vec<u8> {
    let mut key = [0; 32];
    let root = Salt::new(HKDF_SHA256, b"").extract(secret.as_bytes());
    root.expand(&[b"satchel internal calls v1"], KeyLength)
        .and_then(|okm| okm.fill(&mut key))
        .expect("a key");
    key.to_vec()
}
