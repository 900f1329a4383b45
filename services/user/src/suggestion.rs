//! Usernames for people who chose none: the local part of their address and a few digits.
//!
//! Whether one is still free is for the store to say, so there are several, best first.

use chassis::email::Email;
use chassis::entropy::Stream;
use chassis::profile::Username;

/// Draws of each width: with a thousand people of one local part, 8 draws of four digits all fail once in 10⁸.
const DRAWS: usize = 8;
/// The contract's four digits, and wider ones for a local part that everybody has.
const WIDTHS: [usize; 2] = [4, 8];
/// Letters kept of the local part: with `_` and eight digits a username still fits its 64.
const LOCAL_MAX: usize = 55;

/// Names made of `email`, to be tried in order.
pub(crate) fn names(email: &Email, digits: &Stream) -> Vec<Username> {
    let local: String = email.local_part().chars().take(LOCAL_MAX).collect();
    let widths = WIDTHS.iter().flat_map(|width| [*width; DRAWS]);
    widths.filter_map(|width| Username::parse(&format!("{local}_{}", draw(digits, width))).ok()).collect()
}

fn draw(digits: &Stream, width: usize) -> String {
    (0..width).filter_map(|_| char::from_digit(digits.below(10), 10)).collect()
}

#[cfg(test)]
mod tests {
    use chassis::entropy::Entropy;

    use super::*;

    fn names_of(email: &str) -> Vec<Username> {
        names(&Email::parse(email).unwrap(), &Entropy::seeded(1).stream("user", "username"))
    }

    #[test]
    fn a_name_is_the_local_part_and_four_digits_and_later_ones_are_wider() {
        let names = names_of("a.b+c@example.test");
        let digits: Vec<_> = names.iter().map(|name| name.as_str().strip_prefix("a.b+c_").unwrap()).collect();
        assert!(digits.iter().all(|text| text.bytes().all(|byte| byte.is_ascii_digit())));
        assert_eq!(digits.iter().map(|text| text.len()).collect::<Vec<_>>(), [[4; 8], [8; 8]].concat());
    }

    #[test]
    fn the_shortest_and_the_longest_address_have_names() {
        assert_eq!(names_of("a@example.test").len(), 16);
        let long = names_of(&format!("{}@example.test", "x".repeat(200)));
        assert!(long.iter().all(|name| name.as_str().len() <= 64));
        assert_eq!(long.len(), 16);
    }
}
