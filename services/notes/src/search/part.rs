//! One segment of the index, open: which of its notes hold a term, how often, and what ranks them.
//!
//! It knows neither queries nor what changed since the segment was written.

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use chassis::clock::Timestamp;
use tantivy::columnar::{ColumnValues, StrColumn};
use tantivy::index::{Segment, SegmentId, SegmentMeta};
use tantivy::{DocId, InvertedIndexReader, SegmentReader};

use super::postings::{docs, occurrences};
use super::schema::{Fields, Key, TAG_BYTES_MAX, after_key, unpack};
use crate::note::{NoteId, Place};
use crate::ranked::{Counts, Lengths, Scope, Term, boost};

/// A note of a part, and how often it holds a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) doc: DocId,
    pub(super) counts: Counts,
}

/// A segment.
pub(super) struct Part {
    pub(super) meta: SegmentMeta,
    pub(super) reader: SegmentReader,
    number: Arc<InvertedIndexReader>,
    title: Arc<InvertedIndexReader>,
    content: Arc<InvertedIndexReader>,
    mark: Arc<InvertedIndexReader>,
    numbers: Arc<dyn ColumnValues<u64>>,
    updated: Arc<dyn ColumnValues<i64>>,
    ids: [Arc<dyn ColumnValues<u64>>; 2],
    names: Option<StrColumn>,
    /// What ranking and counting read of every answer: twice as fast as from the columns, for 24 bytes a note.
    sizes: Vec<(f64, u64)>,
    tags: Tags,
}

/// The tags of all notes by their ordinals, note after note, and where those of each end.
#[derive(Default)]
struct Tags {
    ordinals: Vec<u32>,
    ends: Vec<u32>,
}

impl Tags {
    fn of(names: Option<&StrColumn>, docs: DocId) -> Self {
        let Some(names) = names else { return Self::default() };
        let mut tags = Self::default();
        for doc in 0..docs {
            tags.ordinals.extend(names.ords().values_for_doc(doc).map(clipped));
            tags.ends.push(clipped(tags.ordinals.len() as u64));
        }
        tags
    }

    fn get(&self, doc: DocId) -> &[u32] {
        let end_of = |doc: DocId| self.ends.get(doc as usize).map_or(0, |end| *end as usize);
        let start = doc.checked_sub(1).map_or(0, end_of);
        self.ordinals.get(start..end_of(doc)).unwrap_or_default()
    }
}

