//! Cuts texts into words for tantivy. What a word is, is said in [`crate::ranked`].

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use super::schema::split_key;
use crate::ranked::words;

/// The name that the tokenizer has in the index.
pub(super) const TOKENIZER: &str = "words";

/// Cuts a text into words and leads each by the key that the text is led by.
#[derive(Clone, Debug, Default)]
pub(super) struct Cutter {
    /// The words of the last text, one after the other, and where each ends.
    letters: String,
    ends: Vec<usize>,
}

/// The words of one text.
pub(super) struct Cut<'a> {
    cutter: &'a Cutter,
    key: &'a str,
    token: Token,
}

impl Cutter {
    fn cut(&mut self, text: &str) {
        self.letters.clear();
        self.ends.clear();
        words(text, |word, _| {
            self.letters.push_str(word);
            self.ends.push(self.letters.len());
        });
    }

    fn word(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)?;
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.letters.get(start..end)
    }
}

impl Tokenizer for Cutter {
    type TokenStream<'a> = Cut<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Cut<'a> {
        let (key, text) = split_key(text);
        self.cut(text);
        Cut { cutter: self, key, token: Token::default() }
    }
}

impl TokenStream for Cut<'_> {
    fn advance(&mut self) -> bool {
        // A fresh token stands before the first place.
        let at = self.token.position.wrapping_add(1);
        let Some(word) = self.cutter.word(at) else { return false };
        self.token.position = at;
        self.token.text.clear();
        self.token.text.push_str(self.key);
        self.token.text.push_str(word);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_gives_each_word_its_key_and_its_place() {
        let mut cutter = Cutter::default();
        for _ in 0..2 {
            let mut cut = cutter.token_stream("\0\0\0\0\u{3}Über alles");
            let mut seen = Vec::new();
            while cut.advance() {
                seen.push((cut.token().text.clone(), cut.token().position));
            }
            let word = |word: &str, at| (format!("\0\0\0\0\u{3}{word}"), at);
            assert_eq!(seen, [word("uber", 0), word("alles", 1)]);
        }
    }
}
