//! Notes on the wire: what bodies and queries may say, and what answers look like.
//!
//! The one place with field names and messages (CONTRACT.md, *Fields and their messages*, *Objects*).

pub(super) mod bundle;
pub(super) mod search;

use std::fmt::Display;

use chassis::body::FromFields;
use chassis::clock::Timestamp;
use chassis::failure::{Failure, FieldError};
use chassis::field::Fields;
use chassis::id::AccountId;
use chassis::page::Page;
use chassis::query::Query;
use chassis::reply::{self, Data, List, Pagination, Reply};
use http::StatusCode;
use serde::{Serialize, Serializer};

use crate::error::Error;
use crate::listing::{Listed, Listing, Search};
use crate::note::{Draft, Edit, Note, NoteId, Text, Title};

/// The answer with one note.
pub(super) type NoteReply = Reply<Data<NoteBody>>;
/// The answer with a page of notes.
pub(super) type NotesReply = Reply<List<NotesBody>>;

#[derive(Serialize)]
pub(super) struct Health {
    pub(super) status: &'static str,
    pub(super) service: &'static str,
}

#[derive(Serialize)]
pub(super) struct NoteBody {
    note: NoteResponse,
}

#[derive(Serialize)]
pub(super) struct NotesBody {
    notes: Vec<NoteResponse>,
    pagination: Pagination,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NoteResponse {
    #[serde(serialize_with = "as_text")]
    id: NoteId,
    title: String,
    content: String,
    author: AccountId,
    tags: Vec<String>,
    is_pinned: bool,
    is_archived: bool,
    background_color: String,
    #[serde(serialize_with = "as_text")]
    created_at: Timestamp,
    #[serde(serialize_with = "as_text")]
    updated_at: Timestamp,
}

fn as_text<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

impl From<Note> for NoteResponse {
    fn from(note: Note) -> Self {
        let Note { id, author, draft, created_at, updated_at } = note;
        Self {
            id,
            title: draft.title.into_string(),
            content: draft.content.into_string(),
            author,
            tags: draft.tags.into_iter().map(Text::into_string).collect(),
            is_pinned: draft.is_pinned,
            is_archived: draft.is_archived,
            background_color: draft.background_color.into_string(),
            created_at,
            updated_at,
        }
    }
}

/// One note.
pub(super) fn note(status: StatusCode, note: Note) -> NoteReply {
    reply::data(status, NoteBody { note: note.into() })
}

/// A page of notes.
pub(super) fn notes(listed: Listed, page: Page) -> NotesReply {
    let notes: Vec<_> = listed.notes.into_iter().map(NoteResponse::from).collect();
    reply::list(notes.len(), NotesBody { notes, pagination: page.of(listed.total) })
}

/// The id in a path; a text that is no id is an absent note.
pub(super) fn note_id(text: &str) -> Result<NoteId, Error> {
    NoteId::parse(text).ok_or(Error::NoteNotFound)
}

/// The account in a path.
pub(super) fn account(text: &str) -> Result<AccountId, Failure> {
    AccountId::parse(text).ok_or_else(|| Failure::bad_request(format!("Invalid _id: {text}")).quoting())
}

/// What a query asks for.
pub(super) fn listing(query: &Query) -> Result<Listing, Failure> {
    let page = Page::from_query(query)?;
    let search = parameter(query, "search")?.map(|text| {
        Search::new(text).ok_or_else(|| invalid("search", "search cannot exceed 1000 characters".to_owned()))
    });
    Ok(Listing {
        is_archived: search::is_archived(query),
        tag: parameter(query, "tag")?,
        search: search.transpose()?,
        page,
    })
}

fn parameter(query: &Query, name: &'static str) -> Result<Option<Text>, Failure> {
    let text =
        query.get(name).map(|text| Text::new(text.to_owned()).ok_or_else(|| invalid(name, no_nul(name))));
    text.transpose()
}

fn invalid(name: &'static str, message: String) -> Failure {
    Failure::invalid(vec![FieldError { field: name.into(), message: message.into() }])
}

fn no_nul(name: impl Display) -> String {
    format!("{name} cannot contain a NUL character")
}

impl FromFields for Draft {
    fn from_fields(mut fields: Fields) -> Result<Self, Failure> {
        let draft = draft_of(&mut fields);
        fields.finish()?;
        draft.ok_or_else(|| Failure::invalid(Vec::new()))
    }
}

/// The fields of a new note. What is missing here for want of a valid value is an error there.
pub(crate) fn draft_of(fields: &mut Fields) -> Option<Draft> {
    let title = title(fields);
    let content = fields.required_string("content", "Content is required");
    let content = content.and_then(|content| text(fields, "content", content));
    Some(Draft {
        title: title.unwrap_or_default(),
        tags: tags(fields).unwrap_or_default(),
        is_pinned: fields.optional_boolean("isPinned").unwrap_or(false),
        is_archived: fields.optional_boolean("isArchived").unwrap_or(false),
        background_color: optional_text(fields, "backgroundColor").unwrap_or_else(Draft::default_background),
        content: content?,
    })
}

impl FromFields for Edit {
    fn from_fields(mut fields: Fields) -> Result<Self, Failure> {
        let edit = Self {
            title: title_of_edit(&mut fields),
            content: optional_text(&mut fields, "content"),
            tags: tags(&mut fields),
            is_pinned: fields.optional_boolean("isPinned"),
            is_archived: fields.optional_boolean("isArchived"),
            background_color: optional_text(&mut fields, "backgroundColor"),
        };
        fields.finish()?;
        Ok(edit)
    }
}

fn title(fields: &mut Fields) -> Option<Title> {
    let title = optional_text(fields, "title")?;
    Title::new(title).or_else(|| fields.fail("title", "Title too long"))
}

fn title_of_edit(fields: &mut Fields) -> Option<Title> {
    let title = title(fields);
    fields.check("title", title, |title| match title.as_str() {
        "" => Err("Too small: expected string to have >=1 characters"),
        _ => Ok(title),
    })
}

fn tags(fields: &mut Fields) -> Option<Vec<Text>> {
    let tags = fields.optional_strings("tags")?;
    let tag = |(place, tag)| text(fields, format_args!("tags[{place}]"), tag);
    tags.into_iter().enumerate().map(tag).collect()
}

fn optional_text(fields: &mut Fields, name: &'static str) -> Option<Text> {
    let value = fields.optional_string(name)?;
    text(fields, name, value)
}

/// A text that can be kept.
fn text(fields: &mut Fields, name: impl Display, value: String) -> Option<Text> {
    Text::new(value).or_else(|| fields.fail(name.to_string(), no_nul(name)))
}
