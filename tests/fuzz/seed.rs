//! The seeds of a target: files in `seeds/NAME/`, good and bad inputs of which others are made.

use std::fs;
use std::path::Path;

/// Bytes of a word that is put elsewhere, at most.
const WORD_MAX: usize = 24;

/// What inputs are made of.
pub(crate) struct Seeds {
    /// Whole inputs, in the order of their names.
    pub(crate) whole: Vec<Vec<u8>>,
    /// Pieces of them, to be put elsewhere.
    pub(crate) words: Vec<Vec<u8>>,
}

impl Seeds {
    /// Those of the target `name`.
    pub(crate) fn of(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
        let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let whole: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
        let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80;
        let mut words: Vec<Vec<u8>> = Vec::new();
        for seed in &whole {
            words.extend(seed.chunk_by(|one, next| is_inside(*one) == is_inside(*next)).map(<[u8]>::to_vec));
        }
        words.retain(|word| word.len() <= WORD_MAX);
        words.sort();
        words.dedup();
        assert!(!words.is_empty(), "{} has no seeds", folder.display());
        Self { whole, words }
    }
}
