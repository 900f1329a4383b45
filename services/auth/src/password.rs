//! Passwords, and the Argon2id hashes that are kept of them (RFC 9106).
//!
//! Synchronous and slow on purpose; when and on which thread to hash is for [`crate::service`] to say.

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use chassis::field::utf16_len;
use chassis::secret::Secret;

/// UTF-16 units of a password (CONTRACT.md, *Fields*): a whole sentence fits, a megabyte of hashing does not.
pub(crate) const LENGTH_MAX: usize = 256;
/// Bytes of a salt (RFC 9106 §3.1).
const SALT_LEN: usize = 16;

/// A password as typed.
#[derive(Clone, Debug)]
pub(crate) struct Password(Secret<String>);

/// Why a text may not become a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasswordError {
    /// Below the configured minimum.
    TooShort,
    /// Over 256 UTF-16 units.
    TooLong,
}

impl Password {
    /// A password that someone gives as their own: any text may be one.
    pub(crate) const fn given(text: String) -> Self {
        Self(Secret::new(text))
    }

    /// Takes a new password of at least `min` and at most 256 UTF-16 units; nothing is trimmed or normalised.
    pub(crate) fn parse(text: String, min: usize) -> Result<Self, PasswordError> {
        match utf16_len(&text) {
            length if length < min => Err(PasswordError::TooShort),
            length if length > LENGTH_MAX => Err(PasswordError::TooLong),
            _ => Ok(Self(Secret::new(text))),
        }
    }

    /// The password, to be hashed.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// What one hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashCost {
    /// OWASP's recommendation: 19 MiB, two passes, one lane (CONTRACT.md, *Deliberate differences*).
    Shipping,
    /// Next to nothing, for tests that are not about hashing: protects no one.
    Cheap,
}

impl HashCost {
    /// Memory in KiB, passes, lanes.
    pub(crate) const fn parameters(self) -> (u32, u32, u32) {
        match self {
            Self::Shipping => (19_456, 2, 1),
            Self::Cheap => (8, 1, 1),
        }
    }
}

/// A hash with its parameters and salt, as a PHC string.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PasswordHash(Secret<String>);

/// A hash that could not be made or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HashError {
    /// The parameters are not Argon2's.
    #[error("the Argon2 parameters are refused: {0}")]
    Parameters(argon2::Error),
    /// Out of memory, or a stored hash that is none.
    #[error("hashing failed: {0}")]
    Hashing(argon2::password_hash::Error),
}

impl PasswordHash {
    /// Hashes `password` with `salt`.
    pub(crate) fn make(password: &Password, cost: HashCost, salt: &Salt) -> Result<Self, HashError> {
        let (memory_kib, passes, lanes) = cost.parameters();
        let params = Params::new(memory_kib, passes, lanes, None).map_err(HashError::Parameters)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let hash: phc::PasswordHash =
            argon2.hash_password_with_salt(password.expose().as_bytes(), salt).map_err(HashError::Hashing)?;
        Ok(Self::stored(hash.to_string()))
    }

