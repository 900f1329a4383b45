//! The exceptions from the rings: a list that may only shrink.

use super::Found;
use crate::rule::Breach;

/// Where the list lies.
pub(super) const LIST: &str = "tests/house/allowed.txt";

/// A file may name a token of another ring, for a reason that stands beside it.
#[derive(Debug, PartialEq, Eq)]
struct Exception<'a> {
    line: usize,
    path: &'a str,
    token: &'a str,
}

/// The whole list.
#[derive(Debug)]
pub(super) struct Allowed<'a>(Vec<Exception<'a>>);

impl<'a> Allowed<'a> {
    /// Reads the list; a line that is no exception with a reason is a breach of its own.
    pub(super) fn parse(list: &'a str) -> (Self, Vec<Breach>) {
        let mut exceptions = Vec::new();
        let mut breaches = Vec::new();
        let written = |line: &str| !line.is_empty() && !line.starts_with('#');
        for (at, text) in list.lines().enumerate().filter(|(_, text)| written(text)) {
            let mut parts = text.splitn(3, ": ");
            match (parts.next(), parts.next(), parts.next()) {
                (Some(path), Some(token), Some(reason)) if !reason.trim().is_empty() => {
                    exceptions.push(Exception { line: at + 1, path, token });
                }
                _ => breaches.push(Breach::new(
                    format!("{LIST}:{}", at + 1),
                    "is no exception with a reason",
                    "write `path: token: reason`",
                )),
            }
        }
        (Self(exceptions), breaches)
    }

    /// What of `found` is not allowed, and what of the list is not needed.
    pub(super) fn judge(&self, found: Vec<Found>) -> Vec<Breach> {
        let fits = |exception: &Exception<'_>, found: &Found| {
            exception.path == found.path && exception.token == found.token
        };
        let is_stale = |exception: &&Exception<'_>| !found.iter().any(|found| fits(exception, found));
        let stale = |exception: &Exception<'_>| {
            Breach::new(
                format!("{LIST}:{}", exception.line),
                format!("{} does not name {} any more", exception.path, exception.token),
                "take the line out",
            )
        };
        let mut breaches: Vec<_> = self.0.iter().filter(is_stale).map(stale).collect();
        let is_open = |found: &Found| !self.0.iter().any(|exception| fits(exception, found));
        breaches.extend(found.into_iter().filter(is_open).map(|found| found.breach));
        breaches
    }
}
