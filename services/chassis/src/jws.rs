//! Signed tokens in their compact form (RFC 7515), read as strictly as RFC 8725 asks.
//!
//! One algorithm, one type, nothing else in the header, no name twice, no second spelling of the same bytes. What
//! the claims mean is the reader's business.

use std::borrow::Cow;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::de::DeserializeOwned;

use unique::Unique;

mod unique;

/// A token of ours has about 300 bytes; anything near this is not worth decoding.
const LENGTH_MAX: usize = 4096;

/// All that a header may say. We have one key and no extensions, so whatever names a key (`kid`, `jwk`, `jku`, `x5u`,
/// `x5c`, `x5t`), asks to be understood (`crit`, `b64`, `zip`) or tells of something inside (`cty`) is refused.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<'a> {
    #[serde(borrow)]
    alg: Cow<'a, str>,
    #[serde(borrow)]
    typ: Cow<'a, str>,
}

/// The claims of `token` if it says to be of the type `typ` and `key` signed it, whatever they are.
pub(crate) fn open<T: DeserializeOwned>(token: &str, typ: &str, key: &DecodingKey) -> Option<T> {
    let (header, _) = token.split_once('.').filter(|_| token.len() <= LENGTH_MAX)?;
    let header = base64url(header)?;
    let Unique(header): Unique<Header<'_>> = serde_json::from_slice(&header).ok()?;
    if header.alg != "HS256" || header.typ != typ {
        return None;
    }
    let opened = jsonwebtoken::decode::<Unique<T>>(token, key, &signature_only()).ok()?;
    Some(opened.claims.0)
}

/// jsonwebtoken reads the system clock for `exp` and `nbf`; the calendar checks are the readers'.
fn signature_only() -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    validation
}

/// Decodes unpadded base64url (RFC 4648 §5); `None` for any other character. Bits left over are not looked at here:
/// jsonwebtoken reads the same text again and refuses them.
fn base64url(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for digit in text.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xFF).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
pub(crate) mod tests {
    use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
    use serde_json::Value;

    use super::*;

    const KEY: &[u8] = b"key";

    fn encoded(bytes: &[u8]) -> String {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let digit = |bits: u32| char::from(alphabet[(bits & 63) as usize]);
        let group = |chunk: &[u8]| {
            let bits = (0..3).fold(0, |bits, at| bits << 8 | u32::from(*chunk.get(at).unwrap_or(&0)));
            [18, 12, 6, 0]
                .into_iter()
                .take(chunk.len() + 1)
                .map(move |shift| digit(bits >> shift))
                .collect::<Vec<_>>()
        };
        bytes.chunks(3).flat_map(group).collect()
    }

    /// A token with this text as its header and this as its claims, signed with [`KEY`].
    pub(crate) fn signed(header: &str, claims: &str) -> String {
        let message = format!("{}.{}", encoded(header.as_bytes()), encoded(claims.as_bytes()));
        let tag = sign(&Key::new(HMAC_SHA256, KEY), message.as_bytes());
        format!("{message}.{}", encoded(tag.as_ref()))
    }

    fn opens(token: &str) -> bool {
        open::<Value>(token, "JWT", &DecodingKey::from_secret(KEY)).is_some()
    }

    #[test]
    fn a_header_says_algorithm_and_type_and_nothing_else() {
        for fine in [r#"{"alg":"HS256","typ":"JWT"}"#, r#" { "typ" : "JWT", "\u0061lg":"HS256" } "#] {
            assert!(opens(&signed(fine, "{}")), "{fine}");
        }
        let more = [
            r#""kid":"1""#,
            r#""kid":null"#,
            r#""crit":["exp"]"#,
            r#""crit":[]"#,
            r#""jwk":{"kty":"oct","k":"a2V5"}"#,
            r#""jku":"http://127.0.0.1/keys""#,
            r#""x5u":"http://127.0.0.1/keys""#,
            r#""x5c":[]"#,
            r#""x5t":"""#,
            r#""x5t#S256":"""#,
            r#""b64":true"#,
            r#""zip":"DEF""#,
            r#""cty":"JWT""#,
            r#""alg":"HS256""#,
            r#""al\u0067":"HS256""#,
            r#""typ":"JWT""#,
            r#""whatever":1"#,
        ];
        for more in more {
            assert!(!opens(&signed(&format!(r#"{{"alg":"HS256","typ":"JWT",{more}}}"#), "{}")), "{more}");
        }
        let other = [
            r#"{"alg":"HS256"}"#,
            r#"{"typ":"JWT"}"#,
            r#"{"alg":"hs256","typ":"JWT"}"#,
            r#"{"alg":"HS256","typ":"jwt"}"#,
            r#"{"alg":"HS256 ","typ":"JWT"}"#,
            r#"{"alg":["HS256"],"typ":"JWT"}"#,
            r#"{"alg":"none","typ":"JWT"}"#,
            r#"{"alg":"RS256","typ":"JWT"}"#,
            r#"["HS256","JWT"]"#,
            "",
            "{}",
        ];
        for header in other {
            assert!(!opens(&signed(header, "{}")), "{header}");
        }
    }

    #[test]
    fn no_claim_stands_twice() {
        let header = r#"{"alg":"HS256","typ":"JWT"}"#;
        for fine in [r#"{"a":1,"b":{"a":1}}"#, "{}"] {
            assert!(opens(&signed(header, fine)), "{fine}");
        }
        for twice in [r#"{"a":1,"a":1}"#, r#"{"a":1,"b":2,"\u0061":3}"#, "[1]", "null", "{} {}", ""] {
            assert!(!opens(&signed(header, twice)), "{twice}");
        }
    }

    #[test]
    fn bytes_have_one_spelling() {
        let token = signed(r#"{"alg":"HS256","typ":"JWT"}"#, r#"{"a":1}"#);
        assert!(opens(&token));
        let (rest, last) = token.split_at(token.len() - 1);
        let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. ";
        for digit in digits.chars().filter(|digit| !last.starts_with(*digit)) {
            assert!(!opens(&format!("{rest}{digit}")), "{digit}");
        }
        for odd in [
            format!("{token}="),
            format!("{token}."),
            format!(" {token}"),
            format!("{token}\n"),
            rest.to_owned(),
        ] {
            assert!(!opens(&odd), "{odd:?}");
        }
        let long = signed(r#"{"alg":"HS256","typ":"JWT"}"#, &format!(r#"{{"a":"{}"}}"#, "x".repeat(4096)));
        assert!(!opens(&long), "longer than anything of ours");
    }
}
