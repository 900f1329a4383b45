//! The functions of a file: how they are called, how long they are, which words they are made of.

use super::name::{Token, tokens};

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function<'a> {
    /// What it is called.
    pub(crate) name: &'a str,
    /// Whether it is declared `async`.
    pub(crate) is_async: bool,
    /// Where it begins, from 1.
    pub(crate) line: usize,
    /// From the word `fn` to the closing brace.
    pub(crate) lines: usize,
    /// The words of its parameters and its body.
    pub(crate) words: Vec<&'a str>,
}

/// Every function of `code`, also one inside another.
pub(crate) fn functions(code: &str) -> Vec<Function<'_>> {
    let tokens = tokens(code);
    let mut functions = Vec::new();
    for (at, pair) in tokens.windows(2).enumerate() {
        let [(Token::Word("fn"), line), (Token::Word(name), _)] = pair else {
            continue;
        };
        let (before, from) = tokens.split_at(at);
        let is_async = matches!(before.last(), Some((Token::Word("async"), _)));
        if let Some((last, words)) = body(from) {
            functions.push(Function { name, is_async, line: *line, lines: last + 1 - line, words });
        }
    }
    functions
}

/// The last line of the function that begins here, and its words; none for a declaration, which has no body.
fn body<'a>(tokens: &[(Token<'a>, usize)]) -> Option<(usize, Vec<&'a str>)> {
    let mut depth = 0_usize;
    let mut words = Vec::new();
    for (token, line) in tokens {
        match token {
            Token::Mark('}') if depth == 1 => return Some((*line, words)),
            Token::Mark(';') if depth == 0 => return None,
            Token::Mark('{' | '(' | '[') => depth += 1,
            Token::Mark('}' | ')' | ']') => depth = depth.saturating_sub(1),
            Token::Word(word) if depth > 0 => words.push(*word),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_lasts_from_its_first_word_to_its_last_brace() {
        let code = "trait T { fn none(&self); }\nfn one<F: Fn()>(a: [u8; 3])\nwhere\n    F: Fn(),\n{\n    \
                    if a { b(); }\n}\nfn two() {}";
        let found: Vec<_> = functions(code).into_iter().map(|f| (f.name, f.line, f.lines)).collect();
        assert_eq!(found, [("one", 2, 6), ("two", 8, 1)]);
    }

    #[test]
    fn a_function_is_made_of_its_words() {
        let code = "pub async fn f() { if a { b } } fn g() {}";
        let found = functions(code);
        assert_eq!(found[0].words, ["if", "a", "b"]);
        assert_eq!([found[0].is_async, found[1].is_async], [true, false]);
    }
}
