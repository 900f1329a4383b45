//! Handlers for authors.
//!
//! Valid arguments in, one verb, an answer out. An id that is none is told last, as an absent note.

use std::sync::Arc;

use axum::extract::{Path, State};
use chassis::body::Valid;
use chassis::failure::Failure;
use chassis::query::Query;
use http::StatusCode;

use super::Admitted;
use super::wire::{self, NoteReply, NotesReply};
use crate::note::{Draft, Edit};
use crate::service::Service;

pub(super) async fn create(
    State(notes): State<Arc<Service>>,
    Admitted(caller): Admitted,
    Valid(draft): Valid<Draft>,
) -> Result<NoteReply, Failure> {
    let note = notes.create(caller, draft).await?;
    Ok(wire::note(StatusCode::CREATED, note))
}

pub(super) async fn list(
    State(notes): State<Arc<Service>>,
    query: Query,
    Admitted(caller): Admitted,
) -> Result<NotesReply, Failure> {
    let listing = wire::listing(&query)?;
    let page = listing.page;
    let listed = notes.list(caller, listing).await?;
    Ok(wire::notes(listed, page))
}

pub(super) async fn read(
    State(notes): State<Arc<Service>>,
    Admitted(caller): Admitted,
    Path(id): Path<String>,
) -> Result<NoteReply, Failure> {
    let note = notes.read(caller, wire::note_id(&id)?)?;
    Ok(wire::note(StatusCode::OK, note))
}

pub(super) async fn edit(
    State(notes): State<Arc<Service>>,
    Admitted(caller): Admitted,
    Path(id): Path<String>,
    Valid(edit): Valid<Edit>,
) -> Result<NoteReply, Failure> {
    let note = notes.edit(caller, wire::note_id(&id)?, edit).await?;
    Ok(wire::note(StatusCode::OK, note))
}

pub(super) async fn delete(
    State(notes): State<Arc<Service>>,
    Admitted(caller): Admitted,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    notes.delete(caller, wire::note_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
