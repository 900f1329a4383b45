//! Rust source taken apart: code without comments and literals, comments alone, and the tests cut out.
//!
//! Each part is as long as the text and has its line ends, so positions and line numbers stay true. It is no
//! parser: macros count as the code they look like.

mod function;
mod name;

pub(crate) use function::{Function, functions};
pub(crate) use name::{Name, Token, names, tokens};

/// The parts of one file; what does not belong to a part is blank in it.
#[derive(Debug)]
pub(crate) struct Source {
    /// Without comments, strings and characters.
    pub(crate) code: String,
    /// The comments alone.
    pub(crate) comments: String,
}

enum Kind {
    Code,
    Comment,
    Literal,
}

const TEST: &str = "#[cfg(test)]";

impl Source {
    /// Takes `text` apart.
    pub(crate) fn of(text: &str) -> Self {
        let mut source = Self { code: String::new(), comments: String::new() };
        let mut rest = text;
        while !rest.is_empty() {
            let (kind, length) = next(rest);
            let (piece, after) = rest.split_at(length);
            push(&mut source.code, piece, matches!(kind, Kind::Code));
            push(&mut source.comments, piece, matches!(kind, Kind::Comment));
            rest = after;
        }
        source
    }

    /// The code without its test items.
    pub(crate) fn shipped(&self) -> String {
        self.part(false)
    }

    /// The code of its test items alone.
    pub(crate) fn tests(&self) -> String {
        self.part(true)
    }

    fn part(&self, tests: bool) -> String {
        let mut part = String::new();
        let mut rest = self.code.as_str();
        while let Some(at) = rest.find(TEST) {
            let (before, from) = rest.split_at(at);
            let (item, after) = from.split_at(TEST.len() + item_length(from.split_at(TEST.len()).1));
            push(&mut part, before, !tests);
            push(&mut part, item, tests);
            rest = after;
        }
        push(&mut part, rest, !tests);
        part
    }
}

/// The line, from 1, of the byte `at`.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

/// Adds `text`, or as many blanks and its line ends.
fn push(part: &mut String, text: &str, is_part: bool) {
    if is_part {
        part.push_str(text);
        return;
    }
    part.extend(text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
}

/// What stands at the beginning of `rest`, and how many bytes of it.
fn next(rest: &str) -> (Kind, usize) {
    if rest.starts_with("//") {
        (Kind::Comment, rest.find('\n').unwrap_or(rest.len()))
    } else if rest.starts_with("/*") {
        (Kind::Comment, block_comment(rest))
    } else if let Some(length) = raw_string(rest).or_else(|| character(rest)) {
        (Kind::Literal, length)
    } else if rest.starts_with('"') {
        (Kind::Literal, quoted(rest, '"'))
    } else {
        (Kind::Code, word(rest))
    }
}

/// A whole word at once, so that its last letter is not taken for the prefix of a string; or a run of blanks.
fn word(rest: &str) -> usize {
    let is_blank = rest.starts_with(char::is_whitespace);
    let is_more = |c: char| {
        if is_blank { c.is_whitespace() } else { c.is_alphanumeric() || c == '_' }
    };
    let end = rest.find(|c| !is_more(c)).unwrap_or(rest.len());
    end.max(rest.chars().next().map_or(0, char::len_utf8))
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut before = ' ';
    for (at, c) in rest.char_indices() {
        (depth, before) = match (before, c) {
            ('/', '*') => (depth + 1, ' '),
            ('*', '/') if depth == 1 => return at + 1,
            ('*', '/') => (depth - 1, ' '),
            _ => (depth, c),
        };
    }
    rest.len()
}

fn raw_string(rest: &str) -> Option<usize> {
    let opened = ["r", "br", "cr"].iter().find_map(|prefix| rest.strip_prefix(prefix))?;
    let inside = opened.trim_start_matches('#');
    let hashes = "#".repeat(opened.len() - inside.len());
    let inside = inside.strip_prefix('"')?;
    let closing = format!("\"{hashes}");
    let length = inside.find(&closing).map_or(inside.len(), |at| at + closing.len());
    Some(rest.len() - inside.len() + length)
}

/// A character and no lifetime: an escape, or one character before the closing quote.
fn character(rest: &str) -> Option<usize> {
    let mut chars = rest.strip_prefix('\'')?.chars();
    let first = chars.next()?;
    let closed = chars.next() == Some('\'');
    match first {
        '\\' => Some(quoted(rest, '\'')),
        _ => closed.then_some(2 + first.len_utf8()),
    }
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    rest.len()
}

/// From behind an attribute to the end of its item: a `;` outside of brackets, or the brace that closes the first.
fn item_length(code: &str) -> usize {
    let mut depth = 0_i32;
    for (at, c) in code.char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return at;
        }
        if depth == 0 && matches!(c, '}' | ';') {
            return at + 1;
        }
    }
    code.len()
}

#[cfg(test)]
mod tests;
