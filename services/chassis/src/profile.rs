//! What a person may be called and may say about themselves.
//!
//! Pure rules, shared by the routes that take such fields; each route words its own messages. Whether a name
//! is still free is for the user service's records to say.

use url::Url;

use crate::field::utf16_len;

/// Characters of a username at least and at most (CONTRACT.md, *Fields*), counted after trimming.
const USERNAME_LENGTHS: std::ops::RangeInclusive<usize> = 3..=64;
/// UTF-16 units of a bio (CONTRACT.md, *Fields*).
const BIO_MAX: usize = 250;

/// A username, trimmed, as its owner spells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

/// Why a text is no username.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsernameError {
    /// Fewer than 3 UTF-16 units after trimming.
    TooShort,
    /// More than 64 UTF-16 units after trimming.
    TooLong,
    /// A control character, which no key may hold.
    ControlCharacter,
}

impl Username {
    /// Trims `text` as JavaScript does and checks what is left.
    pub fn parse(text: &str) -> Result<Self, UsernameError> {
        let name = text.trim_matches(is_blank);
        let length = utf16_len(name);
        if length < *USERNAME_LENGTHS.start() {
            return Err(UsernameError::TooShort);
        }
        if length > *USERNAME_LENGTHS.end() {
            return Err(UsernameError::TooLong);
        }
        if name.chars().any(char::is_control) {
            return Err(UsernameError::ControlCharacter);
        }
        Ok(Self(name.to_owned()))
    }

    /// The name as its owner spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which two names that differ by case only are one.
    pub fn canonical(&self) -> String {
        folded(&self.0)
    }
}

/// Character by character to lower, upper and lower case again, so that ς, σ and Σ agree wherever they stand, and
/// ẞ, ß and ss.
fn folded(text: &str) -> String {
    let lower = text.chars().flat_map(char::to_lowercase);
    lower.flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// White space and line ends of ECMAScript: Unicode's but for U+0085, and the byte order mark.
const fn is_blank(letter: char) -> bool {
    letter == '\u{feff}' || (letter.is_whitespace() && letter != '\u{85}')
}

/// A few words about a person, as they wrote them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bio(String);

/// Why a text is no bio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BioError {
    /// More than 250 UTF-16 units.
    TooLong,
    /// A NUL.
    Nul,
}

impl Bio {
    /// Checks `text`; blanks around it are kept.
    pub fn parse(text: &str) -> Result<Self, BioError> {
        if utf16_len(text) > BIO_MAX {
            return Err(BioError::TooLong);
        }
        if text.contains('\0') {
            return Err(BioError::Nul);
        }
        Ok(Self(text.to_owned()))
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The `http` or `https` URL of a person's picture, as they typed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvatarUrl(String);

impl AvatarUrl {
    /// Checks `text` as browsers read URLs (WHATWG URL Standard); `None` for what is no URL, has another scheme
    /// (`javascript:` above all) or holds a NUL.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let fits = matches!(url.scheme(), "http" | "https") && !text.contains('\0');
        fits.then(|| Self(text.to_owned()))
    }

    /// The URL as typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_username_is_trimmed_and_then_measured() {
        assert_eq!(Username::parse("\u{feff} \tada \n").unwrap().as_str(), "ada");
        assert_eq!(Username::parse(" ab "), Err(UsernameError::TooShort));
        assert_eq!(Username::parse("    "), Err(UsernameError::TooShort));
        assert_eq!(Username::parse("🙂a").unwrap().as_str(), "🙂a");
        assert!(Username::parse(&"u".repeat(64)).is_ok());
        assert_eq!(Username::parse(&"u".repeat(65)), Err(UsernameError::TooLong));
        for text in ["ab\0c", "ab\nc", "ab\u{85}c", "abc\u{85}"] {
            assert_eq!(Username::parse(text), Err(UsernameError::ControlCharacter), "{text:?}");
        }
    }

    #[test]
    fn names_that_differ_by_case_only_are_one() {
        let canonical = |text: &str| Username::parse(text).unwrap().canonical();
        for (one, other) in [
            ("Ada", "aDA"),
            ("ΟΔΟΣ", "οδος"),
            ("ΟΔΟΣ", "οδοσ"),
            ("ÜNÏ", "ünï"),
            ("Straẞe", "straße"),
            ("Straße", "STRASSE"),
        ] {
            assert_eq!(canonical(one), canonical(other), "{one} {other}");
        }
        assert_ne!(canonical("ada"), canonical("adá"));
    }

    #[test]
    fn a_bio_has_at_most_250_units() {
        assert!(Bio::parse(&"b".repeat(250)).is_ok());
        assert_eq!(Bio::parse(&"b".repeat(251)), Err(BioError::TooLong));
        assert!(Bio::parse(&"🙂".repeat(125)).is_ok());
        assert_eq!(Bio::parse(&"🙂".repeat(126)), Err(BioError::TooLong));
        assert_eq!(Bio::parse("a\0"), Err(BioError::Nul));
        assert_eq!(Bio::parse("  x  ").unwrap().as_str(), "  x  ");
    }

    #[test]
    fn the_recorded_avatars_are_told_apart() {
        let accepted = [
            "http://example.test/a.png",
            "https://example.test",
            "http:/x",
            "http:x",
            "http://localhost",
            " http://x.test ",
            "http://[::1]",
            "HTTP://X.TEST",
            "http://x_y.test",
            "http://x..test",
            "http://exa%6dple",
        ];
        for text in accepted {
            assert_eq!(AvatarUrl::parse(text).unwrap().as_str(), text);
        }
        let refused = [
            "",
            "nope",
            "example.test",
            "http://",
            "/a.png",
            "http://999.1.1.1",
            "http://x.test:99999",
            "ftp://x.test",
            "data:image/png;base64,xx",
            "mailto:a@b.co",
            "x:",
            "javascript:alert(1)",
            "java\nscript:alert(1)",
            "http://x/\0",
        ];
        for text in refused {
            assert_eq!(AvatarUrl::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_canonical_name_is_its_own_canonical_form(text in "\\PC{3,20}") {
            if let Ok(name) = Username::parse(&text) {
                prop_assert_eq!(folded(&name.canonical()), name.canonical());
            }
        }
    }
}
