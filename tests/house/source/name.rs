//! The paths that code names, with its `use` trees spelled out.

use std::iter::Peekable;
use std::vec::IntoIter;

/// What code is made of, as far as paths and items are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// An identifier, a keyword or a number.
    Word(&'a str),
    /// `::`
    Colons,
    /// `..` or `..=`
    Range,
    /// Any other character.
    Mark(char),
}

/// A path as it is written, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// With `::` between its segments.
    pub(crate) path: String,
    /// The line of its first word, from 1.
    pub(crate) line: usize,
}

impl Name {
    /// Whether the segments of `token` follow each other somewhere in this path.
    pub(crate) fn mentions(&self, token: &str) -> bool {
        format!("::{}::", self.path).contains(&format!("::{token}::"))
    }
}

/// The tokens of `code`, each with its line.
pub(crate) fn tokens(code: &str) -> Vec<(Token<'_>, usize)> {
    let mut tokens = Vec::new();
    for (line, text) in code.lines().enumerate() {
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let (token, length) = token(rest, first);
            tokens.push((token, line + 1));
            rest = rest.split_at(length).1.trim_start();
        }
    }
    tokens
}

fn token(rest: &str, first: char) -> (Token<'_>, usize) {
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    match rest {
        _ if end > 0 => (Token::Word(rest.split_at(end).0), end),
        _ if rest.starts_with("::") => (Token::Colons, 2),
        _ if rest.starts_with("..") => (Token::Range, 2),
        _ => (Token::Mark(first), first.len_utf8()),
    }
}

/// Every path in `code`; fields and methods are none.
pub(crate) fn names(code: &str) -> Vec<Name> {
    let mut walk = Walk { tokens: tokens(code).into_iter().peekable(), names: Vec::new() };
    let mut before = Token::Mark(' ');
    while let Some((token, line)) = walk.tokens.next() {
        match token {
            Token::Word(word) if before != Token::Mark('.') => walk.path(word.to_owned(), line),
            _ => {}
        }
        before = token;
    }
    walk.names
}

struct Walk<'a> {
    tokens: Peekable<IntoIter<(Token<'a>, usize)>>,
    names: Vec<Name>,
}

impl Walk<'_> {
    /// Follows a path from behind its first word.
    fn path(&mut self, mut path: String, line: usize) {
        while self.tokens.next_if(|(token, _)| *token == Token::Colons).is_some() {
            match self.tokens.peek() {
                Some((Token::Word(word), _)) => path = format!("{path}::{word}"),
                Some((Token::Mark('{'), _)) => {
                    self.tokens.next();
                    return self.group(&path);
                }
                _ => break,
            }
            self.tokens.next();
        }
        self.names.push(Name { path, line });
    }

    /// Follows each path of a group from behind its brace; an alias is no path.
    fn group(&mut self, prefix: &str) {
        while let Some((token, line)) = self.tokens.next() {
            match token {
                Token::Mark('}') => return,
                Token::Word("as") => {
                    self.tokens.next();
                }
                Token::Word(word) => self.path(format!("{prefix}::{word}"), line),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(code: &str) -> Vec<String> {
        names(code).into_iter().map(|name| name.path).collect()
    }

    #[test]
    fn a_use_tree_is_spelled_out() {
        assert_eq!(
            paths("crate::{api, store::{self, Store as Kept}, a::*};"),
            ["crate::api", "crate::store::self", "crate::store::Store", "crate::a"]
        );
    }

    #[test]
    fn a_path_is_named_and_a_field_is_not() {
        let named = paths("self.axum.route(::axum::get::<T>(x), ..serde::Default)");
        assert_eq!(named, ["self", "axum::get", "T", "x", "serde::Default"]);
    }

    #[test]
    fn a_name_is_met_by_whole_segments_only() {
        let name = Name { path: "tokio::time::sleep_until".to_owned(), line: 1 };
        assert!(name.mentions("tokio") && name.mentions("tokio::time"));
        assert!(!name.mentions("time::sleep") && !name.mentions("tok"));
    }

    #[test]
    fn names_know_their_lines() {
        let lines: Vec<_> = names("a;\n\nb::{\nc,\nd};").into_iter().map(|name| name.line).collect();
        assert_eq!(lines, [1, 4, 5]);
    }
}
