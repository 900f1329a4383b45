//! Reads what a person typed into the search field.
//!
//! No text is wrong: what cannot be an operator is searched for as text, and no word of it is left out.
//!
//! ```text
//! milk bread          both words
//! milk OR bread       one of them; binds tighter than the blank between words
//! -milk               not this word
//! "fresh milk"        words that follow each other; so do those of e-mail and 東京
//! mil*  "fresh mi"*   the last word may go on
//! title:milk          in the title; also with a phrase and a beginning
//! tag:food  tag:"to do"
//! ```
//!
//! Knows nothing of notes.

use super::{Clause, Query, Scope, Term, folded, words};

/// Length of a query at most, in UTF-16 units, as for the literal search. It bounds everything else here: that many
/// units hold at most 500 items, and nothing that fits is left out.
const UNITS_MAX: usize = 1000;
/// Any of them opens a phrase and any of them ends it: telephones put in the curved ones by themselves.
const QUOTES: [char; 4] = ['"', '“', '”', '„'];

/// What stands between blanks.
#[derive(Debug)]
enum Item {
    Or,
    Wanted(Term),
    Excluded(Term),
}

impl Query {
    /// Reads a query; `None` when it is longer than 1,000 UTF-16 units.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let units = text.encode_utf16().count();
        (units <= UNITS_MAX).then(|| Self { clauses: clauses(text) })
    }
}

fn clauses(text: &str) -> Vec<Clause> {
    let mut clauses = Vec::new();
    let mut items = items(text).into_iter().peekable();
    let mut is_joined = false;
    while let Some(item) = items.next() {
        let (is_excluded, term) = match item {
            Item::Or if is_choice(clauses.last()) && matches!(items.peek(), Some(Item::Wanted(_))) => {
                is_joined = true;
                continue;
            }
            Item::Or => (false, text_of(Scope::Anywhere, "OR", false)),
            Item::Wanted(term) => (false, Some(term)),
            Item::Excluded(term) => (true, Some(term)),
        };
        let Some(term) = term else { continue };
        match clauses.last_mut().filter(|_| is_joined) {
            Some(Clause { choices, .. }) if choices.contains(&term) => {}
            Some(Clause { choices, .. }) => choices.push(term),
            None => clauses.push(Clause { is_excluded, choices: vec![term] }),
        }
        is_joined = false;
    }
    if clauses.is_empty() && !text.trim().is_empty() {
        clauses.push(Clause { is_excluded: false, choices: Vec::new() });
    }
    clauses
}

fn is_choice(clause: Option<&Clause>) -> bool {
    clause.is_some_and(|clause| !clause.is_excluded)
}

/// The items of `text`; those without a word are no items.
fn items(text: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (item, after) = item(rest);
        items.extend(item);
        rest = after.trim_start();
    }
    items
}

/// The item that `text` begins with, and what follows it.
fn item(text: &str) -> (Option<Item>, &str) {
    let (chunk, after) = chunk(text);
    if chunk == "OR" {
        return (Some(Item::Or), after);
    }
    // Another minus is text: people look for options of commands.
    if let Some(excluded) = text.strip_prefix('-').filter(|rest| !rest.starts_with(['-', ' '])) {
        let (term, after) = term(excluded);
        return (term.map(Item::Excluded), after);
    }
    let (term, after) = term(text);
    (term.map(Item::Wanted), after)
}

fn term(text: &str) -> (Option<Term>, &str) {
    if let Some(operand) = after_name(text, "title:")
        && let (Some(term), after) = phrase_or_text(Scope::Title, operand)
    {
        return (Some(term), after);
    }
    if let Some(operand) = after_name(text, "tag:")
        && let (Some(tag), after) = tag(operand)
    {
        return (Some(tag), after);
    }
    phrase_or_text(Scope::Anywhere, text)
}

/// What follows `name` in `text`, whichever case it is written in.
fn after_name<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then_some(rest)
}

fn tag(text: &str) -> (Option<Term>, &str) {
    let (name, after) = quoted(text).unwrap_or_else(|| chunk(text));
    let name = folded(name);
    ((!name.is_empty()).then_some(Term::Tag(name)), after)
}

fn phrase_or_text(scope: Scope, text: &str) -> (Option<Term>, &str) {
    if let Some((phrase, after)) = quoted(text) {
        return match after.strip_prefix('*') {
            Some(rest) => (text_of(scope, phrase, true), rest),
            None => (text_of(scope, phrase, false), after),
        };
    }
    let (chunk, after) = chunk(text);
    let beginning = chunk.trim_end_matches('*');
    (text_of(scope, beginning, beginning.len() < chunk.len()), after)
}

/// The words of `text`, if it has any. The last is a beginning only if nothing stands between it and the asterisk.
fn text_of(scope: Scope, text: &str, has_asterisk: bool) -> Option<Term> {
    let (mut found, mut end) = (Vec::new(), 0);
    words(text, |word, range| {
        found.push(word.to_owned());
        end = range.end;
    });
    let is_prefix = has_asterisk && end == text.len();
    (!found.is_empty()).then_some(Term::Words { scope, words: found, is_prefix })
}

/// What stands between two quotes at the start of `text`, and what follows them.
fn quoted(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix(QUOTES)?.split_once(QUOTES)
}

/// What stands before the first blank of `text`, and what follows.
fn chunk(text: &str) -> (&str, &str) {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests;
