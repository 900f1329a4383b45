//! Comparing texts without regard to case: Unicode *simple* case folding, char by char.
//!
//! ẞ is ß, ς is σ, ſ is s; İ and ı stay themselves. Nothing grows or shrinks in chars, so a match in the folded
//! text is a match in the text. Lower-casing is something else: it depends on neighbours and on language. It
//! normalises nothing: é in one char and in two are different texts.

mod table;

use memchr::memmem::Finder;

/// Stands behind each field of a haystack; no byte of UTF-8, so no needle reaches across.
const BEHIND: u8 = 0xFF;

/// `char`s from `first` to `last`, every `step`-th one, that fold to the one `shift` away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    first: char,
    last: char,
    step: u32,
    shift: i32,
}

/// What `char` folds to: status C and S of Unicode's `CaseFolding.txt`, itself for all others.
pub(crate) fn fold(char: char) -> char {
    let after = table::RUNS.partition_point(|run| run.first <= char);
    let Some(run) = after.checked_sub(1).and_then(|at| table::RUNS.get(at)) else {
        return char;
    };
    let distance = u32::from(char) - u32::from(run.first);
    if char > run.last || !distance.is_multiple_of(run.step) {
        return char;
    }
    u32::from(char).checked_add_signed(run.shift).and_then(char::from_u32).unwrap_or(char)
}

/// Appends the folded `text` to `folded`.
fn fold_into(text: &str, folded: &mut Vec<u8>) {
    let mut rest = text;
    loop {
        let ascii = rest.bytes().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        let (plain, others) = rest.split_at_checked(ascii).unwrap_or((rest, ""));
        let start = folded.len();
        folded.extend_from_slice(plain.as_bytes());
        if let Some(run) = folded.get_mut(start..) {
            run.make_ascii_lowercase();
        }
        let mut chars = others.chars();
        let Some(char) = chars.next() else { return };
        folded.extend_from_slice(fold(char).encode_utf8(&mut [0; 4]).as_bytes());
        rest = chars.as_str();
    }
}

/// Appends what a needle is looked for in: `title` and `content`, folded, a byte behind each that no needle holds.
pub(crate) fn append(title: &str, content: &str, haystack: &mut Vec<u8>) {
    for field in [title, content] {
        fold_into(field, haystack);
        haystack.push(BEHIND);
    }
}

/// A text to look for in many others.
#[derive(Debug)]
pub(crate) struct Needle {
    finder: Finder<'static>,
    /// The folded haystack; kept, so that a scan allocates once.
    haystack: Vec<u8>,
}

impl Needle {
    /// A needle of `text`; an empty one is in everything.
    pub(crate) fn new(text: &str) -> Self {
        let mut folded = Vec::with_capacity(text.len());
        fold_into(text, &mut folded);
        Self { finder: Finder::new(&folded).into_owned(), haystack: Vec::new() }
    }

    /// Whether `title` or `content` holds the needle.
    pub(crate) fn is_in(&mut self, title: &str, content: &str) -> bool {
        self.haystack.clear();
        append(title, content, &mut self.haystack);
        self.finder.find(&self.haystack).is_some()
    }

    /// The folded text.
    pub(crate) fn text(&self) -> &str {
        str::from_utf8(self.finder.needle()).unwrap_or_default()
    }

    /// Where the needle is first in `haystack`, which [`append`] made.
    pub(crate) fn position(&self, haystack: &[u8]) -> Option<usize> {
        self.finder.find(haystack)
    }
}

#[cfg(test)]
mod tests;
