//! The folder of the index, and what a commit in it says of itself.
//!
//! It decides nothing: whether a folder is to be believed is asked in `verify.rs`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use chassis::dir;
use tantivy::Index;
use tantivy::tokenizer::{TextAnalyzer, TokenizerManager};

use super::Trouble;
use super::files::Files;
use super::schema::{Fields, VERSION};
use super::word::{Cutter, TOKENIZER};
use crate::store::Mark;

/// Where the index is.
pub(super) struct Folder {
    path: PathBuf,
    pub(super) fields: Fields,
}

/// The folder of the index among the data in `data_dir`.
pub(super) fn place(data_dir: &Path) -> PathBuf {
    data_dir.join("index")
}

impl Folder {
    pub(super) fn new(data_dir: &Path) -> Self {
        Self { path: place(data_dir), fields: Fields::new() }
    }

    /// The index that is there; none when there is no folder.
    pub(super) fn open(&self) -> Result<Option<Index>, Trouble> {
        if !self.path.try_exists()? {
            return Ok(None);
        }
        let mut index = Index::open(self.directory())?;
        if index.schema() != self.fields.schema {
            return Err(Trouble::Differs);
        }
        index.set_tokenizers(tokenizers());
        Ok(Some(index))
    }

    /// A new index, without notes.
    pub(super) fn create(&self) -> Result<Index, Trouble> {
        self.remove()?;
        dir::folder(&self.path)?;
        let schema = self.fields.schema.clone();
        let mut index = Index::create(self.directory(), schema, Fields::settings())?;
        index.set_tokenizers(tokenizers());
        Ok(index)
    }

    /// Removes whatever is there.
    fn remove(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotADirectory => fs::remove_file(&self.path),
            removed => removed,
        }
    }

    fn directory(&self) -> Files {
        Files::new(&self.path)
    }
}

fn tokenizers() -> TokenizerManager {
    let tokenizers = TokenizerManager::default();
    tokenizers.register(TOKENIZER, TextAnalyzer::from(Cutter::default()));
    tokenizers
}

/// What a commit says: to which change it has come, and what is left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) mark: Mark,
    /// Whether it covers all notes.
    pub(super) is_whole: bool,
    /// Whether words of purged authors may be left in it.
    pub(super) has_remains: bool,
}

impl Receipt {
    /// Reads what [`fmt::Display`] wrote; none for that of another version.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split(' ').map(|number| number.parse::<i64>().ok());
        let mut next = || numbers.next().flatten();
        let is_ours = next()? == i64::from(VERSION);
        let mark = Mark { seq: next()?, stamp: next()? };
        let receipt = Self { mark, is_whole: next()? == 1, has_remains: next()? == 1 };
        is_ours.then_some(receipt)
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mark: Mark { seq, stamp }, is_whole, has_remains } = self;
        write!(f, "{VERSION} {seq} {stamp} {} {}", u8::from(*is_whole), u8::from(*has_remains))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_reads_back_and_no_other_text_is_one() {
        let receipt = Receipt { mark: Mark { seq: 7, stamp: -42 }, is_whole: true, has_remains: false };
        assert_eq!(Receipt::parse(&receipt.to_string()), Some(receipt));
        for text in ["", "1", "1 2 3", "0 7 -42 1 0", "1 7 x 1 0"] {
            assert_eq!(Receipt::parse(text), None);
        }
    }
}