/// A segment has fewer notes than 2³¹, and their tags are counted by 32 bits too.
fn clipped(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl Part {
    pub(super) fn open(segment: &Segment, fields: &Fields) -> tantivy::Result<Self> {
        let reader = SegmentReader::open(segment)?;
        let columns = reader.fast_fields();
        let column = |name| columns.column_first_or_default::<u64>(name);
        let (updated, sizes) = (columns.column_first_or_default::<i64>("updated")?, column("size")?);
        let size = |doc| (boost(Timestamp::from_millis(updated.get_val(doc))), sizes.get_val(doc));
        let names = columns.str("tags")?;
        Ok(Self {
            meta: segment.meta().clone(),
            number: reader.inverted_index(fields.number)?,
            title: reader.inverted_index(fields.title)?,
            content: reader.inverted_index(fields.content)?,
            mark: reader.inverted_index(fields.mark)?,
            numbers: column("number")?,
            ids: [column("id_high")?, column("id_low")?],
            sizes: (0..reader.max_doc()).map(size).collect(),
            tags: Tags::of(names.as_ref(), reader.max_doc()),
            updated,
            names,
            reader,
        })
    }

    /// What tells it from every other state of every other segment.
    pub(super) fn id(&self) -> (SegmentId, Option<u64>) {
        (self.meta.id(), self.meta.delete_opstamp())
    }

    /// The fields of `scope`.
    pub(super) fn fields(&self, scope: Scope) -> impl Iterator<Item = &InvertedIndexReader> {
        let content = match scope {
            Scope::Anywhere => Some(&*self.content),
            Scope::Title => None,
        };
        [&*self.title].into_iter().chain(content)
    }

    /// The documents of the note `number`: the one that lives and those that were replaced.
    pub(super) fn documents_of(&self, number: i64) -> tantivy::Result<Vec<DocId>> {
        docs(&self.number, &number.unsigned_abs().to_be_bytes())
    }

    /// All notes of a pile, whether they live or not.
    pub(super) fn pile(&self, key: &Key) -> tantivy::Result<Vec<DocId>> {
        docs(&self.mark, key.whole().as_bytes())
    }

    /// The notes with exactly this tag, likewise; the tag is at most [`TAG_BYTES_MAX`] long.
    pub(super) fn tagged(&self, key: &Key, tag: &str) -> tantivy::Result<Vec<DocId>> {
        debug_assert!(tag.len() <= TAG_BYTES_MAX, "longer tags are not in the index");
        docs(&self.mark, key.exact_tag(tag).as_bytes())
    }

    /// The notes of a pile that hold `term`, likewise, in the order of their documents.
    pub(super) fn hits(&self, key: &Key, term: &Term) -> tantivy::Result<Vec<Hit>> {
        match term {
            Term::Tag(tag) => {
                let docs = docs(&self.mark, key.folded_tag(tag).as_bytes())?;
                Ok(docs.into_iter().map(|doc| Hit { doc, counts: Counts::default() }).collect())
            }
            Term::Words { scope, words, is_prefix } => {
                let title = occurrences(&self.title, key, words, *is_prefix)?;
                let content = match scope {
                    Scope::Anywhere => occurrences(&self.content, key, words, *is_prefix)?,
                    Scope::Title => Vec::new(),
                };
                Ok(merged(&title, &content))
            }
        }
    }

    pub(super) fn number_of(&self, doc: DocId) -> i64 {
        i64::try_from(self.numbers.get_val(doc)).unwrap_or(-1)
    }

    pub(super) fn updated_at(&self, doc: DocId) -> Timestamp {
        Timestamp::from_millis(self.updated.get_val(doc))
    }

    pub(super) fn boost(&self, doc: DocId) -> f64 {
        self.sizes.get(doc as usize).map_or(0.0, |(boost, _)| *boost)
    }

    pub(super) fn lengths(&self, doc: DocId) -> Lengths {
        self.size(doc).1
    }

    fn size(&self, doc: DocId) -> (bool, Lengths) {
        unpack(self.sizes.get(doc as usize).map_or(0, |(_, size)| *size))
    }

    pub(super) fn place(&self, doc: DocId) -> Place {
        let [high, low] = self.ids.each_ref().map(|half| u128::from(half.get_val(doc)));
        Place {
            is_pinned: Reverse(self.size(doc).0),
            updated_at: Reverse(self.updated_at(doc)),
            id: NoteId::from_bytes((high << 64 | low).to_be_bytes()),
        }
    }

    /// The ordinals of a note's tags.
    pub(super) fn tags(&self, doc: DocId) -> &[u32] {
        self.tags.get(doc)
    }

    /// Calls `each` with the names of the tags with these ordinals, which are sorted.
    pub(super) fn names(
        &self,
        ordinals: impl Iterator<Item = u32>,
        mut each: impl FnMut(&str),
    ) -> tantivy::Result<()> {
        let Some(names) = &self.names else { return Ok(()) };
        names.dictionary().sorted_ords_to_term_cb(ordinals.map(u64::from), |term| {
            each(after_key(&String::from_utf8_lossy(term)));
            Ok(())
        })?;
        Ok(())
    }
}

/// The hits in two fields as hits of the note.
fn merged(mut title: &[(DocId, u32)], mut content: &[(DocId, u32)]) -> Vec<Hit> {
    let mut hits = Vec::with_capacity(title.len().max(content.len()));
    let hit = |doc, title, content| Hit { doc, counts: Counts { title, content } };
    loop {
        match (title, content) {
            ([(first, in_title), after_title @ ..], [(second, in_content), after_content @ ..]) => {
                match first.cmp(second) {
                    Ordering::Less => hits.push(hit(*first, *in_title, 0)),
                    Ordering::Equal => hits.push(hit(*first, *in_title, *in_content)),
                    Ordering::Greater => hits.push(hit(*second, 0, *in_content)),
                }
                if first <= second {
                    title = after_title;
                }
                if second <= first {
                    content = after_content;
                }
            }
            (title, content) => {
                hits.extend(title.iter().map(|(doc, count)| hit(*doc, *count, 0)));
                hits.extend(content.iter().map(|(doc, count)| hit(*doc, 0, *count)));
                return hits;
            }
        }
    }
}
