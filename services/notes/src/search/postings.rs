//! Reads what a field of a segment says of a term: in which documents it is and how often.
//!
//! Documents that were deleted since are among them: the caller knows which live.

use tantivy::postings::{Postings, SegmentPostings, TermInfo};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, InvertedIndexReader, TERMINATED};

use super::schema::Key;

/// Greater than every continuation of a text.
const AFTER_ALL: u8 = 0xFF;

/// Documents that an entry may stand for in a table of counts; where it would be more, sorting is cheaper.
const SPARSE: usize = 8;

/// The documents that have `term`.
pub(super) fn docs(field: &InvertedIndexReader, term: &[u8]) -> tantivy::Result<Vec<DocId>> {
    let Some(info) = field.terms().get(term)? else { return Ok(Vec::new()) };
    let mut postings = field.read_postings_from_terminfo(&info, IndexRecordOption::Basic)?;
    let mut docs = Vec::with_capacity(info.doc_freq as usize);
    let mut doc = postings.doc();
    while doc != TERMINATED {
        docs.push(doc);
        doc = postings.advance();
    }
    Ok(docs)
}

/// The documents of a pile in which `words` follow each other, and how often; the last may be only a beginning.
pub(super) fn occurrences(
    field: &InvertedIndexReader,
    key: &Key,
    words: &[String],
    is_prefix: bool,
) -> tantivy::Result<Vec<(DocId, u32)>> {
    let Some((last, before)) = words.split_last() else { return Ok(Vec::new()) };
    let lasts =
        if is_prefix { continuations(field, &key.word(last))? } else { exactly(field, &key.word(last))? };
    let mut leads = Vec::with_capacity(before.len());
    for word in before {
        let Some(info) = exactly(field, &key.word(word))?.pop() else { return Ok(Vec::new()) };
        leads.push(info);
    }
    let mut found = Vec::new();
    for last in &lasts {
        match leads.as_slice() {
            [] => single(field, last, &mut found)?,
            leads => phrase(field, leads, last, &mut found)?,
        }
    }
    if lasts.len() > 1 {
        sum(&mut found);
    }
    Ok(found)
}

fn exactly(field: &InvertedIndexReader, term: &str) -> tantivy::Result<Vec<TermInfo>> {
    Ok(field.terms().get(term)?.into_iter().collect())
}

/// The terms that begin with `term`.
fn continuations(field: &InvertedIndexReader, term: &str) -> tantivy::Result<Vec<TermInfo>> {
    let mut infos = Vec::new();
    each_term(field, term, |_, info| infos.push(info.clone()))?;
    Ok(infos)
}

/// Calls `each` with the terms of `field` that begin with `beginning`, in order.
pub(super) fn each_term(
    field: &InvertedIndexReader,
    beginning: &str,
    mut each: impl FnMut(&[u8], &TermInfo),
) -> tantivy::Result<()> {
    let end = [beginning.as_bytes(), &[AFTER_ALL]].concat();
    let mut terms = field.terms().range().ge(beginning).lt(end).into_stream()?;
    while terms.advance() {
        each(terms.key(), terms.value());
    }
    Ok(())
}

fn single(
    field: &InvertedIndexReader,
    info: &TermInfo,
    found: &mut Vec<(DocId, u32)>,
) -> tantivy::Result<()> {
    let mut postings = field.read_postings_from_terminfo(info, IndexRecordOption::WithFreqs)?;
    found.reserve(info.doc_freq as usize);
    let mut doc = postings.doc();
    while doc != TERMINATED {
        found.push((doc, postings.term_freq()));
        doc = postings.advance();
    }
    Ok(())
}

/// The postings of a word and its place in the phrase.
struct Member {
    place: u32,
    postings: SegmentPostings,
}

fn phrase(
    field: &InvertedIndexReader,
    leads: &[TermInfo],
    last: &TermInfo,
    found: &mut Vec<(DocId, u32)>,
) -> tantivy::Result<()> {
    let mut infos: Vec<_> = leads.iter().chain([last]).zip(0..).collect();
    // The rarest word leads: the others are only asked for its documents.
    infos.sort_by_key(|(info, _)| info.doc_freq);
    let mut members = Vec::with_capacity(infos.len());
    for (info, place) in infos {
        let postings = field.read_postings_from_terminfo(info, IndexRecordOption::WithFreqsAndPositions)?;
        members.push(Member { place, postings });
    }
    let Some((rarest, others)) = members.split_first_mut() else { return Ok(()) };
    let mut places = [Vec::new(), Vec::new()];
    let mut doc = rarest.postings.doc();
    while doc != TERMINATED {
        let next = others.iter_mut().map(|other| reach(&mut other.postings, doc)).max().unwrap_or(doc);
        if next == doc {
            let count = together(rarest, others, &mut places);
            if count > 0 {
                found.push((doc, count));
            }
            doc = rarest.postings.advance();
        } else {
            doc = rarest.postings.seek(next);
        }
    }
    Ok(())
}

/// The first document of `postings` that is not before `doc`.
fn reach(postings: &mut SegmentPostings, doc: DocId) -> DocId {
    if postings.doc() < doc { postings.seek(doc) } else { postings.doc() }
}

/// How often the words stand one after the other in the document that all have reached.
fn together(rarest: &mut Member, others: &mut [Member], [starts, places]: &mut [Vec<u32>; 2]) -> u32 {
    // Counted from the phrase's end, so that no number is negative.
    let shift = |member: &Member| u32::MAX / 2 - member.place;
    let by = shift(rarest);
    rarest.postings.positions_with_offset(by, starts);
    for other in others {
        let by = shift(other);
        other.postings.positions_with_offset(by, places);
        let mut places = places.iter().peekable();
        starts.retain(|start| {
            while places.next_if(|place| *place < start).is_some() {}
            places.peek() == Some(&start)
        });
        if starts.is_empty() {
            return 0;
        }
    }
    u32::try_from(starts.len()).unwrap_or(u32::MAX)
}

/// Puts the counts of several terms together, document by document.
fn sum(found: &mut Vec<(DocId, u32)>) {
    let docs = || found.iter().map(|(doc, _)| *doc);
    let (Some(first), Some(last)) = (docs().min(), docs().max()) else { return };
    let width = (last - first) as usize + 1;
    if width > SPARSE * found.len() {
        return sum_sorted(found);
    }
    let mut counts = vec![0_u32; width];
    for (doc, count) in found.iter() {
        if let Some(sum) = counts.get_mut((doc - first) as usize) {
            *sum = sum.saturating_add(*count);
        }
    }
    found.clear();
    found.extend((first..).zip(counts).filter(|(_, count)| *count > 0));
}

fn sum_sorted(found: &mut Vec<(DocId, u32)>) {
    found.sort_unstable_by_key(|(doc, _)| *doc);
    found.dedup_by(|next, kept| {
        let is_same = next.0 == kept.0;
        if is_same {
            kept.1 = kept.1.saturating_add(next.1);
        }
        is_same
    });
}
