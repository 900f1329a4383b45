//! Password reset tokens: what is mailed and what is kept.
//!
//! 256 random bits are mailed; only their SHA-256 is kept, so a copy of the database resets nobody's password.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::digest::{self, SHA256};
use chassis::clock::Timestamp;
use chassis::entropy::Stream;
use chassis::id::{hex, is_sha256};
use chassis::secret::Secret;

/// How long a mailed token works (PROMISES.md R1).
const LIFETIME: Duration = Duration::from_mins(10);
/// Random bytes of a token: 256 bits.
const TOKEN_LEN: usize = 32;

/// A token as it is mailed: 64 lower-case hexadecimal digits.
#[derive(Clone, Debug)]
pub(crate) struct ResetToken(Secret<String>);

impl ResetToken {
    /// Draws a fresh token.
    pub(crate) fn random(stream: &Stream) -> Self {
        Self(Secret::new(stream.hex::<TOKEN_LEN>()))
    }

    /// Reads a token in the one form in which it is mailed.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (digits && text.len() == 2 * TOKEN_LEN).then(|| Self(Secret::new(text.to_owned())))
    }

    /// The token, to be mailed.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What is kept of it.
    pub(crate) fn hash(&self) -> ResetHash {
        ResetHash(hex(digest::digest(&SHA256, self.expose().as_bytes()).as_ref()))
    }
}

/// The SHA-256 of a token in hexadecimal digits; the token cannot be had from it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ResetHash(String);

impl fmt::Debug for ResetHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResetHash(..)")
    }
}

impl ResetHash {
    /// A hash that comes from elsewhere: 64 lower-case hexadecimal digits.
    pub(crate) fn parse(digits: String) -> Option<Self> {
        is_sha256(&digits).then_some(Self(digits))
    }

    /// A hash that was made before.
    pub(crate) const fn stored(digits: String) -> Self {
        Self(digits)
    }

    /// The digits, to be stored.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an account keeps of its newest token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reset {
    pub(crate) hash: ResetHash,
    pub(crate) expires_at: Timestamp,
}

impl Reset {
    /// What to keep of `token`, made `now`.
    pub(crate) fn of(token: &ResetToken, now: Timestamp) -> Self {
        Self { hash: token.hash(), expires_at: now.plus(LIFETIME) }
    }

    /// Whether it is this token's and still works.
    pub(crate) fn admits(&self, hash: &ResetHash, now: Timestamp) -> bool {
        self.hash == *hash && now < self.expires_at
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use chassis::entropy::Entropy;

    use super::*;

    pub(crate) fn token(seed: u64) -> ResetToken {
        ResetToken::random(&Entropy::seeded(seed).stream("auth", "reset token"))
    }

    pub(crate) fn reset(seed: u64) -> Reset {
        Reset::of(&token(seed), Timestamp::from_millis(0))
    }

    #[test]
    fn a_token_works_for_ten_minutes_and_no_longer() {
        let (hash, reset) = (token(1).hash(), reset(1));
        assert!(reset.admits(&hash, Timestamp::from_millis(599_999)));
        assert!(!reset.admits(&hash, Timestamp::from_millis(600_000)));
        assert!(!reset.admits(&token(2).hash(), Timestamp::from_millis(0)));
    }

    #[test]
    fn a_token_is_read_as_it_was_mailed_and_in_no_other_form() {
        let token = token(1);
        assert_eq!(ResetToken::parse(token.expose()).unwrap().hash(), token.hash());
        let upper = token.expose().to_uppercase();
        for text in ["", "nope", &upper, &"a".repeat(63), &"a".repeat(65), &"é".repeat(32)] {
            assert!(ResetToken::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_hash_from_elsewhere_has_its_digits_and_no_others() {
        let hash = token(1).hash();
        assert_eq!(ResetHash::parse(hash.as_str().to_owned()), Some(hash.clone()));
        for text in ["", &"a".repeat(63), &hash.as_str().to_uppercase(), &"g".repeat(64)] {
            assert_eq!(ResetHash::parse(text.to_owned()), None, "{text}");
        }
    }

    #[test]
    fn what_is_kept_does_not_hold_the_token() {
        let token = token(1);
        assert_eq!(token.expose().len(), 64);
        assert!(!format!("{:?} {token:?}", reset(1)).contains(token.expose()));
    }
}
