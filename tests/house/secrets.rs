//! Secrets are not printed: what holds one has no derived `Debug`, which a log line or a panic could use.
//!
//! A secret is recognised by the name of its field or type; inside `chassis::secret::Secret` it is safe.

use crate::rule::{Breach, holds};
use crate::source::{Source, line_of};
use crate::tree::{File, Tree};

/// Names of fields that hold a password, a token or what opens as much as one.
const FIELDS: [&str; 10] = [
    "password",
    "secret",
    "token",
    "hash",
    "credential",
    "link",
    "html",
    "jwt",
    "authorization",
    "private_key",
];
/// Ends of the names of types that are one of these and nothing else.
const TYPES: [&str; 5] = ["Password", "Secret", "Token", "Hash", "Credential"];
/// What shows its text in `Debug`.
const TEXTS: [&str; 6] = ["String", "&'static str", "&str", "Vec<u8>", "Bytes", "[u8"];

/// Whether a text of this type would be shown.
fn is_shown(kind: &str) -> bool {
    TEXTS.iter().any(|text| kind.contains(text)) && !kind.contains("Secret<")
}

/// The items of `code` that derive `Debug`: where each begins, its name and what stands between its brackets.
fn printed(code: &str) -> Vec<(usize, String, String)> {
    let mut items = Vec::new();
    for (at, _) in code.match_indices("#[derive(") {
        let Some((derived, rest)) = code.get(at..).and_then(|rest| rest.split_once(")]")) else { continue };
        let Some((_, item)) = rest.split_once("struct ").filter(|(before, _)| !before.contains(['{', ';']))
        else {
            continue;
        };
        let name: String =
            item.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
        let body = match (item.find('{'), item.find(';')) {
            (Some(open), end) if end.is_none_or(|end| open < end) => {
                item.get(open + 1..).and_then(|inner| inner.split_once("\n}")).map(|(inner, _)| inner)
            }
            (_, Some(end)) => item.get(..end),
            _ => None,
        };
        if let Some(body) = body.filter(|_| derived.contains("Debug")) {
            items.push((at, name, body.to_owned()));
        }
    }
    items
}

fn shown(file: &File) -> Vec<Breach> {
    if file.is_test() {
        return Vec::new();
    }
    let code = Source::of(&file.text).shipped();
    let mut breaches = Vec::new();
    for (at, name, body) in printed(&code) {
        let is_one = TYPES.iter().any(|end| name.ends_with(end)) && body.contains('(') && is_shown(&body);
        let holds_one = body
            .lines()
            .filter_map(|line| line.trim().trim_end_matches(',').split_once(": "))
            .any(|(field, kind)| {
                let field = field.rsplit(' ').next().unwrap_or_default();
                FIELDS.contains(&field) && is_shown(kind)
            });
        if is_one || holds_one {
            breaches.push(Breach::new(
                format!("{}:{}", file.path, line_of(&code, at)),
                format!("{name} derives Debug and would show a secret"),
                "wrap the secret in chassis::secret::Secret, or write Debug by hand",
            ));
        }
    }
    breaches
}

#[test]
fn nothing_that_holds_a_secret_derives_debug() {
    let breaches: Vec<_> = Tree::read().with("rs").flat_map(shown).collect();
    holds("a secret cannot be printed by mistake", breaches);
}

#[test]
fn a_secret_in_the_open_is_seen_and_a_wrapped_one_is_fine() {
    let of = |text: &str| shown(&File::new("services/auth/src/x.rs", text)).len();
    assert_eq!(of("#[derive(Clone, Debug)]\npub struct Mail {\n    pub token: Option<String>,\n}\n"), 1);
    assert_eq!(of("#[derive(Debug)]\nstruct ResetHash(String);\n"), 1);
    for fine in [
        "#[derive(Clone)]\nstruct Mail {\n    token: String,\n}\n",
        "#[derive(Debug)]\nstruct Smtp {\n    password: Option<Secret<String>>,\n}\n",
        "#[derive(Debug)]\nstruct ResetHash(Secret<String>);\n",
        "#[derive(Debug)]\nstruct Config {\n    password_min: usize,\n    token: TokenLifetime,\n}\n",
    ] {
        assert_eq!(of(fine), 0, "{fine}");
    }
}
