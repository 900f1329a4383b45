//! Whether a signing secret that somebody chose keeps strangers out.
//!
//! It cannot tell how a secret was made, only what it surely is: short, monotonous, or printed where strangers read too.

use std::collections::BTreeSet;
use std::fmt;

/// A secret that strangers could reach must resist guessing: 256 bits' worth of characters.
pub(crate) const EXPOSED_MIN: usize = 32;
/// Different characters at least: 32 random hexadecimal digits have fewer less than once in 100,000 tries.
const VARIETY_MIN: usize = 8;

/// What stands in tutorials, sample files and the sources of well-known projects, ours included; letters and digits.
const SAMPLES: [&str; 26] = [
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    "404e635266556a586e3272357538782f413f4428472b4b6250645367566b5970",
    "5367566b59703373367639792f423f4528482b4d6251655468576d5a71347437",
    "2b44b0b00fd822d8ce753e54dac3dc4e06c2725f7db930f3b9924468b53194db",
    "0123456789abcdef0123456789abcdef",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "abcdefghijklmnopqrstuvwxyz012345",
    "abcdefghijklmnopqrstuvwxyz123456",
    "abcdefghijklmnopqrstuvwxyz0123456789",
    "12345678901234567890123456789012",
    "asecretkeythatisatleast32characterslong",
    "astringsecretatleast256bitslong",
    "avalidstringsecretthatisatleast512bitslongwhichisverylong",
    "myultrasecureandultralongsecret",
    "my32characterultrasecureandultralongsecret",
    "myverysecretkeythatshouldbelongenough",
    "somesupersecretkeythatnobodyknows",
    "supersecretjwttokenwithatleast32characterslong",
    "thisisasecretkeyforjwtauthentication",
    "thisismycustomsecretkeyforauthentication",
    "thisismysupersecretkeyforjwttokens",
    "thisisaverylongsecretkeyforjwttokens",
    "ourlittlesecret",
    "jwtsecret",
    "notesappsecret",
    "thesigningsecretofworldsthatliveforonetest",
];

/// What nobody writes into a secret of their own, in letters and digits.
const PLACEHOLDERS: [&str; 20] = [
    "changeme",
    "changethis",
    "changeit",
    "changein",
    "replaceme",
    "replacethis",
    "replacewith",
    "insertyour",
    "insertsecret",
    "putyour",
    "yoursecret",
    "yoursuper",
    "yourjwt",
    "your256bit",
    "your512bit",
    "yourverysecret",
    "yourrandom",
    "supersecretkey",
    "djangoinsecure",
    "examplesecret",
];

/// Why a secret keeps nobody out; worded to follow the name of its variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weakness {
    /// There is none.
    Absent,
    /// Fewer bytes than can resist guessing.
    Short(usize),
    /// One that many know.
    Sample,
    /// The same few characters again and again.
    Monotonous,
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("is not set"),
            Self::Short(length) => write!(f, "has {length} bytes"),
            Self::Sample => f.write_str("is a sample, which strangers try first"),
            Self::Monotonous => f.write_str("has too few different characters"),
        }
    }
}

/// What is wrong with `secret`, if anything surely is.
pub(crate) fn weakness(secret: &str) -> Option<Weakness> {
    let plain: String = secret
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    let is_sample = SAMPLES.contains(&plain.as_str()) || PLACEHOLDERS.iter().any(|part| plain.contains(part));
    let variety = secret.chars().collect::<BTreeSet<_>>().len();
    match secret.len() {
        _ if is_sample => Some(Weakness::Sample),
        length if length < EXPOSED_MIN => Some(Weakness::Short(length)),
        _ if variety < VARIETY_MIN => Some(Weakness::Monotonous),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use chassis::entropy::Entropy;

    use super::*;

    #[test]
    fn what_many_know_is_a_sample_however_it_is_written() {
        for sample in [
            "secret-change-me-secret-change-me-secret",
            "your_super_secret_jwt_key_change_this_in_production",
            "YOUR-SECRET-KEY-your-secret-key-your-secret-key",
            "super-secret-jwt-token-with-at-least-32-characters-long",
            "a-string-secret-at-least-256-bits-long",
            "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
            "My Ultra Secure and Ultra Long Secret",
            "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
            "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
            "django-insecure-4$k2!x9v@q7w#m1z%p8n^b3c&f6h*j5",
            "the signing secret of worlds that live for one test",
            "replace-with-32-random-bytes-in-hexadecimal-digits",
        ] {
            assert_eq!(weakness(sample), Some(Weakness::Sample), "{sample}");
        }
    }

    #[test]
    fn what_is_short_or_monotonous_can_be_guessed() {
        assert_eq!(weakness(""), Some(Weakness::Short(0)));
        assert_eq!(weakness("k3#mQ9vLx7pR2tWz8nB5cF1hJ4yD6g0"), Some(Weakness::Short(31)));
        assert_eq!(weakness("k3#mQ9vLx7pR2tWz8nB5cF1hJ4yD6g0s"), None);
        for monotonous in ["a".repeat(64), "abc123".repeat(8), "0".repeat(32)] {
            assert_eq!(weakness(&monotonous), Some(Weakness::Monotonous), "{monotonous}");
        }
    }

    #[test]
    fn what_the_message_recommends_is_taken() {
        for seed in 0..10_000 {
            let secret = Entropy::seeded(seed).stream("satchel", "secret").hex::<32>();
            assert_eq!(weakness(&secret), None, "{secret}");
        }
    }
}
