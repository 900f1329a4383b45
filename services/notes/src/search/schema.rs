//! What the index holds of a note, and how its terms are spelled.
//!
//! Every term begins with the author and the state that it belongs to, so one author's words lie together in a
//! dictionary: a look-up finds their notes and nobody else's, and what they never wrote cannot be seen to exist.
//! Nothing is stored: the notes are in SQLite.

use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, NumericOptions, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::{IndexSettings, TantivyDocument};

use super::word::TOKENIZER;
use crate::ranked::{Field as Text, Lengths, folded};
use crate::store::{Entry, Pile};

/// Goes up whenever an index of an older program would answer differently, also when words are cut or folded in
/// another way: it is then built again.
pub(super) const VERSION: u32 = 1;
/// Bytes of a tag that is found by the index; tantivy would pass over terms of 64 KB. Longer ones are looked for in
/// the notes themselves.
pub(super) const TAG_BYTES_MAX: usize = 1024;
/// Digits of a term's beginning: 35 bits hold an author's number and the state.
const KEY_LEN: usize = 5;

/// What leads the terms of one pile of notes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key(String);

impl Key {
    /// The key of `author`'s notes that are archived, or of the others.
    pub(super) fn new(author: i64, is_archived: bool) -> Self {
        let number = author << 1 | i64::from(is_archived);
        let digit = |at: usize| char::from(u8::try_from(number >> (7 * at) & 0x7F).unwrap_or(0));
        Self((0..KEY_LEN).rev().map(digit).collect())
    }

    pub(super) fn of(pile: &Pile) -> Self {
        Self::new(pile.author, pile.is_archived)
    }

    /// The key by itself: the term that every note of the pile has.
    pub(super) fn whole(&self) -> &str {
        &self.0
    }

    /// The term of a word.
    pub(super) fn word(&self, word: &str) -> String {
        format!("{}{word}", self.0)
    }

    /// The term of a tag, letter by letter.
    pub(super) fn exact_tag(&self, tag: &str) -> String {
        format!("{}={tag}", self.0)
    }

    /// The term of a folded tag.
    pub(super) fn folded_tag(&self, tag: &str) -> String {
        format!("{}~{tag}", self.0)
    }
}

/// `text` after the key that it was led by.
pub(super) fn after_key(text: &str) -> &str {
    text.get(KEY_LEN..).unwrap_or_default()
}

/// The key that leads `text`, and the rest.
pub(super) fn split_key(text: &str) -> (&str, &str) {
    text.split_at_checked(KEY_LEN).unwrap_or((text, ""))
}

/// The fields.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    pub(super) schema: Schema,
    /// The note's number: by it a note is taken out again.
    pub(super) number: Field,
    pub(super) title: Field,
    pub(super) content: Field,
    /// The pile, the tags and the folded tags.
    pub(super) mark: Field,
    updated: Field,
    /// [`pack`]ed.
    size: Field,
    id_high: Field,
    id_low: Field,
    tags: Field,
}

impl Fields {
    pub(super) fn new() -> Self {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default().set_tokenizer(TOKENIZER).set_fieldnorms(false);
        let words = TextOptions::default()
            .set_indexing_options(indexing.set_index_option(IndexRecordOption::WithFreqsAndPositions));
        let fast = NumericOptions::default().set_fast();
        let number = schema.add_u64_field("number", INDEXED | FAST);
        let title = schema.add_text_field("title", words.clone());
        let content = schema.add_text_field("content", words);
        let mark = schema.add_text_field("mark", STRING);
        let updated = schema.add_i64_field("updated", fast.clone());
        let size = schema.add_u64_field("size", fast.clone());
        let id_high = schema.add_u64_field("id_high", fast.clone());
        let id_low = schema.add_u64_field("id_low", fast);
        let tags = schema.add_text_field("tags", TextOptions::default().set_fast(None));
        let schema = schema.build();
        Self { schema, number, title, content, mark, updated, size, id_high, id_low, tags }
    }

    /// How a new index is set up.
    pub(super) fn settings() -> IndexSettings {
        IndexSettings::default()
    }

    /// The document of a note.
    pub(super) fn document(&self, entry: &Entry) -> TantivyDocument {
        let key = Key::new(crate::store::author_of(entry.number), entry.is_archived);
        let mut document = TantivyDocument::new();
        document.add_u64(self.number, entry.number.unsigned_abs());
        document.add_text(self.title, key.word(&entry.title));
        document.add_text(self.content, key.word(&entry.content));
        document.add_i64(self.updated, entry.place.updated_at.0.as_millis());
        document.add_u64(self.size, pack(entry));
        let id = u128::from_be_bytes(*entry.place.id.as_bytes());
        let half = |half: u128| u64::try_from(half & u128::from(u64::MAX)).unwrap_or_default();
        document.add_u64(self.id_high, half(id >> 64));
        document.add_u64(self.id_low, half(id));
        self.add_marks(&mut document, &key, entry);
        document
    }

    fn add_marks(&self, document: &mut TantivyDocument, key: &Key, entry: &Entry) {
        document.add_text(self.mark, key.whole());
        let tags = distinct(entry.tags.iter().map(|tag| tag.as_str().to_owned()).collect());
        for tag in &tags {
            document.add_text(self.tags, key.word(tag));
        }
        for tag in tags.iter().filter(|tag| tag.len() <= TAG_BYTES_MAX) {
            document.add_text(self.mark, key.exact_tag(tag));
        }
        let folded = distinct(tags.iter().map(|tag| folded(tag)).collect());
        for tag in folded.iter().filter(|tag| tag.len() <= TAG_BYTES_MAX) {
            document.add_text(self.mark, key.folded_tag(tag));
        }
    }
}

fn distinct(mut tags: Vec<String>) -> Vec<String> {
    tags.sort_unstable();
    tags.dedup();
    tags
}

/// Bits of a title's length; no title has more words than 100 letters.
const TITLE_BITS: u32 = 10;
/// Bits of a content's length: no body that we take has more words.
const CONTENT_BITS: u32 = 24;

/// A note's lengths and whether it is pinned, in one column: ranking reads them together.
fn pack(entry: &Entry) -> u64 {
    let lengths = lengths(&Text::of(&entry.title), &Text::of(&entry.content));
    u64::from(entry.place.is_pinned.0)
        | u64::from(lengths.title) << 1
        | u64::from(lengths.content) << (1 + TITLE_BITS)
}

/// What [`pack`] packed.
pub(super) fn unpack(size: u64) -> (bool, Lengths) {
    let part = |at: u32, bits: u32| u32::try_from(size >> at & ((1 << bits) - 1)).unwrap_or(0);
    (size & 1 == 1, Lengths { title: part(1, TITLE_BITS), content: part(1 + TITLE_BITS, CONTENT_BITS) })
}

/// How long the texts are, as [`pack`] can hold it.
pub(super) fn lengths(title: &Text, content: &Text) -> Lengths {
    let clip =
        |text: &Text, bits: u32| u32::try_from(text.words().len()).unwrap_or(u32::MAX).min((1 << bits) - 1);
    Lengths { title: clip(title, TITLE_BITS), content: clip(content, CONTENT_BITS) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_the_order_of_authors_and_lead_nothing_of_another() {
        let keys: Vec<_> = [0, 1, 63, 64, 8191, 1 << 30].map(|author| Key::new(author, true).0).into();
        assert!(keys.is_sorted() && keys.iter().all(|key| key.len() == KEY_LEN));
        assert!(Key::new(7, false).0 < Key::new(7, true).0 && Key::new(7, true).0 < Key::new(8, false).0);
    }
}
