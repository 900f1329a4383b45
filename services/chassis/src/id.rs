//! Identifiers that cross service boundaries.
//!
//! An account's id is the form of a BSON ObjectId (24 hexadecimal digits), random and never reused, so that a
//! tombstone stays valid for good.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::entropy::Stream;

/// The id of an account, shared by auth (identity), user (profile) and notes (author).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId([u8; 12]);

impl AccountId {
    /// Draws a fresh id.
    pub fn random(stream: &Stream) -> Self {
        Self(stream.bytes())
    }

    /// Reads 24 hexadecimal digits of either case.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 24 {
            return None;
        }
        let mut bytes = [0; 12];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = pair else { return None };
            *byte = nibble(*high)? << 4 | nibble(*low)?;
        }
        Some(Self(bytes))
    }

    /// The id's bytes, for binary keys.
    pub const fn as_bytes(&self) -> &[u8; 12] {
        &self.0
    }

    /// The id with these bytes.
    pub const fn from_bytes(bytes: [u8; 12]) -> Self {
        Self(bytes)
    }
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    text
}

/// Whether `text` is a SHA-256 as [`hex`] writes it.
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// 24 lower-case hexadecimal digits.
impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl Serialize for AccountId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("an account id has 24 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_id_is_written_in_lower_case_and_read_in_either() {
        let id = AccountId::parse("6B03be831922677573cd34E2").unwrap();
        assert_eq!(id.to_string(), "6b03be831922677573cd34e2");
    }

    #[test]
    fn anything_but_24_hexadecimal_digits_is_refused() {
        for text in
            ["", "123", "zzzzzzzzzzzzzzzzzzzzzzzz", "6b03be831922677573cd34e2f", "6b03be831922677573cd34é"]
        {
            assert_eq!(AccountId::parse(text), None, "{text}");
        }
    }
}
