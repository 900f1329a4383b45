//! Handlers for looking for notes: by relevance, by tags, while typing.
//!
//! Valid arguments in, one verb, an answer out.

use std::sync::Arc;

use axum::extract::State;
use chassis::failure::Failure;
use chassis::query::Query;

use super::Admitted;
use super::wire::search::{self, SearchReply, SuggestReply, TagsReply};
use crate::service::Service;

pub(super) async fn search(
    State(notes): State<Arc<Service>>,
    query: Query,
    Admitted(caller): Admitted,
) -> Result<SearchReply, Failure> {
    let wanted = search::wanted(&query)?;
    let page = wanted.page;
    let (found, marks) = notes.search(caller, wanted).await?;
    Ok(search::found(found, marks, page))
}

pub(super) async fn tags(
    State(notes): State<Arc<Service>>,
    query: Query,
    Admitted(caller): Admitted,
) -> Result<TagsReply, Failure> {
    let tags = notes.tags(caller, search::is_archived(&query)).await?;
    Ok(search::tags(tags))
}

pub(super) async fn suggest(
    State(notes): State<Arc<Service>>,
    query: Query,
    Admitted(caller): Admitted,
) -> Result<SuggestReply, Failure> {
    let (prompt, limit) = search::prompt(&query)?;
    let completions = notes.suggest(caller, prompt, search::is_archived(&query), limit).await?;
    Ok(search::suggestions(completions))
}
