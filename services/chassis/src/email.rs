//! E-mail addresses in the one form that the contract accepts.
//!
//! The form is that of the original's validator (zod 4), not of RFC 5322. Whether someone reads mail there is
//! nobody's knowledge here.

use std::fmt;

/// Longer than any real address (RFC 3696, erratum 1690: 254); keeps keys and mails small.
const LENGTH_MAX: usize = 320;

/// A well-formed address in its canonical form: lower case, ASCII, no control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

impl Email {
    /// Reads an address of either case; `None` unless it matches
    /// `^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-\.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9\-]*\.)+[A-Za-z]{2,}$`
    /// within 320 characters.
    pub fn parse(text: &str) -> Option<Self> {
        let (local, domain) = text.split_once('@')?;
        let fits = text.len() <= LENGTH_MAX && is_local(local) && is_domain(domain);
        fits.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The canonical form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.split_once('@').map_or("", |(local, _)| local)
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_local(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte);
    text.bytes().all(|byte| plain(byte) || b"'.".contains(&byte))
        && text.bytes().next_back().is_some_and(plain)
        && !text.starts_with('.')
        && !text.contains("..")
}

fn is_domain(text: &str) -> bool {
    let Some((labels, top)) = text.rsplit_once('.') else {
        return false;
    };
    top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_alphabetic()) && labels.split('.').all(is_label)
}

/// A label may end with a hyphen but not start with one: so the recording has it.
fn is_label(text: &str) -> bool {
    text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_recorded_forms_are_told_apart() {
        for text in ["a@b.co", "a+b@c.co", "a@b-.co", "a-@b.co", "a'b@x.co", "A@B.CO", "_@1.ab", "-@b.co"] {
            assert!(Email::parse(text).is_some(), "{text}");
        }
        let refused = [
            "",
            "@",
            "a@",
            "@b.co",
            "a@b",
            "a.@b.co",
            ".a@b.co",
            "a..b@c.co",
            "a@-b.co",
            "a@.b.co",
            "a@b..co",
            "a@b.co.",
            " a@b.co",
            "a@b.co ",
            "a@b.co\n",
            "a@b.co\0",
            "\"a\"@b.co",
            "a/b@c.co",
            "a!b@c.co",
            "a'@b.co",
            "a@bü.co",
            "ü@b.co",
            "a%b@c.co",
            "a=b@c.co",
            "a@b.co,c@d.co",
            "a@b.c-o",
            "a@b.c",
            "a@b@c.co",
            "a@b.c1",
            "a@b_c.co",
        ];
        for text in refused {
            assert_eq!(Email::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_address_is_kept_in_lower_case_and_within_its_limit() {
        assert_eq!(Email::parse("Ada.L@Example.TEST").unwrap().as_str(), "ada.l@example.test");
        assert_eq!(Email::parse("Ada@b.co").unwrap().local_part(), "ada");
        assert!(Email::parse(&format!("{}@b.co", "x".repeat(315))).is_some());
        assert_eq!(Email::parse(&format!("{}@b.co", "x".repeat(316))), None);
    }

    /// The definition once more, character by character as the regular expression reads.
    fn by_definition(text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        let Some(at) = chars.iter().position(|c| *c == '@') else {
            return false;
        };
        let in_set = |c: char, more: &str| c.is_ascii_alphanumeric() || more.contains(c);
        let (local, domain) = (&chars[..at], &chars[at + 1..]);
        let looks_ahead = chars[0] != '.' && !chars.windows(2).any(|pair| pair == ['.', '.']);
        let [before @ .., last] = local else { return false };
        let mut dots = domain.iter().enumerate().filter(|(_, c)| **c == '.').map(|(place, _)| place);
        let mut start = 0;
        let labels = dots.all(|dot| {
            let label = &domain[start..dot];
            start = dot + 1;
            matches!(label, [first, rest @ ..] if in_set(*first, "") && rest.iter().all(|c| in_set(*c, "-")))
        });
        let top = &domain[start..];
        looks_ahead
            && before.iter().all(|c| in_set(*c, "_'+-."))
            && in_set(*last, "_+-")
            && labels
            && start > 0
            && top.len() >= 2
            && top.iter().all(char::is_ascii_alphabetic)
    }

    proptest! {
        #[test]
        fn parsing_agrees_with_the_definition(text in "[aZ1_'+.@ü/-]{1,6}@?[a1.-]{0,4}[.]?[aZ1]{0,3}") {
            prop_assert_eq!(Email::parse(&text).is_some(), by_definition(&text), "{}", text);
        }

        #[test]
        fn a_canonical_address_reads_as_itself(text in "[a-zA-Z0-9_+-]{1,9}@([a-zA-Z0-9][a-zA-Z0-9-]{0,5}[.]){1,3}[a-zA-Z]{2,5}") {
            let email = Email::parse(&text).unwrap();
            prop_assert_eq!(Email::parse(email.as_str()), Some(email));
        }
    }
}
