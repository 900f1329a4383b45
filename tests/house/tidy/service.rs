//! What each service exports, so that the topology reads as four like paragraphs.

use crate::rule::Breach;
use crate::source::{Source, Token, tokens};
use crate::tree::File;

/// The names that the root of a service misses; the chassis is none.
pub(super) fn missing_names(file: &File) -> Vec<Breach> {
    let service = file.path.split('/').nth(1).unwrap_or_default();
    if service == "chassis" {
        return Vec::new();
    }
    let code = Source::of(&file.text).shipped();
    let words = words(&code);
    let own = capitalised(service);
    let wanted = [
        ("`pub struct Config`", is_public(&words, "struct", "Config")),
        (&*format!("`pub struct {own}`"), is_public(&words, "struct", &own)),
        ("`pub fn open` or `pub async fn open`", is_public(&words, "fn", "open")),
        ("`pub fn router`", is_public(&words, "fn", "router")),
    ];
    let missing = wanted.into_iter().filter(|(_, is_there)| !is_there);
    let breach = |(name, _)| {
        let remedy = "every service is configured, opened and mounted in the same way: write it in lib.rs";
        Breach::new(&file.path, format!("has no {name}"), remedy)
    };
    missing.map(breach).collect()
}

fn words(code: &str) -> Vec<&str> {
    let word = |(token, _)| match token {
        Token::Word(word) => Some(word),
        _ => None,
    };
    tokens(code).into_iter().filter_map(word).collect()
}

/// Whether `name` is declared here as a public `kind`, or a type is made public from a module.
fn is_public(words: &[&str], kind: &str, name: &str) -> bool {
    let is_plain = words.windows(3).any(|found| found == ["pub", kind, name]);
    let is_async = words.windows(4).any(|found| found == ["pub", "async", kind, name]);
    let is_passed_on = |found: &[&str]| found.starts_with(&["pub", "use"]) && found.ends_with(&[name]);
    is_plain || is_async || kind == "struct" && words.windows(4).any(is_passed_on)
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(service: &str, text: &str) -> Vec<String> {
        let found = missing_names(&File::new(&format!("services/{service}/src/lib.rs"), text));
        found.into_iter().map(|breach| breach.what).collect()
    }

    #[test]
    fn a_service_with_all_its_names_is_fine() {
        let rest = "pub struct Auth; impl Auth { pub async fn open() {} pub fn router(&self) {} }";
        assert_eq!(missing("auth", &format!("pub struct Config {{}} {rest}")), [""; 0]);
        assert_eq!(missing("auth", &format!("mod config; pub use config::Config; {rest}")), [""; 0]);
        assert_eq!(missing("chassis", ""), [""; 0]);
    }

    #[test]
    fn a_missing_or_private_name_is_told() {
        let text = "struct Config; pub struct Notes; impl Notes { fn open() {} pub(crate) fn router() {} }";
        assert_eq!(
            missing("notes", text),
            [
                "has no `pub struct Config`",
                "has no `pub fn open` or `pub async fn open`",
                "has no `pub fn router`"
            ]
        );
    }
}
