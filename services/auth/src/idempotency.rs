//! The name that a client gives its registration, so that it may ask again and hear the same answer.
//!
//! Of the name and of what was asked only hashes are kept. The password is in neither: a fast hash of it would undo
//! the slow one. What a repeated request is answered is the service's business.

use aws_lc_rs::digest::{self, Context, SHA256};
use chassis::id::{hex, is_sha256};

/// As long as any random name needs to be.
const LENGTH_MAX: usize = 64;

/// The SHA-256 of a client's `Idempotency-Key`, in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IdempotencyKey(String);

/// The SHA-256 of everything that someone registers with but the password, in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(String);

/// What an account keeps of a registration that may be repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repeatable {
    pub(crate) key: IdempotencyKey,
    pub(crate) fingerprint: Fingerprint,
}

impl IdempotencyKey {
    /// Takes a name of 1 to 64 printable characters of ASCII.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let fits = is_printable && (1..=LENGTH_MAX).contains(&text.len());
        fits.then(|| Self(hex(digest::digest(&SHA256, text.as_bytes()).as_ref())))
    }

    /// A hash that comes from elsewhere: 64 lower-case hexadecimal digits.
    pub(crate) fn hashed(digits: String) -> Option<Self> {
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

impl Fingerprint {
    /// The hash of `fields`; each goes in with its length, so that no two lists of them read alike.
    pub(crate) fn of(fields: &[Option<&str>]) -> Self {
        let mut context = Context::new(&SHA256);
        for field in fields {
            let length = field.map_or(u64::MAX, |text| text.len() as u64);
            context.update(&length.to_be_bytes());
            context.update(field.unwrap_or_default().as_bytes());
        }
        Self(hex(context.finish().as_ref()))
    }

    /// A hash that comes from elsewhere: 64 lower-case hexadecimal digits.
    pub(crate) fn hashed(digits: String) -> Option<Self> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_printable_short_and_kept_as_a_hash() {
        for text in ["a", "8e03978e-40d5-43dd-bc93-6894a57f9324", "\"quoted, with a space\"", &"x".repeat(64)]
        {
            let key = IdempotencyKey::parse(text).unwrap();
            assert_eq!((key.as_str().len(), key.as_str().contains(text) && text.len() > 1), (64, false));
        }
        for text in ["", "a\tb", "ü", &"x".repeat(65)] {
            assert_eq!(IdempotencyKey::parse(text), None, "{text}");
        }
    }

    #[test]
    fn fields_that_differ_in_any_way_have_other_fingerprints() {
        let lists: [&[Option<&str>]; 5] = [
            &[Some("a"), Some("bc")],
            &[Some("ab"), Some("c")],
            &[Some("abc")],
            &[Some("a"), None],
            &[Some("a"), Some("")],
        ];
        for (at, one) in lists.iter().enumerate() {
            for (other_at, other) in lists.iter().enumerate() {
                assert_eq!(
                    Fingerprint::of(one) == Fingerprint::of(other),
                    at == other_at,
                    "{one:?} {other:?}"
                );
            }
        }
    }
}