    /// A hash of nothing that costs as much to check as a real one, so that an unknown e-mail takes its time.
    pub(crate) fn decoy(cost: HashCost) -> Self {
        let (memory_kib, passes, lanes) = cost.parameters();
        let (salt, hash) = ("A".repeat(22), "A".repeat(43));
        Self::stored(format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${hash}"))
    }

    /// Whether it was made at `cost`.
    pub(crate) fn is_of(&self, cost: HashCost) -> bool {
        let (memory_kib, passes, lanes) = cost.parameters();
        self.expose().contains(&format!("$m={memory_kib},t={passes},p={lanes}$"))
    }

    /// A hash that comes from elsewhere, if it is one of Argon2id.
    pub(crate) fn parse(phc: String) -> Option<Self> {
        let is_argon = phc::PasswordHash::new(&phc).is_ok_and(|hash| hash.algorithm.as_str() == "argon2id");
        is_argon.then(|| Self::stored(phc))
    }

    /// A hash that was made before.
    pub(crate) const fn stored(phc: String) -> Self {
        Self(Secret::new(phc))
    }

    /// The PHC string, to be stored.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Whether `password` is the right one, under the parameters that this hash was made with.
    pub(crate) fn matches(&self, password: &str) -> Result<bool, HashError> {
        let hash = phc::PasswordHash::new(self.expose()).map_err(|error| HashError::Hashing(error.into()))?;
        match Argon2::default().verify_password(password.as_bytes(), &hash) {
            Ok(()) => Ok(true),
            Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(HashError::Hashing(error)),
        }
    }
}

/// What keeps equal passwords from having equal hashes.
pub(crate) type Salt = [u8; SALT_LEN];

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::parse(text.into(), 1).unwrap()
    }

    fn hash(text: &str, salt: u8) -> PasswordHash {
        PasswordHash::make(&password(text), HashCost::Cheap, &[salt; 16]).unwrap()
    }

    #[test]
    fn the_shipping_parameters_are_19_mib_two_passes_and_one_lane() {
        let hash = PasswordHash::make(&password("correct horse"), HashCost::Shipping, &[7; 16]).unwrap();
        let prefix = "$argon2id$v=19$m=19456,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$";
        assert!(hash.expose().starts_with(prefix), "{}", hash.expose());
        assert!(hash.matches("correct horse").unwrap());
    }

    #[test]
    fn a_hash_knows_its_password_whole_and_no_other() {
        let long = format!("{}x", "p".repeat(100));
        let hash = hash(&long, 1);
        assert!(hash.matches(&long).unwrap());
        for wrong in [&"p".repeat(100), &format!("{}y", "p".repeat(100)), "", &"p".repeat(72)] {
            assert!(!hash.matches(wrong).unwrap(), "{wrong}");
        }
        assert!(!self::hash("abc\0def", 1).matches("abc\0zzz").unwrap());
    }

    #[test]
    fn a_hash_from_elsewhere_is_one_of_argon2id() {
        let made = hash("correct horse", 1);
        assert_eq!(PasswordHash::parse(made.expose().to_owned()), Some(made.clone()));
        let other = made.expose().replace("argon2id", "argon2x");
        for text in ["", "correct horse", "$2b$10$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=8,t", &other] {
            assert_eq!(PasswordHash::parse(text.to_owned()), None, "{text}");
        }
    }

    #[test]
    fn equal_passwords_have_different_hashes() {
        assert_ne!(hash("same", 1), hash("same", 2));
    }

    #[test]
    fn a_decoy_is_a_hash_of_its_cost_that_nothing_matches() {
        for cost in [HashCost::Shipping, HashCost::Cheap] {
            let decoy = PasswordHash::decoy(cost);
            assert!(!decoy.matches("anything").unwrap());
            let made = PasswordHash::make(&password("anything"), cost, &[1; 16]).unwrap();
            let shape = |hash: &PasswordHash| {
                (hash.expose().len(), hash.expose().split('$').nth(3).map(String::from))
            };
            assert_eq!(shape(&decoy), shape(&made));
        }
    }

    #[test]
    fn lengths_count_utf16_units() {
        assert_eq!(Password::parse("1234567".into(), 8).unwrap_err(), PasswordError::TooShort);
        assert!(Password::parse("🙂🙂🙂🙂".into(), 8).is_ok());
        assert!(Password::parse("🙂".repeat(128), 8).is_ok());
        assert_eq!(Password::parse("🙂".repeat(129), 8).unwrap_err(), PasswordError::TooLong);
        assert_eq!(Password::parse("x".repeat(14), 15).unwrap_err(), PasswordError::TooShort);
    }

    #[test]
    fn neither_password_nor_hash_shows_in_debug_output() {
        let shown = format!("{:?} {:?}", password("hunter22"), hash("hunter22", 1));
        assert_eq!(shown, "Password(Secret(..)) PasswordHash(Secret(..))");
    }
}
