//! Ranked search, tags and completions on the wire.
//!
//! Places in texts are pairs of offsets in UTF-16 units, the second behind the last unit: what `slice` takes in
//! JavaScript.

use std::ops::Range;

use chassis::failure::Failure;
use chassis::page::{Page, limit};
use chassis::query::Query;
use chassis::reply::{self, List, Pagination, Reply};
use serde::Serialize;

use super::{NoteResponse, invalid, parameter};
use crate::completion::{self, Completion, Prompt, Source};
use crate::ranked::{self, Found, Marks, Wanted};

/// The answer of a ranked search.
pub(in crate::api) type SearchReply = Reply<List<SearchBody>>;
/// The answer with the caller's tags.
pub(in crate::api) type TagsReply = Reply<List<TagsBody>>;
/// The answer with completions.
pub(in crate::api) type SuggestReply = Reply<List<SuggestBody>>;

#[derive(Serialize)]
pub(in crate::api) struct SearchBody {
    notes: Vec<FoundResponse>,
    tags: Vec<TagResponse>,
    pagination: Pagination,
}

#[derive(Serialize)]
struct FoundResponse {
    #[serde(flatten)]
    note: NoteResponse,
    highlights: HighlightsResponse,
    snippet: String,
}

#[derive(Serialize)]
struct HighlightsResponse {
    title: Vec<[usize; 2]>,
    content: Vec<[usize; 2]>,
}

#[derive(Serialize)]
pub(in crate::api) struct TagsBody {
    tags: Vec<TagResponse>,
}

#[derive(Serialize)]
struct TagResponse {
    tag: String,
    count: u64,
}

#[derive(Serialize)]
pub(in crate::api) struct SuggestBody {
    suggestions: Vec<SuggestionResponse>,
}

#[derive(Serialize)]
struct SuggestionResponse {
    text: String,
    source: &'static str,
    count: u64,
}

/// The notes that a search found, with its marks on each.
pub(in crate::api) fn found(found: Found, marks: Vec<Marks>, page: Page) -> SearchReply {
    let notes: Vec<_> = found.notes.into_iter().map(NoteResponse::from).zip(marks).map(found_note).collect();
    let body = SearchBody { tags: counted(found.tags), pagination: page.of(found.total), notes };
    reply::list(body.notes.len(), body)
}

fn found_note((note, marks): (NoteResponse, Marks)) -> FoundResponse {
    let offsets =
        |places: Vec<Range<usize>>| places.into_iter().map(|place| [place.start, place.end]).collect();
    let highlights = HighlightsResponse { title: offsets(marks.title), content: offsets(marks.content) };
    FoundResponse { note, highlights, snippet: marks.snippet }
}

/// The caller's tags.
pub(in crate::api) fn tags(tags: Vec<(String, u64)>) -> TagsReply {
    reply::list(tags.len(), TagsBody { tags: counted(tags) })
}

fn counted(tags: Vec<(String, u64)>) -> Vec<TagResponse> {
    tags.into_iter().map(|(tag, count)| TagResponse { tag, count }).collect()
}

/// Completions of what is being typed.
pub(in crate::api) fn suggestions(completions: Vec<Completion>) -> SuggestReply {
    let suggestions: Vec<_> = completions.into_iter().map(suggestion).collect();
    reply::list(suggestions.len(), SuggestBody { suggestions })
}

fn suggestion(Completion { text, source, count }: Completion) -> SuggestionResponse {
    let source = match source {
        Source::Tag => "tag",
        Source::Title => "title",
    };
    SuggestionResponse { text, source, count }
}

/// What a ranked search is to find; without `q` that is every note.
pub(in crate::api) fn wanted(query: &Query) -> Result<Wanted, Failure> {
    let page = Page::from_query(query)?;
    let text = parameter(query, "q")?.unwrap_or_default();
    Ok(Wanted {
        query: ranked::Query::read(text.as_str()).ok_or_else(too_long)?,
        is_archived: is_archived(query),
        tag: parameter(query, "tag")?,
        page,
    })
}

/// What is to be completed, and how many completions are wanted at most.
pub(in crate::api) fn prompt(query: &Query) -> Result<(Prompt, usize), Failure> {
    let limit = limit(query, completion::LIMIT_DEFAULT, completion::LIMIT_MAX)?;
    let text = parameter(query, "q")?.unwrap_or_default();
    let prompt = Prompt::new(&text).ok_or_else(too_long)?;
    Ok((prompt, usize::try_from(limit).unwrap_or(usize::MAX)))
}

/// Whether archived notes are meant instead of the others.
pub(in crate::api) fn is_archived(query: &Query) -> bool {
    query.get("isArchived") == Some("true")
}

fn too_long() -> Failure {
    invalid("q", "q cannot exceed 1000 characters".to_owned())
}
